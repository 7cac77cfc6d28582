#include "agents/daemon/sending/planned_share.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/identity.h"
#include "agents/daemon/sending/split_shares.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

std::string KeptAs(const std::string& share_id) { return absl::StrCat("planned/", share_id); }

void AddUnit(const std::string& agency, uint32_t subject, const std::string& category, v1::PlannedShare& planned) {
  v1::UnitOutcome& unit = *planned.add_waiting();
  unit.set_recipient_agency(agency);
  unit.set_subject(subject);
  unit.set_category(category);
}

void AddRecipient(const DraftRecipient& recipient, v1::PlannedShare& planned) {
  v1::ReferralRecipientChoice& kept = *planned.mutable_referral()->add_recipients();
  kept.set_agency(recipient.agency);
  kept.set_role(recipient.role);
  kept.set_person(recipient.person);
  kept.mutable_grounds()->Assign(recipient.grounds.begin(), recipient.grounds.end());
  kept.mutable_categories()->Assign(recipient.categories.begin(), recipient.categories.end());
  for (const auto& [subject, category] : recipient.told_apart) AddUnit(recipient.agency, subject, category, planned);
}

DraftRecipient RecipientIn(const v1::PlannedShare& planned, const v1::ReferralRecipientChoice& kept) {
  DraftRecipient recipient{.agency = kept.agency(),
                           .role = kept.role(),
                           .person = kept.person(),
                           .grounds = {kept.grounds().begin(), kept.grounds().end()},
                           .categories = {kept.categories().begin(), kept.categories().end()}};
  for (const v1::UnitOutcome& unit : planned.waiting()) {
    if (unit.recipient_agency() == kept.agency()) recipient.told_apart.emplace(unit.subject(), unit.category());
  }
  return recipient;
}

}  // namespace

absl::StatusOr<std::string> SealPlanned(const std::string& share_id, const ReferralDraft& draft,
                                        const std::vector<v1::ShareOutcome>& waiting, const AgentContext& context) {
  v1::PlannedShare planned;
  v1::PushReferralRequest& referral = *planned.mutable_referral();
  referral = HeadOf(draft);
  for (const DraftSubject& subject : draft.subjects) AddSubject(subject, referral);
  for (const DraftRecipient& recipient : draft.recipients) AddRecipient(recipient, planned);
  for (const v1::ShareOutcome& share : waiting) {
    for (const v1::UnitOutcome& unit : share.units()) {
      if (unit.outcome() == "PENDING") AddUnit(unit.recipient_agency(), unit.subject(), unit.category(), planned);
    }
  }
  if (draft.older.has_value()) {
    referral.set_supersedes_share_id(draft.older->share_id);
    planned.set_older_version(draft.older->version);
    planned.mutable_older_agencies()->Assign(draft.older->recipients.begin(), draft.older->recipients.end());
  }
  return SealForStore(context.identity, KeptAs(share_id), planned.SerializeAsString(), context.random);
}

absl::StatusOr<ReferralDraft> OpenPlanned(const std::string& share_id, const std::string& sealed,
                                          const AgentContext& context) {
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context.identity, KeptAs(share_id), sealed));
  v1::PlannedShare planned;
  if (!planned.ParseFromString(plain)) return absl::DataLossError("a kept plan does not parse");
  const v1::PushReferralRequest& referral = planned.referral();
  ReferralDraft draft{.sender_agency = context.identity.agency,
                      .acting_person = referral.acting_person(),
                      .profile = referral.profile(),
                      .purpose = referral.purpose(),
                      .board = referral.board(),
                      .area = referral.area(),
                      .justification = referral.justification()};
  for (const v1::ReferralSubject& subject : referral.subjects()) {
    const auto number = static_cast<uint32_t>(draft.subjects.size()) + 1;
    draft.subjects.push_back({.number = number, .role = subject.role(), .record = subject.record()});
  }
  for (const v1::ReferralRecipientChoice& recipient : referral.recipients())
    draft.recipients.push_back(RecipientIn(planned, recipient));
  if (planned.older_version() > 0) {
    draft.older = OlderShare{.share_id = referral.supersedes_share_id(),
                             .version = planned.older_version(),
                             .recipients = {planned.older_agencies().begin(), planned.older_agencies().end()}};
  }
  return draft;
}

}  // namespace derwent::agents
