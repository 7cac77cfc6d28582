#pragma once

#include <optional>

#include "derwent/v1/record.pb.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"

// Tables of counts: what an agency holds of nobody in particular.

namespace derwent::agents {

// Of the tables `held` those that answer: of the topic asked, at the grain asked or, where that is finer than the
// policy's limit, at the limit; where none is asked, those no finer than their limits. One whose statement of
// disclosure control is not whole, or controls less than the policy's least for its topic, or whose cells are not as it
// says, never answers (domain brief E.2).
v1::AggregateFacts TablesFor(const v1::AggregateFacts& held, const std::optional<policy::Table>& asked,
                             const policy::Policy& policy);

}  // namespace derwent::agents
