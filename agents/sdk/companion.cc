#include "agents/sdk/companion.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace derwent::agents {
namespace {

constexpr absl::string_view kProfile = "mash";
constexpr absl::string_view kPurpose = "case.child_safeguard";
constexpr absl::string_view kChildrensServices = "dcc.childrens";
constexpr absl::string_view kRole = "mash_manager";
constexpr absl::string_view kChildVictim = "victim_child_da";

}  // namespace

std::optional<ReferralDraft> CompanionOf(const ReferralDraft& referral) {
  if (referral.profile == kProfile || referral.sender_agency == kChildrensServices) return std::nullopt;
  ReferralDraft companion = referral;
  companion.profile = std::string(kProfile);
  companion.purpose = std::string(kPurpose);
  companion.board.clear();
  companion.subjects.clear();
  companion.recipients.clear();
  std::set<std::string> grounds;
  // Subjects are numbered from 1 in each share: what is asserted for one follows its new number.
  for (const DraftSubject& subject : referral.subjects) {
    if (subject.role != kChildVictim) continue;
    const auto number = static_cast<uint32_t>(companion.subjects.size()) + 1;
    companion.subjects.push_back({.number = number, .role = subject.role, .record = subject.record});
    for (const DraftRecipient& recipient : referral.recipients) {
      for (const std::string& ground : AssertedGrounds(recipient, subject.number)) {
        if (absl::StartsWith(ground, absl::StrCat(kProfile, "."))) grounds.insert(absl::StrCat(number, ":", ground));
      }
    }
  }
  if (companion.subjects.empty()) return std::nullopt;
  companion.recipients.push_back({.agency = std::string(kChildrensServices), .role = std::string(kRole), .grounds = {grounds.begin(), grounds.end()}});
  return companion;
}

}  // namespace derwent::agents
