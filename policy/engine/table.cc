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

const TableLimit* LimitOf(const std::string& topic, const Policy& policy) {
  auto limit = policy.table_limits.find(topic);
  if (limit == policy.table_limits.end()) limit = policy.table_limits.find("default");
  return limit == policy.table_limits.end() ? nullptr : &limit->second;
}

std::optional<Table> AtLimit(const Table& table, const Policy& policy) {
  const TableLimit* const limit = LimitOf(table.topic, policy);
  if (limit == nullptr) return std::nullopt;
  Table coarse = table;
  if (GeographyRank(table.geography) < GeographyRank(limit->geography)) coarse.geography = limit->geography;
  if (PeriodRank(table.period) < PeriodRank(limit->period)) coarse.period = limit->period;
  return coarse;
}

}  // namespace derwent::policy
