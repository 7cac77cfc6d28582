#include "agents/sdk/companion.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "policy/engine/agreements.h"

namespace derwent::agents {
namespace {

std::string ReceiverOf(const policy::CompanionShare& share, const ReferralDraft& referral,
                       const policy::Snapshot& snapshot, absl::CivilDay day) {
  for (const std::string& agency : share.agencies) {
    if (policy::RoleHeld(snapshot, {.agency = agency, .role = share.role, .area = referral.area}, day)) return agency;
  }
  return share.agencies.empty() ? "" : share.agencies.front();
}

ReferralDraft Companion(const ReferralDraft& referral, const policy::CompanionShare& share,
                        const std::string& receiver) {
  ReferralDraft companion = referral;
  companion.profile = share.profile;
  companion.purpose = share.purpose;
  companion.board.clear();
  companion.subjects.clear();
  companion.recipients.clear();
  std::set<std::string> grounds;
  // Subjects are numbered from 1 in each share: what is asserted for one follows its new number.
  for (const DraftSubject& subject : referral.subjects) {
    if (subject.role != share.subject_role) continue;
    const auto number = static_cast<uint32_t>(companion.subjects.size()) + 1;
    companion.subjects.push_back(
        {.number = number, .role = subject.role, .record = subject.record, .received = subject.received});
    for (const DraftRecipient& recipient : referral.recipients) {
      for (const std::string& ground : AssertedGrounds(recipient, subject.number)) {
        if (absl::StartsWith(ground, absl::StrCat(share.profile, ".")))
          grounds.insert(absl::StrCat(number, ":", ground));
      }
    }
  }
  companion.recipients.push_back({.agency = receiver, .role = share.role, .grounds = {grounds.begin(), grounds.end()}});
  return companion;
}

}  // namespace

std::vector<ReferralDraft> CompanionsOf(const ReferralDraft& referral, const policy::Snapshot& snapshot,
                                        absl::CivilDay day) {
  std::vector<ReferralDraft> companions;
  const auto profile = snapshot.policy->profiles.find(referral.profile);
  if (profile == snapshot.policy->profiles.end()) return companions;
  for (const policy::CompanionShare& share : profile->second.companions) {
    const bool concerned = std::ranges::any_of(
        referral.subjects, [&](const DraftSubject& subject) { return subject.role == share.subject_role; });
    const std::string receiver = ReceiverOf(share, referral, snapshot, day);
    if (concerned && receiver != referral.sender_agency) companions.push_back(Companion(referral, share, receiver));
  }
  return companions;
}

bool IsCompanionReason(absl::string_view code) {
  return code == "REFERRED_ALREADY" || code == "REFERRED_BY_ANOTHER_AGENCY" || code == "CHILD_NOT_IN_AREA" ||
         code == "MORE_DETRIMENTAL";
}

}  // namespace derwent::agents
