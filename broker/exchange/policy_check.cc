#include "broker/exchange/policy_check.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "policy/loader/activation.h"
#include "policy/loader/carried.h"
#include "policy/loader/succession.h"
#include "policy/space/difference.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

void Object(absl::string_view code, absl::string_view message, CheckedPolicy& checked) {
  v1::PolicyObjection& objection = checked.objections.emplace_back();
  objection.set_code(std::string(code));
  objection.set_message(std::string(message));
}

// Each giver that the new policy opens something of, with one thing that opens. An agency without a signatory signs no
// agreement, so that nothing of it opens.
std::map<std::string, std::string> Openings(const policy::Policy& before, const policy::Policy& after,
                                            const World& world, absl::CivilDay day) {
  std::map<std::string, std::string> openings;
  for (const policy::Difference& d : policy::Compare(before, after, day).releases) {
    if (!d.opens) continue;
    for (const std::string& giver : d.givers) {
      if (!world.signatories.contains(giver)) continue;
      openings.try_emplace(giver, absl::StrCat("`", giver, "` would give `", d.receiver, "` more: `", d.category,
                                               "` under `", d.profile, "`, was ", d.was, ", now ", d.now));
    }
  }
  return openings;
}

void CheckOpenings(const std::map<std::string, std::string>& openings, bool was_in_force, CheckedPolicy& checked) {
  for (const auto& [giver, what] : openings) {
    checked.opening_givers.push_back(giver);
    if (was_in_force)
      Object("ROLLBACK_OPENS", absl::StrCat(what, "; its signatures are of before: propose and sign it anew"), checked);
    else if (!checked.bundle->signed_by.contains(giver))
      Object("LOOSENING_NOT_SIGNED", absl::StrCat(what, "; its signatory has not signed the MANIFEST"), checked);
  }
}

}  // namespace

CheckedPolicy CheckPolicy(policy::Files files, const std::set<Sha256Digest>& earlier, const World& world,
                          absl::Time now) {
  const policy::Bundle& before = *world.bundle;
  CheckedPolicy checked{.content_digest = policy::ContentDigest(files),
                        .base_content = *Sha256Digest::FromBytes(before.content_digest),
                        .base_revision = before.revision};
  auto bundle = policy::LoadBundle(std::move(files), world.roots(), now);
  if (!bundle.ok()) {
    Object("BUNDLE_NOT_GOOD", bundle.status().message(), checked);
    return checked;
  }
  checked.bundle = *std::move(bundle);
  const absl::CivilDay day = LondonDay(now);
  for (const std::string& what :
       policy::MissingSignatures(*before.policy, *checked.bundle->policy, day, world.signatories))
    Object("AGREEMENT_NOT_SIGNED", what, checked);
  for (const std::string& what : policy::StrippedNotices(*before.policy, *checked.bundle->policy))
    Object("NOTICE_STRIPPED", what, checked);
  const Sha256Digest digest = *Sha256Digest::FromBytes(checked.bundle->policy_digest);
  const bool was_in_force = digest != world.policy_digest() && earlier.contains(digest);
  CheckOpenings(Openings(*before.policy, *checked.bundle->policy, world, day), was_in_force, checked);
  return checked;
}

absl::StatusOr<policy::Files> FilesOfRevision(const store::PolicyRow& row) {
  v1::GetPolicyBundleResponse kept;
  if (!kept.ParseFromString(row.files)) return absl::DataLossError("a stored revision of the policy does not parse");
  return policy::FilesOf(kept.files());
}

absl::StatusOr<std::shared_ptr<const policy::Bundle>> LoadRevision(const store::PolicyRow& row,
                                                                   const policy::TrustRoots& roots, absl::Time now) {
  ASSIGN_OR_RETURN(policy::Files files, FilesOfRevision(row));
  ASSIGN_OR_RETURN(std::unique_ptr<const policy::Bundle> bundle, policy::LoadBundle(std::move(files), roots, now));
  return std::shared_ptr<const policy::Bundle>(std::move(bundle));
}

}  // namespace derwent::exchange
