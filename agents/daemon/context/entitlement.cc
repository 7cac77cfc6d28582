#include "agents/daemon/context/entitlement.h"

#include <algorithm>
#include <initializer_list>

#include "agents/daemon/context/fault.h"
#include "agents/sdk/approval.h"
#include "policy/engine/agreements.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"

namespace derwent::agents {
namespace {

absl::Status NotEntitled() {
  return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
               "the caller holds no role today that may do this");
}

std::initializer_list<absl::string_view> PowersFor(LocalRight right) {
  static constexpr auto kPush = {absl::string_view("push_referral"), absl::string_view("push_nrm")};
  static constexpr auto kSee = {absl::string_view("push_referral"), absl::string_view("push_nrm"),
                                absl::string_view("audit_own")};
  static constexpr auto kAudit = {absl::string_view("audit_own"), absl::string_view("audit_own_health"),
                                  absl::string_view("handle_rights")};
  static constexpr auto kExport = {absl::string_view("audit_own"), absl::string_view("audit_own_health"),
                                   absl::string_view("handle_rights"), absl::string_view("audit_metadata")};
  static constexpr auto kRights = {absl::string_view("handle_rights")};
  switch (right) {
    case LocalRight::kPush:
      return kPush;
    case LocalRight::kSeeOutbox:
      return kSee;
    case LocalRight::kReferences:
    case LocalRight::kAudit:
    case LocalRight::kSeeHeld:
      return kAudit;
    case LocalRight::kExport:
      return kExport;
    case LocalRight::kRestrict:
    case LocalRight::kHandleRights:
      return kRights;
    default:
      return {};
  }
}

// The first role with one of the powers that a person holds today, in whatever area; empty: none.
std::string RoleAmong(const std::string& person, std::initializer_list<absl::string_view> powers,
                      const AgentContext& context) {
  const auto view = context.policy.view();
  if (view == nullptr) return "";
  const auto directory = view->directories->find(context.identity.agency);
  if (directory == view->directories->end()) return "";
  const absl::CivilDay day = LondonDay(context.clock.Now());
  const policy::Policy& policy = *view->bundle->policy;
  for (const policy::DirectoryEntry& entry : directory->second.people) {
    if (entry.id != person || !entry.training_until.has_value() || *entry.training_until < day) continue;
    for (const policy::RoleHolding& holding : entry.roles) {
      const auto may = policy.roles.find(holding.role);
      if (may == policy.roles.end() || !policy.RoleOn(holding.role, day) || !holding.valid.Hold(day)) continue;
      if (std::ranges::any_of(powers,
                              [&](absl::string_view power) { return may->second.contains(std::string(power)); }))
        return holding.role;
    }
  }
  return "";
}

bool HasPower(const std::string& person, std::initializer_list<absl::string_view> powers, const AgentContext& context) {
  return !RoleAmong(person, powers, context).empty();
}

// Somebody who left the directory may call nothing. Before the directories are known a person can have nothing but the
// status.
bool LeftDirectory(const trust::SpiffeId& id, const AgentContext& context) {
  const auto view = context.policy.view();
  if (view == nullptr || id.kind != trust::CallerKind::kPerson) return false;
  const auto directory = view->directories->find(id.agency);
  return directory == view->directories->end() ||
         std::ranges::none_of(directory->second.people,
                              [&](const policy::DirectoryEntry& entry) { return entry.id == id.name; });
}

}  // namespace

absl::StatusOr<LocalCaller> CallerOf(absl::string_view certificate_pem, const AgentContext& context) {
  const auto roots = context.roots.get();
  const absl::StatusOr<trust::Certificate> certificate = trust::Certificate::FromPem(certificate_pem);
  const absl::StatusOr<trust::Chain> chain =
      certificate.ok() ? roots->anchors.authority.ChainOf(*certificate, context.clock.Now()) : certificate.status();
  if (!chain.ok() || !roots->anchors.CheckFresh(context.clock.Now()).ok())
    return Fault(absl::StatusCode::kUnauthenticated, "CERTIFICATE_INVALID",
                 "the caller's certificate is not of the consortium");
  if (roots->anchors.revoked.BreaksChain(*chain)) {
    return Fault(absl::StatusCode::kUnauthenticated, "CERTIFICATE_REVOKED", "the caller's certificate is revoked");
  }
  const trust::SpiffeId& id = certificate->id();
  const bool local = id.agency == context.identity.agency &&
                     (id.kind == trust::CallerKind::kConsole || id.kind == trust::CallerKind::kPerson);
  if (!local)
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                 "only this agency's own systems and people may call its agent");
  if (LeftDirectory(id, context)) return NotEntitled();
  return LocalCaller{
      .kind = id.kind, .name = id.name, .serial = certificate->serial(), .certified_from = certificate->not_before()};
}

absl::Status CheckRight(const LocalCaller& caller, LocalRight right, const AgentContext& context) {
  if (right == LocalRight::kStatus || (right == LocalRight::kSeeInbox && context.policy.view() != nullptr))
    return absl::OkStatus();
  if (caller.kind == trust::CallerKind::kConsole) {
    return right == LocalRight::kReferences || right == LocalRight::kRestrict || right == LocalRight::kSeeHeld ||
                   right == LocalRight::kHandleRights || right == LocalRight::kAudit || right == LocalRight::kExport
               ? NotEntitled()
               : absl::OkStatus();
  }
  return HasPower(caller.name, PowersFor(right), context) ? absl::OkStatus() : NotEntitled();
}

std::string RoleWith(const std::string& person, absl::string_view power, const AgentContext& context) {
  return RoleAmong(person, {power}, context);
}

bool HoldsToday(const std::string& person, const OwnRole& sought, const AgentContext& context) {
  const auto view = context.policy.view();
  if (view == nullptr || person.empty()) return false;
  return policy::RoleHeld(view->snapshot(),
                          {.agency = context.identity.agency,
                           .person = person,
                           .role = sought.role,
                           .board = sought.board,
                           .area = sought.area},
                          LondonDay(context.clock.Now()));
}

bool ServesToday(const std::string& person, const std::string& area, const AgentContext& context) {
  const auto view = context.policy.view();
  return view != nullptr && std::ranges::any_of(view->bundle->policy->roles, [&](const auto& role) {
           return HoldsToday(person, {.role = role.first, .board = "", .area = area}, context);
         });
}

absl::Status CheckMayOpen(const LocalCaller& caller, const v1::Manifest& manifest, const AgentContext& context) {
  if (manifest.kind() != v1::PACKAGE_KIND_REFERRAL)
    return NotEntitled();  // Requests and answers have calls of their own.
  if (caller.kind == trust::CallerKind::kConsole) return absl::OkStatus();
  if (!manifest.recipient_person().empty() && caller.name != manifest.recipient_person()) return NotEntitled();
  const OwnRole addressed{.role = manifest.recipient_role(), .board = manifest.board(), .area = manifest.area()};
  return HoldsToday(caller.name, addressed, context) ? absl::OkStatus() : NotEntitled();
}

}  // namespace derwent::agents
