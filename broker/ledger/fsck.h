#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/identity/authority.h"
#include "trust/note/log_keys.h"
#include "trust/note/note.h"
#include "trust/note/quorum.h"

namespace derwent::ledger {

// What a check of a database found.
struct FsckReport {
  uint64_t entries = 0;
  uint64_t tiles = 0;
  uint64_t checkpoints = 0;
  uint64_t cosignatures = 0;
  uint64_t parts = 0;
  // The first broken link in words, without personal data; empty when everything verifies.
  std::string broken;
  bool ok() const { return broken.empty(); }
};

// Re-derives the whole ledger from a SQLite database file and compares: every leaf from its fields, search columns from
// the fields, subject index, tiles, head, every checkpoint's signature by `vkey` and its consistency with the one
// before, every cosignature by the key it is kept under, stored parts with their entries. Opens the file itself,
// read-only, and shares only the hash functions with the writer. Errors: kNotFound no such file; kInvalidArgument not a
// database of ours at all (a broken one is a report).
//
// A key that follows the log's by an entry it signed is believed from that entry on.
absl::StatusOr<FsckReport> Fsck(absl::string_view path, const trust::VerifierKey& vkey);
// Whom a check believes.
struct FsckTrust {
  std::vector<trust::VerifierKey> vkeys;  // Each up to a size: beyond it another must have signed too.
  std::vector<trust::LogKey> retired;     // Lost or stolen: each counts up to its last size, however it is believed.
  const trust::Authority* authority = nullptr;  // Who issued the certificates of those who signed; null: not checked.
  std::vector<trust::QuorumPolicy> policies;    // Of the witnesses: that in force, and any before; none: not checked.
};
absl::StatusOr<FsckReport> Fsck(absl::string_view path, FsckTrust trust);

}  // namespace derwent::ledger
