#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/package_check.h"
#include "policy/engine/decision.h"

// What storing a share has in common, whatever its kind.

namespace derwent::exchange {

// The index tags of each subject.
using Tags = std::map<uint32_t, std::vector<std::string>>;
absl::StatusOr<Tags> TagsOf(const CheckedShare& share, const ledger::Tagger& tagger);
// Whether the agency restricted one of the share's subjects, under whichever index key that was.
absl::StatusOr<bool> RestrictsSubject(const std::string& agency, const CheckedShare& share, Batch& batch);
std::vector<std::string> TagsOfSubject(const Tags& tags, uint32_t subject);

// The profile a share is under, or nullptr: that is the decision's business.
const policy::Profile* ProfileOf(const v1::Manifest& manifest, const World& world);
// Whether existence is secret is the profile's to say, not the sender's.
void RequireProfilesSilence(const v1::Manifest& manifest, const World& world, Violations& violations);

// The sender's signing key and the recipient's sealing key still count.
// Error: kFailedPrecondition `KEY_NOT_CERTIFIED`.
absl::Status CheckKeys(const CheckedPackage& package, const World& world, absl::Time now);
// Whether the agency itself restricted a subject with any of the tags, which were made when the share was stored.
absl::StatusOr<bool> Restricted(const std::string& agency, const Tags& tags, Batch& batch);

// Inserts the share's row. Error: kAborted `REQUEST_ID_REUSED`.
absl::Status StoreShare(const CheckedShare& share, Batch& batch);

// A submission of `package` by its sender, as its entries show it. Borrows.
PackageStep StepOf(const CheckedPackage& package, absl::string_view name, const Objections& refused);

// What the broker keeps of a package to decide it again: the signed manifest and the statement, without ring and units,
// and the approvals that it rests on.
v1::SubmitReferralRequest ContextOf(const CheckedPackage& package, const std::vector<CheckedApproval>& approvals);

struct PartTerms {
  std::string context;  // Bytes: what LoadPart reads.
  store::Due collection, acceptance, outcome;
  absl::Time not_before = absl::UnixEpoch();
};
// The collection deadline: the profile's, at the latest when the package expires.
store::Due CollectionDue(const policy::Decision& decision, const v1::Manifest& manifest, absl::Time now);
// Inserts a recipient's part with its tags. The part waits; nothing is delivered yet.
absl::StatusOr<store::PartRow> StorePart(const CheckedPackage& package, const PartTerms& terms, const Tags& tags,
                                         Batch& batch);
absl::Status DeliverPackage(const CheckedPackage& package, absl::Time not_before, std::vector<uint64_t> entries,
                            Batch& batch);

}  // namespace derwent::exchange
