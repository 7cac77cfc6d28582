#pragma once

#include "derwent/v1/record.pb.h"

// Tables of counts in an agency's own system: what it holds of nobody in particular.

namespace derwent::agents {

// Whether the record holds counts and says nothing else: it is of nobody.
bool HoldsCountsAlone(const v1::CaseRecord& record);

// Tables put together of their rows: what has one topic, grain and statement of control is one table.
v1::AggregateFacts TablesOf(const v1::AggregateFacts& rows);

}  // namespace derwent::agents
