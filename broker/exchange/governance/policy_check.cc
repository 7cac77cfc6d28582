#include "broker/exchange/governance/policy_check.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "policy/loader/activation.h"
#include "policy/loader/carried.h"
#include "policy/loader/succession.h"
#include "policy/space/difference.h"
#include "policy/space/switches.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

void Object(absl::string_view code, absl::string_view message, CheckedPolicy& checked) {
  v1::PolicyObjection& objection = checked.objections.emplace_back();
  objection.set_code(std::string(code));
  objection.set_message(std::string(message));
}

// Every day from `from` on, on which something of either policy begins or is over.
std::set<absl::CivilDay> DaysToCompare(const policy::Policy& before, const policy::Policy& after, absl::CivilDay from) {
  std::set<absl::CivilDay> days;
  for (const policy::Policy* policy : {&before, &after}) {
    const std::vector<absl::CivilDay> switches = policy::SwitchDays(*policy, from);
    days.insert(switches.begin(), switches.end());
  }
  return days;
}

bool Same(const policy::Files& a, const policy::Files& b, const std::string& path) {
  const auto in_a = a.find(path);
  const auto in_b = b.find(path);
  return in_a != a.end() && in_b != b.end() && in_a->second == in_b->second;
}

using Profiles = std::optional<std::set<std::string>>;  // nullopt: all

// Adds the profiles under which questions can be decided differently because this file differs; makes them all where
// it is not of a profile or an agreement alone. A question is decided by its own profile, the agreements for it and
// what all share. MANIFEST follows from the rest, and signatures do not count in a comparison.
void AddProfilesOf(const std::string& path, const policy::Bundle& before, const policy::Bundle& after,
                   Profiles& profiles) {
  absl::string_view name = path;
  if (!profiles.has_value() || name == "MANIFEST" || absl::StartsWith(name, "signatures/")) return;
  if (!absl::ConsumeSuffix(&name, ".txtpb")) return profiles.reset();
  if (absl::ConsumePrefix(&name, "profiles/")) return static_cast<void>(profiles->emplace(name));
  if (!absl::ConsumePrefix(&name, "agreements/")) return profiles.reset();
  for (const policy::Policy* policy : {before.policy.get(), after.policy.get()}) {
    for (const policy::Agreement& agreement : policy->agreements) {
      if (agreement.id == name) profiles->insert(agreement.profiles.begin(), agreement.profiles.end());
    }
  }
}

Profiles ProfilesThatDiffer(const policy::Bundle& before, const policy::Bundle& after) {
  Profiles profiles = std::set<std::string>();
  for (const policy::Files* files : {&before.files, &after.files}) {
    for (const auto& [path, content] : *files) {
      if (!Same(before.files, after.files, path)) AddProfilesOf(path, before, after, profiles);
    }
  }
  return profiles;
}

std::string Opens(const std::string& giver, const policy::Difference& d, absl::string_view from) {
  return absl::StrCat("`", giver, "` would give `", d.receiver, "` more", from, ": `", d.category, "` under `",
                      d.profile, "`, was ", d.was, ", now ", d.now);
}

std::string Loosens(const std::string& giver, const policy::HandlingDifference& d) {
  return absl::StrCat("what `", giver, "` gives would be handled less strictly: `", d.of, "`, ", d.what);
}

// Each giver that the new policy opens something of, today or on any later day, with one thing that opens: a release,
// or how what is released is handled. An agency without a signatory signs no agreement, so that nothing of it opens.
std::map<std::string, std::string> Openings(const policy::Bundle& before, const policy::Bundle& after,
                                            const World& world, absl::CivilDay today) {
  std::map<std::string, std::string> openings;
  const Profiles profiles = ProfilesThatDiffer(before, after);
  for (const absl::CivilDay day : DaysToCompare(*before.policy, *after.policy, today)) {
    const std::string from = day == today ? "" : absl::StrCat(" from ", FormatDay(day), " on");
    const policy::Differences found =
        policy::Compare({*before.policy, before.files}, {*after.policy, after.files}, day, profiles);
    for (const policy::Difference& d : found.releases) {
      if (!d.opens) continue;
      for (const std::string& giver : d.givers) openings.try_emplace(giver, Opens(giver, d, from));
    }
    for (const policy::HandlingDifference& d : found.handling) {
      if (!d.loosens()) continue;
      for (const std::string& giver : d.givers) openings.try_emplace(giver, Loosens(giver, d));
    }
  }
  std::erase_if(openings, [&](const auto& opening) { return !world.signatories.contains(opening.first); });
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
                        .base_revision = before.revision,
                        .revoked = world.revoked,
                        .signatories = world.signatories};
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
  CheckOpenings(Openings(before, *checked.bundle, world, day), was_in_force, checked);
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
