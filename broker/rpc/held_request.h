#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/message_allocator.h"

#include "broker/rpc/request_room.h"
#include "grpc/byte_buffer.h"

namespace derwent::rpc {

// What is known of a call's request beside its message, for as long as gRPC holds that.
class HeldRequest {
 public:
  HeldRequest() = default;
  virtual ~HeldRequest() {
    if (room_ != nullptr) room_->Give(octets_);
  }
  HeldRequest(const HeldRequest&) = delete;
  HeldRequest& operator=(const HeldRequest&) = delete;

  // Looks at the octets before they are read: how many they are, of how many parts, and whether there is room. When
  // they may not be read `problem` says why, and the octets are to be put aside for none.
  void Look(grpc_byte_buffer* octets, const google::protobuf::Descriptor& type, size_t most, RequestRoom& room);
  // The octets are no such message.
  void Unreadable();
  // kInvalidArgument `PAYLOAD_REJECTED`; kResourceExhausted `QUEUE_FULL`. The request is then empty.
  const absl::Status& problem() const { return problem_; }

  // Why this call's request was not read; OK where it was.
  static absl::Status ProblemOf(grpc::CallbackServerContext& context);

 private:
  absl::Status problem_;
  RequestRoom* room_ = nullptr;
  size_t octets_ = 0;
};

// Gives each call of a method one arena for its request and response: both are made of many small parts, taken there in
// passing and given back all at once when the call is over.
template <typename Request, typename Response>
class OnArena final : public grpc::MessageHolder<Request, Response>, public HeldRequest {
 public:
  OnArena() {
    this->set_request(google::protobuf::Arena::CreateMessage<Request>(&arena_));
    this->set_response(google::protobuf::Arena::CreateMessage<Response>(&arena_));
  }
  void Release() override { delete this; }

 private:
  google::protobuf::Arena arena_;
};

template <typename Request, typename Response>
class Plainly final : public grpc::MessageHolder<Request, Response>, public HeldRequest {
 public:
  Plainly() {
    this->set_request(&request_);
    this->set_response(&response_);
  }
  void Release() override { delete this; }

 private:
  Request request_;
  Response response_;
};

}  // namespace derwent::rpc
