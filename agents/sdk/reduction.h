#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

#include "trust/secret/secret_bytes.h"

namespace derwent::agents {

// The rules of options.proto on single values. Pure and idempotent: a rule applied to its own result changes nothing.
// A value that does not have the shape a rule expects is dropped (empty), never passed on.

// ISO date cut to `YYYY-MM`, or to `YYYY` when that is all it has.
std::string CutToMonth(absl::string_view date);
// ISO date cut to `YYYY`.
std::string CutToYear(absl::string_view date);
// `DE56 1XX` and `DE56` give `DE56`.
std::string OutwardPostcode(absl::string_view postcode);
// Each word's first letter and a full stop, one space between.
std::string Initials(absl::string_view words);
// All but the last three characters as `*`; a value of three or fewer wholly.
std::string MaskValue(absl::string_view value);
// The lower bound of the band of ten.
int64_t BandOfTen(int64_t number);

// Pseudonyms of one share: 16 lowercase hex characters, of which the last six prove that this key made them, so that a
// pseudonym stays itself and no original passes for one (chance 2^-24).
class Pseudonymiser {
 public:
  // Without a key (the recipient): knows a pseudonym by its shape only and drops everything else.
  Pseudonymiser() = default;
  // `key`: 32 random octets, used for one share.
  explicit Pseudonymiser(trust::SecretBytes key) : key_(std::move(key)) {}

  std::string Apply(absl::string_view value) const;

 private:
  std::string Proof(absl::string_view head) const;
  trust::SecretBytes key_;
};

}  // namespace derwent::agents
