#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/record.pb.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::agents {

// References of one person, at most (referral.proto).
inline constexpr size_t kMaxReferences = 8;

// A verified identifier in canonical form; `type` as in `nhs`, `pnc`, `cro`, `crn`, `noms`, `upn`, `nino`.
struct CanonicalIdentifier {
  std::string type;
  std::string value;
};

// Reads `<type>:<value>`, checks form and check digit (formats of the agencies, section 2) and brings it to canonical
// form. Error: kInvalidArgument naming the rule, never the value.
absl::StatusOr<CanonicalIdentifier> ParseIdentifier(absl::string_view text);

// HMAC-SHA-256(enclave key, "derwent/ref/v1" ‖ 0 ‖ type ‖ 0 ‖ canonical identifier): 32 octets.
std::string SubjectReference(const trust::SecretBytes& enclave_key, const CanonicalIdentifier& identifier);

// References of a record's identifiers that passed their check; local ones and failed ones never count. Sorted, 8 at
// most.
std::vector<std::string> ReferencesOf(const v1::CaseRecord& record, const trust::SecretBytes& enclave_key);

}  // namespace derwent::agents
