#include "broker/exchange/share/approvals.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/share/approval_steps.h"
#include "broker/exchange/share/case_link.h"
#include "policy/engine/calendar.h"
#include "policy/engine/confidence.h"
#include "policy/engine/lattice.h"
#include "policy/engine/onward.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

bool InForce(const v1::ApprovalCommand& command, const World& world, absl::Time now) {
  const absl::Time made = trust::FromTimestamp(command.create_time());
  const absl::Time ends = trust::FromTimestamp(command.expire_time());
  const absl::CivilDay latest = policy::AddWorkingDays(*world.bundle->policy, LondonDay(made), kApprovalWorkingDays);
  return made < now + world.limits.clock_skew && ends > now && LondonDay(ends) <= latest &&
         command.policy_digest() == world.bundle->policy_digest;
}

// The holder's own people agree for it; who a board appoints may be of any agency; who shared what goes onward is
// another.
bool RightAgency(const v1::ApprovalCommand& command, const Release& release, const policy::Policy& policy) {
  if (command.approver_role() == policy::kOriginator)
    return !release.originator.empty() && command.approver_agency() == release.originator;
  return command.approver_agency() == command.holder_agency() || policy.board_roles.contains(command.approver_role());
}

bool IsFor(const v1::ApprovalCommand& command, const v1::Manifest& manifest, const Release& release) {
  return command.approved() && command.request_share_id() == release.share_id &&
         command.holder_agency() == manifest.sender_agency() &&
         command.recipient_agency() == manifest.recipient_agency() &&
         command.subject() == manifest.subjects(0).number();
}

// Confidence is lifted by a recorded ground only (domain decision 13).
bool LacksGround(const v1::ApprovalCommand& command, const policy::Policy& policy) {
  return command.ground().empty() &&
         std::any_of(command.units().begin(), command.units().end(), [&](const v1::ApprovedUnit& unit) {
           return policy::NeedsConfidenceGround(policy, unit.category());
         });
}

// The unit leaves in exactly the form agreed to. A neutral answer's label is the same for everybody: what was agreed to
// is within it.
bool Covers(const v1::ApprovedUnit& approved, const v1::Manifest& manifest, const policy::Policy& policy) {
  const bool neutral = manifest.existence_sensitive() && manifest.kind() == v1::PACKAGE_KIND_ANSWER;
  return std::any_of(manifest.units().begin(), manifest.units().end(), [&](const v1::ManifestUnit& unit) {
    if (unit.category() != approved.category()) return false;
    if (!neutral) return unit.form() == approved.form();
    const policy::Category* const category = policy.FindCategory(unit.category());
    const std::optional<policy::Form> given = policy::ParseForm(approved.form());
    const std::optional<policy::Form> label = policy::ParseForm(unit.form());
    return category != nullptr && given.has_value() && label.has_value() && policy::IsWithin(*given, *label, *category);
  });
}

absl::StatusOr<bool> Spent(const v1::ApprovalCommand& command, Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<store::ApprovalRow> row, batch.read().FindApproval(command.approval_id()));
  if (!row.has_value()) return false;
  return row->state == store::ApprovalState::kUsed || row->state == store::ApprovalState::kRefused ||
         row->share_id != command.request_share_id();
}

Objection NotValid() { return {.code = "APPROVAL_NOT_VALID", .open = true}; }

}  // namespace

Release ReleaseOf(const StoredPart& request) {
  const Asker asker = AskerOf(request.manifest);
  return {.share_id = request.share.share_id,
          .wanted_by_agency = asker.agency,
          .wanted_by_person = asker.person,
          .recipient_agency = asker.agency,
          .existence_sensitive = request.share.existence_sensitive,
          .board = request.manifest.board(),
          .area = request.manifest.area(),
          .originator = "",
          .keeps_steps = request.share.existence_sensitive};
}

Release ReleaseOf(const CheckedPackage& referral) {
  const v1::Manifest& m = referral.manifest;
  return {.share_id = m.share_id(),
          .wanted_by_agency = m.sender_agency(),
          .wanted_by_person = referral.statement.acting_person(),
          .recipient_agency = m.recipient_agency(),
          .existence_sensitive = m.existence_sensitive(),
          .board = m.board(),
          .area = m.area()};
}

Release ReleaseOf(const v1::ApprovalQuestion& question, const World& world) {
  const v1::ApprovalCommand& proposed = question.proposed();
  const auto profile = world.bundle->policy->profiles.find(question.profile());
  return {.share_id = proposed.request_share_id(),
          .wanted_by_agency = proposed.holder_agency(),
          .wanted_by_person = question.acting_person(),
          .recipient_agency = proposed.recipient_agency(),
          .existence_sensitive = profile == world.bundle->policy->profiles.end() || profile->second.existence_sensitive,
          .board = question.board(),
          .area = question.area()};
}

SignerVerdict JudgeSigner(const CheckedApproval& approval, const Release& release, const Batch& batch) {
  const v1::ApprovalCommand& command = approval.command;
  const World& world = batch.world();
  if (command.approver_agency() == release.wanted_by_agency && command.approver_person() == release.wanted_by_person)
    return SignerVerdict::kSelf;
  // Where existence is secret nobody of the recipient's agency is asked, and so nobody of it may have anything to agree
  // to.
  if (release.existence_sensitive && command.approver_agency() == release.recipient_agency)
    return SignerVerdict::kNotValid;
  const bool counts = InForce(command, world, batch.now()) && RightAgency(command, release, *world.bundle->policy) &&
                      !world.revoked->BreaksChain(approval.chain) &&
                      HoldsToday(world,
                                 {.agency = command.approver_agency(),
                                  .person = command.approver_person(),
                                  .role = policy::HeldAs(command.approver_role()),
                                  .board = release.board,
                                  .area = release.area},
                                 batch.now());
  return counts ? SignerVerdict::kCounts : SignerVerdict::kNotValid;
}

absl::StatusOr<CountedApprovals> CountApprovals(const std::vector<CheckedApproval>& approvals,
                                                const v1::Manifest& manifest, const Release& release, Batch& batch) {
  CountedApprovals counted;
  std::set<std::string> seen;
  for (const CheckedApproval& approval : approvals) {
    const v1::ApprovalCommand& command = approval.command;
    const SignerVerdict verdict = JudgeSigner(approval, release, batch);
    ASSIGN_OR_RETURN(const bool spent, Spent(command, batch));
    const bool covers = std::all_of(command.units().begin(), command.units().end(), [&](const v1::ApprovedUnit& unit) {
      return Covers(unit, manifest, *batch.world().bundle->policy);
    });
    if (verdict == SignerVerdict::kSelf) {
      counted.why_not.push_back({.code = "SELF_APPROVAL_FORBIDDEN", .open = true});
    } else if (verdict != SignerVerdict::kCounts || spent || !covers || !IsFor(command, manifest, release) ||
               LacksGround(command, *batch.world().bundle->policy) || !seen.insert(command.approval_id()).second) {
      counted.why_not.push_back(NotValid());
    }
    for (const v1::ApprovedUnit& unit : command.units())
      counted.approved.emplace(unit.category(), unit.form(), command.approver_role());
  }
  return counted;
}

namespace {

// The one entry about the approvals of a release, for its holder alone.
ledger::EntryDraft UseDraft(absl::string_view step, const v1::Manifest& m, const std::string& holder,
                            std::vector<std::string> steps) {
  std::sort(steps.begin(), steps.end());
  ledger::EntryDraft draft(step, ledger::Actor::kReleasing);
  draft.SetReleasing(holder, "").SetPurpose(m.purpose(), m.profile(), m.board(), m.area());
  draft.SetGrounds(steps, "", "");
  return draft;
}

// As it stands in the one entry; like what a panel's chair refused.
std::string AsKept(const v1::DeclinedApproval& declined, const std::string& holder) {
  return absl::StrCat("refused:", declined.role(), ":", holder, ":", declined.person(), ":", declined.approval_id(),
                      ":", declined.reason());
}

absl::Status EnterDeclined(const v1::DeclinedApproval& declined, const v1::Manifest& m, Batch& batch) {
  ledger::EntryDraft draft("approval_declined", ledger::Actor::kReleasing);
  draft.SetReleasing(m.sender_agency(), declined.person())
      .SetPurpose(m.purpose(), m.profile(), m.board(), m.area())
      .SetIds("", declined.approval_id(), m.case_id());
  for (const v1::ApprovedUnit& unit : declined.units())
    draft.AddCategory({.category = unit.category(), .asked = unit.form(), .outcome = "DENY", .form = ""});
  draft.SetOutcome("DENY", {declined.reason()}, batch.world().policy_digest(), batch.world().register_digest);
  return batch.Append(draft).status();
}

// Those that were not entered before; from now on they were.
absl::StatusOr<std::vector<v1::DeclinedApproval>> TakeFresh(const std::vector<v1::DeclinedApproval>& declined,
                                                            const v1::Manifest& m, const Release& release,
                                                            Batch& batch) {
  std::vector<v1::DeclinedApproval> fresh;
  for (const v1::DeclinedApproval& one : declined) {
    ASSIGN_OR_RETURN(const std::optional<store::ApprovalRow> known, batch.read().FindApproval(one.approval_id()));
    if (known.has_value()) continue;
    RETURN_IF_ERROR(batch.write().PutApproval({.approval_id = one.approval_id(),
                                               .holder_agency = m.sender_agency(),
                                               .share_id = release.share_id,
                                               .state = store::ApprovalState::kRefused,
                                               .question = "",
                                               .expire_time = trust::FromTimestamp(m.expire_time())}));
    fresh.push_back(one);
  }
  return fresh;
}

}  // namespace

absl::Status UseApprovals(const CheckedShare& share, const Release& release, Batch& batch) {
  return UseApprovals(share, {}, release, batch);
}

absl::Status UseApprovals(const CheckedShare& share, const std::vector<v1::DeclinedApproval>& declined,
                          const Release& release, Batch& batch) {
  const v1::Manifest& m = share.packages.front().manifest;
  const bool secret = release.existence_sensitive;
  const bool neutral = secret && m.kind() == v1::PACKAGE_KIND_ANSWER;
  ASSIGN_OR_RETURN(const std::vector<v1::DeclinedApproval> fresh, TakeFresh(declined, m, release, batch));
  if (!secret) {
    for (const v1::DeclinedApproval& one : fresh) RETURN_IF_ERROR(EnterDeclined(one, m, batch));
  }
  if (share.approvals.empty() && !neutral) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::vector<std::string> steps, TakeKeptSteps(m.sender_agency(), release, batch));
  std::set<std::string> reasons;
  for (const v1::DeclinedApproval& one : fresh) {
    if (!secret) break;
    steps.push_back(AsKept(one, m.sender_agency()));
    reasons.insert(one.reason());
  }
  std::string payloads;
  for (const CheckedApproval& approval : share.approvals) {
    const v1::ApprovalCommand& command = approval.command;
    RETURN_IF_ERROR(batch.write().PutApproval({.approval_id = command.approval_id(),
                                               .holder_agency = command.holder_agency(),
                                               .share_id = command.request_share_id(),
                                               .state = store::ApprovalState::kUsed,
                                               .question = "",
                                               .expire_time = trust::FromTimestamp(command.expire_time())}));
    steps.push_back(absl::StrCat(command.approver_role(), ":", command.approver_agency(), ":",
                                 command.approver_person(), ":", command.approval_id()));
    absl::StrAppend(&payloads, trust::Sha256(approval.approval->command().payload()).view());
  }
  ledger::EntryDraft draft = UseDraft("approval_used", m, m.sender_agency(), std::move(steps));
  draft.SetIds(m.share_id(), m.reply_to_share_id(), m.case_id());
  const std::vector<std::string> why(reasons.begin(), reasons.end());
  const bool refused = share.approvals.empty() && !why.empty();
  draft.SetOutcome(refused ? "DENY" : "PERMIT", why, batch.world().policy_digest(), batch.world().register_digest)
      .SetCount(share.approvals.size());
  draft.SetManifestDigest(trust::Sha256(payloads));
  return batch.Append(draft).status();
}

absl::Status EnterKeptSteps(const StoredPart& request, Batch& batch) {
  const std::string& holder = request.part.key.recipient_agency;
  ASSIGN_OR_RETURN(std::vector<std::string> steps, TakeKeptSteps(holder, ReleaseOf(request), batch));
  const v1::Manifest& m = request.manifest;
  ledger::EntryDraft draft = UseDraft("approval_steps", m, holder, std::move(steps));
  draft.SetIds("", m.share_id(), m.case_id())
      .SetOutcome("", {}, batch.world().policy_digest(), batch.world().register_digest)
      .SetCount(0);
  return batch.Append(draft).status();
}

}  // namespace derwent::exchange
