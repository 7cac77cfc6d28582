#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "derwent/v1/record_person.pb.h"

namespace derwent::matching {

// An identifier in its canonical form when its form and check character are right (formats of the agencies, section 2),
// else nullopt: a wrong one counts as missing, never as a disagreement. A PNC's two-digit year is read against
// `this_year`. Types local to one agency are not compared: nullopt.
std::optional<std::string> CanonicalIdentifier(v1::IdentifierType type, absl::string_view text, int this_year);

// UPRN without leading zeros; postcode in capitals with one space. Nullopt when malformed, or a placeholder for "no
// fixed abode" or "not known" (`NF1 1NF`, `NF1 1FA`, `ZZ99 …`).
std::optional<std::string> CanonicalUprn(absl::string_view text);
std::optional<std::string> CanonicalPostcode(absl::string_view text);

// A whole date of birth, `YYYY-MM-DD`; nullopt when cut short or a placeholder (1900-01-01, 1970-01-01).
std::optional<std::string> CanonicalBirthDate(absl::string_view text);

// Digits of a British phone number with its leading 0, or an e-mail address in small letters; nullopt when it is
// neither.
std::optional<std::string> CanonicalContact(absl::string_view text);

}  // namespace derwent::matching
