#include "agents/daemon/sending/later_version.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/sending/limited_access.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

absl::Status NotAllowed(absl::string_view why) {
  return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED", why);
}

// The share as the broker knows it, when this agency's own state says that it stands and the person may know of it.
absl::StatusOr<v1::Referral> FindStanding(const std::string& share_id, const std::string& person,
                                          const AgentContext& context) {
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> row, context.state.FindShare(share_id));
  ASSIGN_OR_RETURN(const bool visible, MaySeeSent(person, share_id, context));
  if (!row.has_value() || !visible)
    return Fault(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such share was sent from here");
  if (row->state != "STORED") return NotAllowed("only a share that is stored can be superseded");
  ASSIGN_OR_RETURN(const std::string later, context.state.Superseding(share_id));
  if (!later.empty()) return NotAllowed(absl::StrCat("`", later, "` takes its place: supersede that one"));
  v1::GetReferralRequest request;
  request.set_name(absl::StrCat("agencies/", context.identity.agency, "/referrals/", share_id));
  return context.broker.GetReferral(request);
}

std::vector<FieldProblem> Departures(const v1::Referral& older, const ReferralDraft& draft) {
  constexpr absl::string_view kSame = "must be that of the share that is superseded";
  std::vector<FieldProblem> problems;
  const auto same = [&](const char* field, const std::string& was, const std::string& now) {
    if (was != now) problems.push_back({field, std::string(kSame)});
  };
  same("profile", older.profile(), draft.profile);
  same("purpose", older.purpose(), draft.purpose);
  same("board", older.board(), draft.board);
  same("area", older.area(), draft.area);
  for (size_t i = 0; i < draft.recipients.size(); ++i) {
    const bool had_it = std::ranges::any_of(older.recipients(), [&](const v1::ReferralRecipient& recipient) {
      return recipient.agency() == draft.recipients[i].agency;
    });
    if (!had_it)
      problems.push_back({absl::StrCat("recipients[", i, "].agency"), "must have had the share that is superseded"});
  }
  return problems;
}

}  // namespace

absl::Status TakePlaceOf(const std::string& share_id, const AgentContext& context, ReferralDraft& draft) {
  ASSIGN_OR_RETURN(const v1::Referral referral, FindStanding(share_id, draft.acting_person, context));
  const std::vector<FieldProblem> problems = Departures(referral, draft);
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED",
                 "the referral is no later version of the share", problems);
  OlderShare older{.share_id = share_id, .version = referral.version()};
  for (const v1::ReferralRecipient& recipient : referral.recipients()) {
    if (recipient.state() != v1::RECIPIENT_STATE_WITHDRAWN) older.recipients.push_back(recipient.agency());
  }
  std::ranges::sort(older.recipients);
  const bool stands = std::ranges::all_of(draft.recipients, [&](const DraftRecipient& recipient) {
    return std::ranges::binary_search(older.recipients, recipient.agency);
  });
  if (!stands) return NotAllowed("the share was withdrawn or superseded");
  draft.older = std::move(older);
  return absl::OkStatus();
}

absl::Status TakePlacesOf(const std::string& share_id, const AgentContext& context,
                          std::vector<ReferralDraft>& drafts) {
  if (share_id.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(TakePlaceOf(share_id, context, drafts.front()));
  ASSIGN_OR_RETURN(const std::optional<OutboxRow> first, context.state.FindShare(share_id));
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> siblings, context.state.SharesOf(first->referral_ref));
  for (size_t i = 1; i < drafts.size(); ++i) {
    for (const OutboxRow& sibling : siblings) {
      v1::ShareOutcome outcome;
      if (drafts[i].older.has_value() || sibling.state != "STORED" || !outcome.ParseFromString(sibling.outcome) ||
          outcome.profile() != drafts[i].profile)
        continue;
      const absl::Status taken = TakePlaceOf(sibling.share_id, context, drafts[i]);
      if (!taken.ok() && !absl::IsFailedPrecondition(taken)) return taken;
    }
  }
  return absl::OkStatus();
}

void TellOlder(const ReferralDraft& draft, const std::vector<PackageRecipient>& recipients, v1::ShareOutcome& outcome) {
  if (!draft.older.has_value() || recipients.empty()) return;
  outcome.set_supersedes_share_id(draft.older->share_id);
  outcome.set_version(draft.older->version + 1);
  for (const std::string& agency : draft.older->recipients) {
    if (std::ranges::find(recipients, agency, &PackageRecipient::agency) == recipients.end())
      outcome.add_withdrawn_agencies(agency);
  }
}

}  // namespace derwent::agents
