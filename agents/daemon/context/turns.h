#pragma once

#include <vector>

#include "derwent/v1/mailbox.pb.h"

namespace derwent::agents {

// The deliveries of a response in groups that may be handled at once: what one agency sends about one share or request
// is one group, in its order. Nothing is verified yet: who says of a delivery that it is about another's only waits
// with it. The pointers are into `response`.
std::vector<std::vector<const v1::Delivery*>> ByTurn(const v1::CollectResponse& response);

}  // namespace derwent::agents
