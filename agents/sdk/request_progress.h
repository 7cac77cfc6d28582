#pragma once

#include "derwent/v1/agent_request.pb.h"

namespace derwent::agents {

// Whether something is still to come of a request: it was not sent yet, or a holder's part is not settled. Where
// existence is secret this rests on nothing that hangs on the person.
bool IsOutstanding(const v1::RequestHolder& holder);
bool IsOutstanding(const v1::SentRequest& request);

}  // namespace derwent::agents
