#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "trust/entry/entry.h"
#include "trust/note/tlog_proof.h"

namespace derwent::trust {

// Which fields of an entry somebody may open; bit n - 1 is field n.
using FieldSet = std::bitset<kFieldCount>;

// A partial opening: some fields in clear with their salts, of the others the hash only. It travels as the `extra` of a
// tlog-proof: "DRWO" ‖ 0x01 ‖ kind, then for a sealed entry 24 items, each 0x00 ‖ hash or 0x01 ‖ salt ‖ u32be length ‖
// value; for a public entry the body.
struct Opening {
  struct Item {
    Sha256Digest hash;
    std::optional<std::string> value;  // Absent: not opened.
    std::string salt;                  // With the value.
  };
  EntryKind kind = EntryKind::kSealed;
  std::array<Item, kFieldCount> items;
  std::string public_body;

  // Opens `which` fields; an erased field (empty salt) can never be opened.
  static Opening Of(const SealedFields& fields, const FieldHashes& hashes, const FieldSet& which);
  static Opening OfPublic(EntryKind kind, std::string body);

  // Strict. Error: kInvalidArgument. An opened value's hash is computed, never taken on trust.
  static absl::StatusOr<Opening> Parse(absl::string_view extra);
  std::string ToExtra() const;
  // The value of a field, or nullptr when it is not opened.
  const std::string* Value(Field field) const;
  // Hash of the leaf that this opening belongs to.
  Sha256Digest LeafHashOf() const;
};

// A receipt is a tlog-proof whose `extra` is an Opening. Verifies it offline, with the log's keys and name alone.
struct VerifiedReceipt {
  Opening opening;
  uint64_t index = 0;
  Checkpoint checkpoint;
};
// Errors: kInvalidArgument malformed; kUnauthenticated, kDataLoss when it does not verify.
absl::StatusOr<VerifiedReceipt> VerifyReceipt(absl::string_view tlog_proof, const LogKeys& log_keys,
                                              absl::string_view origin);

}  // namespace derwent::trust
