#include "agents/sdk/counts.h"

#include <algorithm>

#include "policy/engine/table.h"

namespace derwent::agents {
namespace {

bool IsAsStated(const v1::CountCell& cell, const v1::DisclosureControl& control) {
  if (!cell.has_count() || cell.count() == 0) return true;  // Suppressed; or nobody.
  return cell.count() >= control.primary_threshold() && cell.count() % control.round_to() == 0;
}

// No statement is taken that controls less than the policy's least.
bool IsControlled(const v1::CountTable& table, const policy::Policy& policy) {
  const v1::DisclosureControl& control = table.control();
  const policy::TableLimit* const least = policy::LimitOf(table.topic(), policy);
  return least != nullptr && control.primary_threshold() >= std::max(least->primary_threshold, 1) &&
         control.round_to() >= std::max(least->round_to, 1) && control.secondary_suppression() &&
         control.linkage_checked() && !control.approved_by().empty() &&
         std::ranges::all_of(table.cells(), [&](const v1::CountCell& cell) { return IsAsStated(cell, control); });
}

policy::Table GrainOf(const v1::CountTable& table) {
  return {.topic = table.topic(), .geography = table.geography(), .period = table.period()};
}

}  // namespace

v1::AggregateFacts TablesFor(const v1::AggregateFacts& held, const std::optional<policy::Table>& asked,
                             const policy::Policy& policy) {
  v1::AggregateFacts answer;
  for (const v1::CountTable& table : held.facts()) {
    const policy::Table grain = GrainOf(table);
    const std::optional<policy::Table> wanted = policy::AtLimit(asked.value_or(grain), policy);
    if (wanted.has_value() && *wanted == grain && IsControlled(table, policy)) *answer.add_facts() = table;
  }
  return answer;
}

}  // namespace derwent::agents
