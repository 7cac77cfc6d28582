#pragma once

#include <string>
#include <vector>

#include "agents/cli/terminal/output.h"
#include "derwent/v1/ledger.pb.h"

namespace derwent::cli {

// The files of `derwent audit export` (audit_export.h).
inline constexpr char kExportCsv[] = "entries.csv";
inline constexpr char kExportJson[] = "entries.jsonl";
inline constexpr char kExportManifest[] = "manifest.json";
inline constexpr char kExportProofs[] = "proofs";
inline constexpr char kExportExtends[] = "extends";
inline constexpr size_t kMostExportOctets = size_t{2} << 30;

// The columns every list of entries has, and an entry's row. A table for people has fewer.
std::vector<std::string> EntryHeader(Format format);
std::vector<std::string> EntryCells(const v1::LedgerEntry& entry, Format format);

// One row an entry: what a search shows, then every field that its receipt opens. Of the entry alone, so that whoever
// has the receipt makes the same row.
Rows ExportRows(const std::vector<v1::LedgerEntry>& entries);

}  // namespace derwent::cli
