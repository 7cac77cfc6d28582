#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/world.h"
#include "trust/base/mutex.h"

namespace derwent::rpc {

// What an answer rests on that may end while its octets still leave.
struct Answer {
  exchange::Caller caller;
  std::string method;
  std::shared_ptr<const exchange::World> world;  // That it was given under. Shared: it outlives a change of it.
};

// Answers that were given and have not wholly left: of a large one gRPC sends as much as its reader takes, so a slow
// reader draws it out. A ticker ends those that may not go on; what lies in the kernel's buffers is beyond recall.
// Thread-safe. Must outlive the server.
class AnswersUnderWay {
 public:
  // The reactor of a call. gRPC deletes it when the call is over.
  grpc::ServerUnaryReactor* Expect(grpc::CallbackServerContext& context);
  // That answer leaves now, before `Finish`. `reactor` is one of Expect.
  void Leaves(grpc::ServerUnaryReactor* reactor, Answer answer);
  // Ends those for which `may_go_on` is false: their readers get CANCELLED.
  void Tick(const std::function<bool(const Answer&)>& may_go_on);

 private:
  class Reactor;

  Mutex mutex_;
  absl::flat_hash_set<Reactor*> leaving_ GUARDED_BY(mutex_);
};

// Whether it may go on under the world of now: its caller is still good and may still call it, and what is taken from a
// mailbox was decided under the policy and the registers in force.
bool MayGoOn(const Answer& answer, const exchange::World& world, absl::Time now);

}  // namespace derwent::rpc
