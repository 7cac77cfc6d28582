#include "broker/exchange/approvals.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/case_link.h"
#include "broker/exchange/envelope.h"
#include "policy/engine/calendar.h"
#include "policy/engine/lattice.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

bool InForce(const v1::ApprovalCommand& command, const World& world, absl::Time now) {
  const absl::Time made = FromTimestamp(command.create_time());
  const absl::Time ends = FromTimestamp(command.expire_time());
  const absl::CivilDay latest = policy::AddWorkingDays(*world.bundle->policy, LondonDay(made), kApprovalWorkingDays);
  return made < now + world.limits.clock_skew && ends > now && LondonDay(ends) <= latest &&
         command.policy_digest() == world.bundle->policy_digest;
}

// The holder's own people agree for it; who a board appoints may be of any agency.
bool RightAgency(const v1::ApprovalCommand& command, const policy::Policy& policy) {
  return command.approver_agency() == command.holder_agency() || policy.board_roles.contains(command.approver_role());
}

bool IsFor(const v1::ApprovalCommand& command, const v1::Manifest& answer, const StoredPart& request) {
  return command.approved() && command.request_share_id() == request.share.share_id &&
         command.holder_agency() == answer.sender_agency() && command.recipient_agency() == answer.recipient_agency() &&
         command.subject() == answer.subjects(0).number();
}

// The unit leaves in exactly the form agreed to. A neutral answer's label is the same for everybody: what was agreed to
// is within it.
bool Covers(const v1::ApprovedUnit& approved, const v1::Manifest& answer, const policy::Policy& policy) {
  const bool neutral = answer.existence_sensitive() && answer.kind() == v1::PACKAGE_KIND_ANSWER;
  return std::any_of(answer.units().begin(), answer.units().end(), [&](const v1::ManifestUnit& unit) {
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

SignerVerdict JudgeSigner(const CheckedApproval& approval, const StoredPart& request, const Batch& batch) {
  const v1::ApprovalCommand& command = approval.command;
  const World& world = batch.world();
  const Asker asker = AskerOf(request.manifest);
  if (command.approver_agency() == asker.agency && command.approver_person() == asker.person)
    return SignerVerdict::kSelf;
  // Where existence is secret nobody of the asker's agency is asked, and so nobody of it may have anything to agree to.
  if (request.share.existence_sensitive && command.approver_agency() == asker.agency) return SignerVerdict::kNotValid;
  const bool counts = InForce(command, world, batch.now()) && RightAgency(command, *world.bundle->policy) &&
                      !world.revoked->IsRevoked(approval.serial) &&
                      HoldsToday(world,
                                 {.agency = command.approver_agency(),
                                  .person = command.approver_person(),
                                  .role = command.approver_role(),
                                  .board = request.manifest.board(),
                                  .area = request.manifest.area()},
                                 batch.now());
  return counts ? SignerVerdict::kCounts : SignerVerdict::kNotValid;
}

absl::StatusOr<CountedApprovals> CountApprovals(const std::vector<CheckedApproval>& approvals,
                                                const v1::Manifest& answer, const StoredPart& request, Batch& batch) {
  CountedApprovals counted;
  std::set<std::string> seen;
  for (const CheckedApproval& approval : approvals) {
    const v1::ApprovalCommand& command = approval.command;
    const SignerVerdict verdict = JudgeSigner(approval, request, batch);
    ASSIGN_OR_RETURN(const bool spent, Spent(command, batch));
    const bool covers = std::all_of(command.units().begin(), command.units().end(), [&](const v1::ApprovedUnit& unit) {
      return Covers(unit, answer, *batch.world().bundle->policy);
    });
    if (verdict == SignerVerdict::kSelf) {
      counted.why_not.push_back({.code = "SELF_APPROVAL_FORBIDDEN", .open = true});
    } else if (verdict != SignerVerdict::kCounts || spent || !covers || !IsFor(command, answer, request) ||
               !seen.insert(command.approval_id()).second) {
      counted.why_not.push_back(NotValid());
    }
    for (const v1::ApprovedUnit& unit : command.units())
      counted.approved.emplace(unit.category(), unit.form(), command.approver_role());
  }
  return counted;
}

absl::Status UseApprovals(const CheckedShare& share, const StoredPart& request, Batch& batch) {
  const v1::Manifest& m = share.packages.front().manifest;
  const bool neutral = request.share.existence_sensitive && m.kind() == v1::PACKAGE_KIND_ANSWER;
  if (share.approvals.empty() && !neutral) return absl::OkStatus();
  std::vector<std::string> by;
  std::string payloads;
  for (const CheckedApproval& approval : share.approvals) {
    const v1::ApprovalCommand& command = approval.command;
    RETURN_IF_ERROR(batch.write().PutApproval({.approval_id = command.approval_id(),
                                               .holder_agency = command.holder_agency(),
                                               .share_id = command.request_share_id(),
                                               .state = store::ApprovalState::kUsed,
                                               .question = "",
                                               .expire_time = FromTimestamp(command.expire_time())}));
    by.push_back(absl::StrCat(command.approver_role(), ":", command.approver_agency(), ":", command.approver_person(),
                              ":", command.approval_id()));
    absl::StrAppend(&payloads, trust::Sha256(approval.approval->command().payload()).view());
  }
  std::sort(by.begin(), by.end());
  ledger::EntryDraft draft("approval_used", ledger::Actor::kReleasing);
  draft.SetReleasing(m.sender_agency(), "")
      .SetPurpose(m.purpose(), m.profile(), m.board(), m.area())
      .SetIds(m.share_id(), request.share.share_id, m.case_id());
  draft.SetOutcome("PERMIT", {}, batch.world().policy_digest(), batch.world().register_digest).SetCount(by.size());
  draft.SetGrounds(by, "", "").SetManifestDigest(trust::Sha256(payloads));
  return batch.Append(draft).status();
}

}  // namespace derwent::exchange
