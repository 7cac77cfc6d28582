#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/ledger.pb.h"
#include "trust/base/digest.h"
#include "trust/entry/opening.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_keys.h"

namespace derwent::agents {

// A checkpoint that verified, with the note in which the log signed it.
struct ShownCheckpoint {
  trust::Checkpoint checkpoint;
  std::string note;
};

// The note in a receipt that verified.
std::string NoteOf(const v1::Receipt& receipt);

// What an entry must say for an answer to be believed. Empty members are not compared.
struct ExpectedEntry {
  std::string releasing_agency;
  std::string receiving_agency;
  std::string share_id;
  std::string profile;
  std::string purpose;
  uint32_t subject = 0;
  std::optional<Sha256Digest> manifest_digest;
};

// Verifies a receipt offline: the log's signature by a key that counts, inclusion, the opened fields' hashes, and that
// they say what is expected. An expected field that is not opened fails. Errors: kUnauthenticated, kDataLoss,
// kInvalidArgument, all `RECEIPT_INVALID`.
absl::StatusOr<trust::VerifiedReceipt> CheckReceipt(const v1::Receipt& receipt, const trust::LogKeys& log_keys,
                                                    const ExpectedEntry& expected);

// What a receipt opens that was verified before, serialised as it was kept. Error: kDataLoss it does not parse.
absl::StatusOr<trust::Opening> OpeningOfKept(const std::string& receipt);

// The value of `key` in a field of `key=value` pairs (trust/entry/FORMAT.md); empty when it is not there.
absl::string_view FieldAttribute(absl::string_view text, absl::string_view key);

}  // namespace derwent::agents
