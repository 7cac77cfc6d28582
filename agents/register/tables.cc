#include "agents/register/tables.h"

#include <algorithm>

namespace derwent::agents {
namespace {

bool SameControl(const v1::DisclosureControl& a, const v1::DisclosureControl& b) {
  return a.primary_threshold() == b.primary_threshold() && a.round_to() == b.round_to() &&
         a.secondary_suppression() == b.secondary_suppression() && a.linkage_checked() == b.linkage_checked() &&
         a.approved_by() == b.approved_by();
}

bool IsOf(const v1::CountTable& table, const v1::CountTable& row) {
  return table.topic() == row.topic() && table.geography() == row.geography() && table.period() == row.period() &&
         SameControl(table.control(), row.control());
}

}  // namespace

bool HoldsCountsAlone(const v1::CaseRecord& record) {
  v1::CaseRecord rest = record;
  rest.clear_record_ref();
  rest.clear_aggregate();
  return !record.aggregate().facts().empty() && rest.ByteSizeLong() == 0;
}

v1::AggregateFacts TablesOf(const v1::AggregateFacts& rows) {
  v1::AggregateFacts tables;
  for (const v1::CountTable& row : rows.facts()) {
    auto& whole = *tables.mutable_facts();
    const auto table = std::ranges::find_if(whole, [&](const v1::CountTable& other) { return IsOf(other, row); });
    if (table == whole.end())
      *tables.add_facts() = row;
    else
      table->mutable_cells()->MergeFrom(row.cells());
  }
  return tables;
}

}  // namespace derwent::agents
