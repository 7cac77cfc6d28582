#include "broker/server/policy_at_start.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "broker/exchange/governance/archive.h"
#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/governance/past.h"
#include "broker/exchange/governance/placed.h"
#include "broker/exchange/governance/policy_check.h"
#include "broker/server/trust_files.h"
#include "trust/base/status_macros.h"

namespace derwent::server {
namespace {

// Who could sign what is in force.
struct InForce {
  std::string body;  // Of its entry; empty: nothing was yet.
  exchange::Signatories signed_by;
};

absl::StatusOr<InForce> ReadInForce(store::Reader& reader) {
  InForce in_force;
  ASSIGN_OR_RETURN(in_force.body, exchange::PolicyEntered(reader));
  ASSIGN_OR_RETURN(const std::optional<exchange::Signatories> kept, exchange::FindSignatories(in_force.body, reader));
  in_force.signed_by = kept.value_or(exchange::Signatories());
  return in_force;
}

absl::StatusOr<PolicyAtStart> Activated(const store::PolicyRow& row, const exchange::World& trusted,
                                        const InForce& in_force, absl::Time now) {
  ASSIGN_OR_RETURN(const policy::Files files, exchange::FilesOfRevision(row));
  PolicyAtStart start;
  ASSIGN_OR_RETURN(start.bundle,
                   exchange::LoadAsOf(files, trusted, in_force.signed_by, row.activate_time.value_or(now)));
  const absl::Status today = exchange::LoadRevision(row, trusted.roots(), now).status();
  if (!today.ok()) start.complaints.push_back(std::string(today.message()));
  return start;
}

absl::StatusOr<PolicyAtStart> OnDisk(const Configuration& configuration, const exchange::World& trusted,
                                     const InForce& in_force, store::Reader& reader, absl::Time now) {
  PolicyAtStart start;
  absl::StatusOr<std::shared_ptr<const policy::Bundle>> today = ReadBundle(configuration.policy, trusted.roots(), now);
  if (today.ok()) {
    RETURN_IF_ERROR(InFile("policy", configuration.policy, exchange::CheckPlacedAtStart(**today, trusted, reader)));
    start.bundle = *std::move(today);
    return start;
  }
  if (!absl::IsUnauthenticated(today.status()) || in_force.body.empty()) return today.status();
  ASSIGN_OR_RETURN(const policy::Files files, policy::ReadBundleDirectory(configuration.policy));
  exchange::World then = trusted;
  for (const auto& [agency, people] : in_force.signed_by) then.signatories[agency].insert(people.begin(), people.end());
  absl::StatusOr<std::unique_ptr<const policy::Bundle>> before = policy::LoadBundle(files, then.roots(), now);
  if (!before.ok() || exchange::PolicyInForce(**before) != in_force.body) return today.status();
  start.bundle = *std::move(before);
  start.complaints.push_back(std::string(today.status().message()));
  return start;
}

}  // namespace

absl::StatusOr<PolicyAtStart> OpenPolicy(const Configuration& configuration, const exchange::World& trusted,
                                         store::Reader& reader, absl::Time now) {
  ASSIGN_OR_RETURN(const InForce in_force, ReadInForce(reader));
  ASSIGN_OR_RETURN(const std::optional<store::PolicyRow> activated, reader.PolicyInForce());
  absl::StatusOr<PolicyAtStart> start = activated.has_value() ? Activated(*activated, trusted, in_force, now)
                                                              : OnDisk(configuration, trusted, in_force, reader, now);
  if (!start.ok()) return start;
  const std::string gone = LinesGone(configuration.signatories, in_force.signed_by, trusted.signatories);
  if (!gone.empty()) start->complaints.push_back(gone);
  return start;
}

std::string LinesGone(const std::string& path, const exchange::Signatories& before, const exchange::Signatories& now) {
  std::vector<std::string> lines;
  for (const auto& [agency, people] : before) {
    const auto left = now.find(agency);
    for (const std::string& person : people) {
      if (left == now.end() || !left->second.contains(person))
        lines.push_back(absl::StrCat("`", agency, " ", person, "`"));
    }
  }
  if (lines.empty()) return "";
  return absl::StrCat("signatories `", path, "`: no line ", absl::StrJoin(lines, ", "),
                      " any more: whoever left signs nothing more; a policy that rests on their signature stays in "
                      "force until another is activated");
}

}  // namespace derwent::server
