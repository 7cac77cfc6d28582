#include "broker/rpc/runner.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/officer/credentials.h"
#include "broker/exchange/upkeep/sweep.h"
#include "broker/rpc/access.h"
#include "broker/rpc/held_request.h"
#include "broker/rpc/receipts.h"
#include "broker/rpc/rpc_status.h"
#include "broker/rpc/trace.h"

namespace derwent::rpc {

struct Runner::Call {
  grpc::CallbackServerContext* context = nullptr;
  grpc::ServerUnaryReactor* reactor = nullptr;
  std::string method;
  google::protobuf::Message* response = nullptr;
  std::string correlation_id;
  absl::Time start;
  exchange::Caller caller;
  // As it was when the call was last taken up. Shared: outlives a change.
  std::shared_ptr<const exchange::World> world;
  Query after;
  OnRefusal on_refusal;
  // Of a long poll.
  absl::Time poll_until = absl::InfinitePast();
  MailboxWaits* waits = nullptr;
  Prepare prepare;
  std::function<bool()> empty;
  uint64_t wakes_seen = 0;
  bool keeps_credential = false;  // In the commit of this command.
};

namespace {

// A request whose signatures are verified in about the time that a thread takes to wake: 64 KiB.
constexpr size_t kSmall = size_t{64} << 10;

// Of the call's metadata; empty: not told.
absl::string_view Told(const grpc::CallbackServerContext& context, const char* name) {
  const auto found = context.client_metadata().find(name);
  if (found == context.client_metadata().end()) return "";
  return {found->second.data(), found->second.size()};
}

}  // namespace

Runner::CallPtr Runner::Begin(grpc::CallbackServerContext* context, absl::string_view method,
                              google::protobuf::Message* response) {
  auto call = std::make_shared<Call>();
  call->context = context;
  call->reactor = parts_.answers->Expect(*context);
  call->method = std::string(method);
  call->response = response;
  call->correlation_id = CorrelationId(Told(*context, "x-correlation-id"), *parts_.random);
  call->start = parts_.clock->Now();
  context->AddTrailingMetadata("x-correlation-id", call->correlation_id);
  parts_.metrics->Started(method);
  return call;
}

void Runner::End(const CallPtr& call, const absl::Status& status) {
  const absl::Duration took = parts_.clock->Now() - call->start;
  const std::string reason = status.ok() ? "" : ReasonFor(status);
  parts_.metrics->Handled(call->method, absl::StatusCodeToString(status.code()), reason, took);
  const bool ours = absl::IsInternal(status) || absl::IsDataLoss(status) || absl::IsUnknown(status);
  parts_.log->Write(
      status.ok() ? "info"
      : ours      ? "error"
                  : "warning",
      "call",
      {{"method", call->method},
       {"agency", call->caller.agency()},
       {"peer", call->caller.agency().empty() ? "" : std::string(trust::CallerKindName(call->caller.id.kind))},
       {"correlation_id", call->correlation_id},
       {"trace_id", TraceParent(Told(*call->context, "traceparent"))},
       {"status", absl::StatusCodeToString(status.code())},
       {"reason", reason},
       {"duration_ms", absl::StrCat(absl::ToDoubleMilliseconds(took))},
       {"error", ours ? std::string(status.message()) : ""}});
  const std::string newest = parts_.gossip->newest();
  if (!newest.empty()) call->context->AddTrailingMetadata(Gossip::kMetadata, newest);
  if (status.ok())
    parts_.answers->Leaves(call->reactor, {.caller = call->caller, .method = call->method, .world = call->world});
  call->reactor->Finish(ToGrpc(status));
}

bool Runner::Admit(const CallPtr& call) {
  const std::shared_ptr<const exchange::World> world = call->world = parts_.world->Get();
  const absl::Time now = parts_.clock->Now();
  absl::StatusOr<exchange::Caller> caller = authentication_.CallerOf(*call->context, *world, now);
  if (!caller.ok()) {
    End(call, caller.status());  // No agency is known: counted, not entered.
    return false;
  }
  call->caller = *std::move(caller);
  if (const absl::string_view note = Told(*call->context, Gossip::kMetadata); !note.empty()) parts_.gossip->Heard(note);
  const absl::Status may = MayCall(call->caller, call->method, *world, now);
  const absl::Status why = may.ok() ? HeldRequest::ProblemOf(*call->context) : may;
  if (why.ok()) return true;
  absl::IsResourceExhausted(why) ? End(call, why) : Refuse(call, why);
  return false;
}

// A refusal that cannot be entered is not told: the caller hears why the ledger could not take it.
void Runner::Refuse(const CallPtr& call, const absl::Status& why) {
  const absl::Status queued = parts_.sequencer->Enqueue(
      {.run =
           [call, why](exchange::Batch& batch) {
             const absl::Status entered = exchange::EnterRefusedCall(call->caller, call->method, ReasonFor(why), batch);
             return entered.ok() && call->on_refusal != nullptr ? call->on_refusal(why, batch) : entered;
           },
       .done =
           [this, call, why](const absl::Status& entered, std::shared_ptr<const ledger::SealedBatch>) {
             parts_.pool->Finish([this, call, told = entered.ok() ? why : entered] { End(call, told); });
           },
       .new_world = nullptr});
  if (!queued.ok()) End(call, queued);
}

void Runner::Enqueue(const CallPtr& call, Rule rule) {
  const absl::Status queued = parts_.sequencer->Enqueue(
      {.run = [this, call, rule = std::move(rule)](exchange::Batch& batch) -> absl::Status {
         if (call->context->IsCancelled())
           return exchange::Refuse(absl::StatusCode::kCancelled, "CANCELLED", "the caller gave up");
         // What the caller may do is looked at again where the decision is made.
         if (const absl::Status good = Authentication::StillGood(call->caller, batch.world(), batch.now()); !good.ok())
           return good;
         if (const absl::Status may = MayCall(call->caller, call->method, batch.world(), batch.now()); !may.ok())
           return may;
         if (const absl::Status done = rule(batch); !done.ok()) return done;
         call->keeps_credential = batch.wrote() && !kept_credentials_.contains(call->caller.serial);
         return call->keeps_credential ? exchange::KeepCredential(call->caller, batch) : absl::OkStatus();
       },
       .done =
           [this, call](const absl::Status& status, std::shared_ptr<const ledger::SealedBatch> sealed) {
             if (status.ok() && call->keeps_credential) kept_credentials_.insert(call->caller.serial);
             // With nobody behind it the writer answers itself: handing it over would take longer than the answer.
             if (call->after == nullptr && parts_.sequencer->outstanding() <= 1)
               return Committed(call, status, std::move(sealed));
             parts_.pool->Finish([this, call, status, sealed = std::move(sealed)]() mutable {
               Committed(call, status, std::move(sealed));
             });
           },
       .new_world = nullptr,
       .about_ledger = AboutLedger(call->method)});
  if (!queued.ok()) End(call, queued);
}

void Runner::Fail(const CallPtr& call, const absl::Status& why) {
  return IsRefusal(why) ? Refuse(call, why) : End(call, why);
}

void Runner::Committed(const CallPtr& call, absl::Status status, std::shared_ptr<const ledger::SealedBatch> sealed) {
  if (!status.ok()) return Fail(call, status);  // Nothing of the command is there.
  if (call->after != nullptr) {
    absl::StatusOr<std::unique_ptr<store::Reader>> reader = parts_.store->Read();
    status = reader.ok() ? call->after(call->caller, *parts_.world->Get(), **reader) : reader.status();
  }
  if (status.ok() && call->empty != nullptr && call->empty()) return Poll(call);
  if (status.ok())
    status = FillReceipts(*call->response, call->caller.agency(), sealed.get(), *parts_.world->Get(), *parts_.store);
  End(call, status);
}

void Runner::Prepared(const CallPtr& call, const Prepare& prepare) {
  call->world = parts_.world->Get();
  absl::StatusOr<Rule> rule = prepare(call->caller, *call->world);
  if (!rule.ok()) return Refuse(call, rule.status());
  Enqueue(call, *std::move(rule));
}

grpc::ServerUnaryReactor* Runner::Command(grpc::CallbackServerContext* context, const Asked& asked,
                                          google::protobuf::Message* response, Prepare prepare, Query after,
                                          OnRefusal on_refusal) {
  const CallPtr call = Begin(context, asked.method, response);
  call->after = std::move(after);
  call->on_refusal = std::move(on_refusal);
  if (asked.request != nullptr && asked.request->ByteSizeLong() <= kSmall) {
    if (Admit(call)) Prepared(call, prepare);
    return call->reactor;
  }
  const bool taken = parts_.pool->Submit([this, call, prepare = std::move(prepare)] {
    if (Admit(call)) Prepared(call, prepare);
  });
  if (!taken) End(call, exchange::Refuse(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "too many calls wait"));
  return call->reactor;
}

grpc::ServerUnaryReactor* Runner::Read(grpc::CallbackServerContext* context, absl::string_view method, Query query) {
  const CallPtr call = Begin(context, method, nullptr);
  const bool taken = parts_.pool->Submit([this, call, query = std::move(query)] {
    if (!Admit(call)) return;
    absl::StatusOr<std::unique_ptr<store::Reader>> reader = parts_.store->Read();
    const absl::Status read = reader.ok() ? query(call->caller, *parts_.world->Get(), **reader) : reader.status();
    read.ok() ? End(call, read) : Fail(call, read);
  });
  if (!taken) End(call, exchange::Refuse(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "too many calls wait"));
  return call->reactor;
}

grpc::ServerUnaryReactor* Runner::LongPoll(grpc::CallbackServerContext* context, absl::string_view method,
                                           google::protobuf::Message* response, Polling polling, Prepare prepare,
                                           std::function<bool()> empty) {
  const CallPtr call = Begin(context, method, response);
  call->poll_until = call->start + polling.wait;
  call->waits = polling.waits;
  call->prepare = std::move(prepare);
  call->empty = std::move(empty);
  const bool taken = parts_.pool->Submit([this, call] {
    if (!Admit(call)) return;
    call->wakes_seen = call->waits->Wakes(call->caller.agency());
    Prepared(call, call->prepare);
  });
  if (!taken) End(call, exchange::Refuse(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "too many calls wait"));
  return call->reactor;
}

void Runner::Poll(const CallPtr& call) {
  if (parts_.clock->Now() >= call->poll_until) return End(call, absl::OkStatus());
  const auto again = [this, call] {
    parts_.pool->Finish([this, call] {
      call->wakes_seen = call->waits->Wakes(call->caller.agency());
      Prepared(call, call->prepare);
    });
  };
  const bool parked =
      call->waits->Park({.caller = call->caller,
                         .deadline = call->poll_until,
                         .retry = again,
                         .end =
                             [this, call](const absl::Status& status) {
                               parts_.pool->Finish([this, call, status] {
                                 status.ok() || absl::IsUnavailable(status) ? End(call, status) : Refuse(call, status);
                               });
                             },
                         .cancelled = [call] { return call->context->IsCancelled(); }},
                        call->wakes_seen);
  if (!parked) again();
}

}  // namespace derwent::rpc
