#pragma once

#include <string>

#include "absl/status/status.h"

#include "derwent/v1/ledger.pb.h"
#include "trust/note/log_keys.h"

namespace derwent::cli {

// An entry as the broker shows it is exactly what its receipt proves. Error: kDataLoss naming the link that broke.
absl::Status VerifyEntry(const v1::LedgerEntry& entry, const trust::LogKeys& log_keys, const std::string& origin);

// Likewise, and it is the entry that was asked for: another's decision is no answer. Error: kDataLoss.
absl::Status VerifyAsked(const v1::LedgerEntry& entry, uint64_t index, const trust::LogKeys& log_keys,
                         const std::string& origin);

}  // namespace derwent::cli
