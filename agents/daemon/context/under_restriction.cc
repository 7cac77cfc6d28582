#include "agents/daemon/context/under_restriction.h"

#include "agents/sdk/rights.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

absl::StatusOr<bool> Declined(const RightsRow& row) {
  if (row.answer.empty()) return false;
  ASSIGN_OR_RETURN(const v1::RightsAnswer answer, KeptAnswer(row.answer));
  return answer.outcome() == v1::RIGHTS_OUTCOME_DECLINED;
}

}  // namespace

absl::StatusOr<UnderRestriction> RestrictionOn(const std::string& share_id, State& state) {
  UnderRestriction restriction;
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, state.RightsAbout(share_id));
  for (const RightsRow& row : rows) {
    if (row.own) continue;
    ASSIGN_OR_RETURN(const v1::RightsNotice notice, KeptNotice(row.notice));
    const bool lifts = notice.type() == v1::RIGHTS_EVENT_TYPE_RESTRICTION_LIFTED;
    if (!lifts && notice.type() != v1::RIGHTS_EVENT_TYPE_RESTRICTION) continue;
    ASSIGN_OR_RETURN(const bool declined, Declined(row));
    if (declined) continue;
    for (const std::string& category : notice.categories()) {
      if (lifts) {
        restriction.categories.erase(category);
        restriction.closed.erase(category);
      } else {
        restriction.categories.insert(category);
        if (row.ground.empty()) restriction.closed.insert(category);
      }
    }
  }
  return restriction;
}

}  // namespace derwent::agents
