#include "agents/daemon/holding/standing_approvals.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "agents/sdk/approval.h"

namespace derwent::agents {
namespace {

constexpr size_t kMostDeclined = 64;  // That an answer carries.

bool Covers(const v1::ApprovalCommand& command, const std::string& category, const std::string& form) {
  return std::ranges::any_of(command.units(), [&](const v1::ApprovedUnit& unit) {
    return unit.category() == category && unit.form() == form;
  });
}

// The approval of `role` that was asked for a unit; null: none.
const ApprovalRow* AskedFor(const std::vector<ApprovalRow>& approvals, const std::string& role,
                            const std::string& category, const std::string& form, const std::string& policy_digest) {
  const auto found = std::ranges::find_if(approvals, [&](const ApprovalRow& row) {
    v1::ApprovalQuestion question;
    return row.role == role && question.ParseFromString(row.question) &&
           question.proposed().policy_digest() == policy_digest && Covers(question.proposed(), category, form);
  });
  return found == approvals.end() ? nullptr : &*found;
}

v1::ApprovalCommand SaidIn(const ApprovalRow& row) {
  v1::SignedApproval approval;
  v1::ApprovalCommand command;
  if (!approval.ParseFromString(row.approval) || !command.ParseFromString(approval.command().payload())) return {};
  return command;
}

}  // namespace

Verdicts VerdictsOf(const std::vector<ApprovalRow>& approvals, const std::string& policy_digest) {
  return [approvals, policy_digest](const std::string& role, const AnswerLine& line) -> Verdict {
    const ApprovalRow* row = AskedFor(approvals, role, line.category, line.form, policy_digest);
    if (row == nullptr || row->state == "WAITING") return {};
    if (row->state == "APPROVED" && Covers(SaidIn(*row), line.category, line.form))
      return {.kind = Verdict::Kind::kAgreed};
    return {.kind = Verdict::Kind::kRefused, .reason = row->reason.empty() ? "OTHER" : row->reason};
  };
}

std::vector<ApprovalRow> ApprovalsMissing(const Inquiry& inquiry, const AnswerDecision& decision,
                                          const std::vector<ApprovalRow>& approvals, const std::string& policy_digest,
                                          absl::Time due, trust::Random& random) {
  std::map<std::set<std::string>, AnswerDecision> groups;
  for (const AnswerLine& line : decision.lines) {
    if (!line.approvers.empty() && line.content.content_case() != v1::UnitContent::CONTENT_NOT_SET)
      groups[line.approvers].lines.push_back(line);
  }
  std::vector<ApprovalRow> missing;
  for (const auto& [roles, group] : groups) {
    for (const std::string& role : roles) {
      AnswerDecision unasked;
      for (const AnswerLine& line : group.lines) {
        if (AskedFor(approvals, role, line.category, line.form, policy_digest) == nullptr)
          unasked.lines.push_back(line);
      }
      if (unasked.lines.empty()) continue;
      ApprovalRow row{.approval_id = random.NewUuid().text(),
                      .request_id = inquiry.selector.share_id(),
                      .role = role,
                      .own = true,
                      .state = "WAITING",
                      .due = due};
      row.question = QuestionFor(inquiry, unasked, role, row.approval_id, policy_digest, due).SerializeAsString();
      missing.push_back(std::move(row));
    }
  }
  return missing;
}

void DropStale(const AnswerDecision& decision, const std::string& policy_digest, std::vector<ApprovalRow>& approvals) {
  std::erase_if(approvals, [&](const ApprovalRow& row) {
    if (row.state != "APPROVED") return false;
    const v1::ApprovalCommand command = SaidIn(row);
    return command.policy_digest() != policy_digest ||
           !std::ranges::all_of(command.units(), [&](const v1::ApprovedUnit& unit) {
             return std::ranges::any_of(decision.lines, [&](const AnswerLine& line) {
               return line.category == unit.category() && line.form == unit.form() &&
                      line.content.content_case() != v1::UnitContent::CONTENT_NOT_SET;
             });
           });
  });
}

std::vector<v1::SignedApproval> ApprovalsFor(const PackageRecipient& reply, const std::vector<ApprovalRow>& approvals,
                                             const std::string& policy_digest) {
  std::vector<v1::SignedApproval> used;
  for (const ApprovalRow& row : approvals) {
    if (row.state != "APPROVED") continue;
    const v1::ApprovalCommand command = SaidIn(row);
    const bool rests =
        command.policy_digest() == policy_digest && std::ranges::any_of(reply.units, [&](const PackageUnit& unit) {
          return unit.content.content_case() != v1::UnitContent::kNeutral &&
                 Covers(command, unit.content.category(), unit.content.form());
        });
    v1::SignedApproval approval;
    if (rests && approval.ParseFromString(row.approval)) used.push_back(std::move(approval));
  }
  return used;
}

std::vector<v1::DeclinedApproval> DeclinedOf(const std::vector<ApprovalRow>& approvals, const policy::Policy& policy) {
  std::vector<v1::DeclinedApproval> declined;
  for (const ApprovalRow& row : approvals) {
    v1::ApprovalQuestion question;
    const bool settled = row.state == "REFUSED" || row.state == "LAPSED";
    if (!settled || !row.own || IsAskedElsewhere(policy, row.role) || !question.ParseFromString(row.question)) continue;
    v1::DeclinedApproval& one = declined.emplace_back();
    one.set_approval_id(row.approval_id);
    one.set_role(row.role);
    if (row.state == "REFUSED") one.set_person(SaidIn(row).approver_person());
    one.set_reason(one.person().empty() ? "LAPSED" : IsRefusalReason(row.reason) ? row.reason : "OTHER");
    *one.mutable_units() = question.proposed().units();
  }
  if (declined.size() > kMostDeclined) declined.resize(kMostDeclined);
  return declined;
}

}  // namespace derwent::agents
