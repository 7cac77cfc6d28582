#pragma once

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/sending/held_back.h"
#include "agents/daemon/sending/postman.h"

namespace derwent::agents {

// Ends what an own share took the place of, once it is stored: who had the older version and does not get the later one
// is told to delete it, as is who had what was added to it; what of it waited for agreement goes no more. Repeated
// after a crash, nobody is told twice. Thread-safe.
class Supersessions {
 public:
  // Borrows everything.
  Supersessions(const AgentContext& context, HeldBack& held_back, Postman& postman)
      : context_(context), held_back_(held_back), postman_(postman) {}

  // Queues what is to be said; the postman sends it. Error: the first failure; the rest was tried.
  absl::Status Work();

 private:
  absl::Status Finish(const Supersession& supersession);
  // Of a share of the same referral and profile as the older one, which went after it or waits.
  absl::Status EndAddition(const OutboxRow& share);
  absl::Status WithdrawFrom(const std::vector<std::string>& recipients, const OutboxRow& share, uint32_t version);

  const AgentContext& context_;
  HeldBack& held_back_;
  Postman& postman_;
};

}  // namespace derwent::agents
