#include "broker/rpc/answers_under_way.h"

#include <optional>
#include <utility>

#include "broker/rpc/access.h"
#include "broker/rpc/authentication.h"

namespace derwent::rpc {

class AnswersUnderWay::Reactor final : public grpc::ServerUnaryReactor {
 public:
  Reactor(AnswersUnderWay& answers, grpc::CallbackServerContext& context) : answers_(answers), context_(context) {}

  // The context is there until this returns.
  void OnDone() override {
    {
      const MutexLock lock(answers_.mutex_);
      answers_.leaving_.erase(this);
    }
    delete this;
  }

 private:
  friend class AnswersUnderWay;
  AnswersUnderWay& answers_;
  grpc::CallbackServerContext& context_;
  std::optional<Answer> answer_;
};

grpc::ServerUnaryReactor* AnswersUnderWay::Expect(grpc::CallbackServerContext& context) {
  return new Reactor(*this, context);
}

void AnswersUnderWay::Leaves(grpc::ServerUnaryReactor* reactor, Answer answer) {
  auto* const leaving = static_cast<Reactor*>(reactor);
  const MutexLock lock(mutex_);
  leaving->answer_ = std::move(answer);
  leaving_.insert(leaving);
}

void AnswersUnderWay::Tick(const std::function<bool(const Answer&)>& may_go_on) {
  const MutexLock lock(mutex_);
  // gRPC runs OnDone on a thread of its own, so to cancel under the lock waits for nobody.
  for (Reactor* const leaving : leaving_) {
    if (!may_go_on(*leaving->answer_)) leaving->context_.TryCancel();
  }
}

bool MayGoOn(const Answer& answer, const exchange::World& world, absl::Time now) {
  if (!Authentication::StillGood(answer.caller, world, now).ok()) return false;
  if (!MayCall(answer.caller, answer.method, world, now).ok()) return false;
  return answer.method != "Collect" || (answer.world->policy_digest() == world.policy_digest() &&
                                        answer.world->register_digest == world.register_digest);
}

}  // namespace derwent::rpc
