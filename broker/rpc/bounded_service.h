#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "grpcpp/impl/codegen/server_callback_handlers.h"
#include "grpcpp/support/server_callback.h"

#include "broker/rpc/held_request.h"
#include "broker/rpc/request_bounds.h"
#include "broker/rpc/runner.h"
#include "grpc/byte_buffer.h"

namespace derwent::rpc {

// A method whose request's octets are looked at before they are read. gRPC 1.51 has one limit for a server's methods
// alike, and refuses what it cannot read as UNIMPLEMENTED without a reason; here the runner tells both, as any refusal.
template <typename Request, typename Response, typename Holder>
class BoundedMethod final : public grpc::internal::MethodHandler {
 public:
  using Call = std::function<grpc::ServerUnaryReactor*(grpc::CallbackServerContext*, const Request*, Response*)>;

  BoundedMethod(size_t most_octets, RequestRoom& room, Call call)
      : most_octets_(most_octets), room_(room), inner_(std::move(call)) {
    inner_.SetMessageAllocator(&messages_);
  }

  void RunHandler(const HandlerParameter& parameter) override { inner_.RunHandler(parameter); }

  // Takes `octets`. The holder of the message goes into `holder`; the status is OK: what is wrong is in the holder.
  void* Deserialize(grpc_call* call, grpc_byte_buffer* octets, grpc::Status* status, void** holder) override {
    auto looked = std::make_unique<Holder>();
    looked->Look(octets, *Request::descriptor(), most_octets_, room_);
    Holder* const held = looked.get();
    messages_.Next(std::move(looked));
    if (!held->problem().ok()) {
      grpc_byte_buffer_destroy(octets);
      octets = grpc_raw_byte_buffer_create(nullptr, 0);
    }
    inner_.Deserialize(call, octets, status, holder);
    if (!status->ok()) {
      held->request()->Clear();
      held->Unreadable();
      *status = grpc::Status::OK;
    }
    return held->request();
  }

 private:
  // Gives gRPC the holder that was just looked at: both happen on one thread, one after the other.
  class Messages final : public grpc::MessageAllocator<Request, Response> {
   public:
    static void Next(std::unique_ptr<Holder> holder) { next_ = std::move(holder); }
    grpc::MessageHolder<Request, Response>* AllocateMessages() override { return next_.release(); }

   private:
    static thread_local inline std::unique_ptr<Holder> next_;
  };

  const size_t most_octets_;
  RequestRoom& room_;
  Messages messages_;
  grpc::internal::CallbackUnaryHandler<Request, Response> inner_;
};

// A service of the contract; each of its methods is bound in its constructor.
template <typename Service, typename Contract>
class BoundedService : public Contract::CallbackService {
 protected:
  explicit BoundedService(Runner& runner) : runner_(runner) {}

  template <typename Request, typename Response>
  using Call = grpc::ServerUnaryReactor* (Service::*)(grpc::CallbackServerContext*, const Request*, Response*);

  template <typename Request, typename Response>
  void Bind(const char* method, Call<Request, Response> call) {
    BindAs<Request, Response, Plainly<Request, Response>>(method, call);
  }
  template <typename Request, typename Response>
  void BindOnArena(const char* method, Call<Request, Response> call) {
    BindAs<Request, Response, OnArena<Request, Response>>(method, call);
  }

  Runner& runner_;

 private:
  template <typename Request, typename Response, typename Holder>
  void BindAs(const char* method, Call<Request, Response> call) {
    const google::protobuf::MethodDescriptor* const found =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            absl::StrCat(Contract::service_full_name(), ".", method));
    const Parts& parts = runner_.parts();
    this->MarkMethodCallback(
        found->index(),
        new BoundedMethod<Request, Response, Holder>(  // Its service owns it.
            MostOctets(method, parts.share_octets), *parts.room,
            [this, call](grpc::CallbackServerContext* context, const Request* request, Response* response) {
              return (static_cast<Service*>(this)->*call)(context, request, response);
            }));
  }
};

}  // namespace derwent::rpc
