#include "agents/daemon/context/share_outcome.h"

#include <set>

namespace derwent::agents {

std::vector<std::string> RecipientsIn(const v1::ShareOutcome& outcome) {
  std::set<std::string> recipients;
  for (const v1::UnitOutcome& unit : outcome.units()) {
    if (unit.outcome() == "RELEASED") recipients.insert(unit.recipient_agency());
  }
  return {recipients.begin(), recipients.end()};
}

}  // namespace derwent::agents
