#include "policy/engine/table.h"

#include <algorithm>
#include <initializer_list>

namespace derwent::policy {
namespace {

int Rank(std::initializer_list<absl::string_view> grains, absl::string_view grain) {
  const auto* const found = std::find(grains.begin(), grains.end(), grain);
  return found == grains.end() ? -1 : static_cast<int>(found - grains.begin());
}

}  // namespace

int GeographyRank(absl::string_view geography) {
  return Rank({"LSOA", "ward", "district", "county_city", "national"}, geography);
}

int PeriodRank(absl::string_view period) { return Rank({"week", "month", "quarter", "year"}, period); }

std::optional<Table> AtLimit(const Table& table, const Policy& policy) {
  auto limit = policy.table_limits.find(table.topic);
  if (limit == policy.table_limits.end()) limit = policy.table_limits.find("default");
  if (limit == policy.table_limits.end()) return std::nullopt;
  Table coarse = table;
  if (GeographyRank(table.geography) < GeographyRank(limit->second.geography))
    coarse.geography = limit->second.geography;
  if (PeriodRank(table.period) < PeriodRank(limit->second.period)) coarse.period = limit->second.period;
  return coarse;
}

}  // namespace derwent::policy
