// What the marks of a verdict say in words.
#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

#include "policy/engine/index.h"

namespace derwent::policy {
namespace {

// Rules that stand in no profile.
bool StandsAlone(Place place) { return place == Place::kAgreements || place == Place::kConsentStep; }

// In the order of Place; what ends in `/` goes on with what it is about.
constexpr std::array<absl::string_view, 38> kNames = {"parties",
                                                      "organisations/",
                                                      "senders",
                                                      "directory/",
                                                      "purposes",
                                                      "roles",
                                                      "break_glass",
                                                      "statutory_request",
                                                      "receivers",
                                                      "agreements/",
                                                      "case_link",
                                                      "basis",
                                                      "proportionality",
                                                      "consent_steps/",
                                                      "step",
                                                      "receivers/",
                                                      "products/",
                                                      "products/age",
                                                      "",
                                                      "audit",
                                                      "rights_event",
                                                      "rights_event/",
                                                      "statistics",
                                                      "receiver_ceiling/",
                                                      "harm_5",
                                                      "narrative",
                                                      "flags",
                                                      "flags/",
                                                      "blocked_flags",
                                                      "consents/",
                                                      "table_limits",
                                                      "table_limits/",
                                                      "gateways",
                                                      "transition_authorities",
                                                      "conditions/",
                                                      "appropriate_policy_document/",
                                                      "onward",
                                                      "overlays/"};
static_assert(kNames.size() == static_cast<size_t>(Place::kOverlay) + 1);

}  // namespace

std::string Index::AboutOf(const Mark& mark, const DecisionRequest& request, const std::string& category) const {
  const auto number = static_cast<size_t>(std::max<int16_t>(mark.number, 0));
  const Board& board = board_[static_cast<size_t>(Find(profiles_, request.profile))];
  switch (mark.place) {
    case Place::kOrganisation:
      return agency_[number]->id;
    case Place::kDirectory:
      return request.receiving_agency;
    case Place::kAgreements:
      return request.profile;
    case Place::kConsentStep:
      return policy_.consent_steps[number].id;
    case Place::kReceiver:
      return request.receiving_role;
    case Place::kProduct:
      return request.product;
    case Place::kCategory:
    case Place::kConsents:
      return category;
    case Place::kRightsEventType:
      return request.event->type;
    case Place::kCeiling:
      return board.cap_names[number];
    case Place::kFlag:
      return flag_names_[number];
    case Place::kTableLimit:
      return topic_names_[number];
    case Place::kConditions:
      return type_[number]->id;
    case Place::kPolicyDocument:
      return board.papers[number].agreement->id;
    case Place::kOverlay:
      return absl::StrCat(board.papers[number].agreement->id, "/", category);
    default:
      return "";
  }
}

std::vector<Reason> Index::ReasonsOf(const Verdict& verdict, const DecisionRequest& request, size_t category) const {
  std::vector<Reason> reasons;
  for (size_t i = 0; i < verdict.marks.size(); ++i) {
    const Mark& mark = verdict.marks[i];
    std::string place =
        absl::StrCat(kNames[static_cast<size_t>(mark.place)], AboutOf(mark, request, request.categories[category]));
    reasons.push_back(
        {.code = mark.code,
         .rule = StandsAlone(mark.place) ? std::move(place) : absl::StrCat("profiles/", request.profile, "/", place)});
  }
  std::sort(reasons.begin(), reasons.end());
  reasons.erase(std::unique(reasons.begin(), reasons.end()), reasons.end());
  return reasons;
}

}  // namespace derwent::policy
