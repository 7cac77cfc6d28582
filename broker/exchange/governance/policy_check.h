#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "broker/store/rows.h"
#include "derwent/v1/policy_change.pb.h"
#include "policy/loader/bundle.h"

// What a change of the policy is checked for, before the writer and again at its activation. Slow (it compares two
// policies on each day on which something of either switches; some seconds a day where what all profiles share
// differs): for workers.

namespace derwent::exchange {

// A bundle, and everything that stands against its following the one in force.
struct CheckedPolicy {
  std::shared_ptr<const policy::Bundle> bundle;  // Null: it is not good, and `objections` says why.
  Sha256Digest content_digest;
  Sha256Digest base_content;                            // Of the bundle it was compared with.
  int64_t base_revision = 0;                            // Likewise.
  std::shared_ptr<const trust::RevocationSet> revoked;  // By which its signatures were judged.
  Signatories signatories;                              // Likewise.
  std::vector<std::string> opening_givers;  // Whose data it opens; each signed its MANIFEST, or that is an objection.
  std::vector<v1::PolicyObjection> objections;
};

// `earlier`: digests of the MANIFESTs that were in force before: their signatures are old, so that going back to one
// may only tighten.
CheckedPolicy CheckPolicy(policy::Files files, const std::set<Sha256Digest>& earlier, const World& world,
                          absl::Time now);

// The files of a stored revision. Error: kDataLoss.
absl::StatusOr<policy::Files> FilesOfRevision(const store::PolicyRow& row);
// Verified again. Errors: of policy::LoadBundle; kDataLoss.
absl::StatusOr<std::shared_ptr<const policy::Bundle>> LoadRevision(const store::PolicyRow& row,
                                                                   const policy::TrustRoots& roots, absl::Time now);

}  // namespace derwent::exchange
