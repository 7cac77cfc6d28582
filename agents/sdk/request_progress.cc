#include "agents/sdk/request_progress.h"

#include <algorithm>

namespace derwent::agents {

bool IsOutstanding(const v1::RequestHolder& holder) {
  return holder.state() == v1::HOLDER_STATE_WAITING || holder.state() == v1::HOLDER_STATE_AWAITING_APPROVAL;
}

bool IsOutstanding(const v1::SentRequest& request) {
  const auto& holders = request.holders();
  return request.state() == "QUEUED" || (request.state() == "STORED" && holders.empty()) ||
         std::any_of(holders.begin(), holders.end(),
                     [](const v1::RequestHolder& holder) { return IsOutstanding(holder); });
}

}  // namespace derwent::agents
