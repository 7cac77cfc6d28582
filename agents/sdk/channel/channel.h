#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"

#include "agents/sdk/channel/gossip.h"
#include "agents/sdk/channel/options.h"
#include "agents/sdk/channel/rpc_error.h"

namespace derwent::agents {

// What one call may set for itself.
struct CallOptions {
  absl::Duration timeout = kDefaultCallTimeout;
  std::string correlation_id;  // `x-correlation-id`; empty: a new UUID.
  std::string traceparent;     // W3C trace context to pass on; may be empty.
};

// One mutually authenticated connection to a broker or an agent. Thread-safe; owns nothing that outlives it.
//
// The server must present a certificate of `ca_file` whose SPIFFE id is `peer`. Certificates are read again when their
// files change. gRPC itself retries a call that fails UNAVAILABLE, with back-off, within the call's deadline; nothing
// else is retried, so every mutation carries a request id.
class Channel {
 public:
  // Connects on the first call, not here.
  // Errors: kInvalidArgument target or peer empty or malformed; kNotFound a file is missing; kPermissionDenied
  // unreadable.
  static absl::StatusOr<std::unique_ptr<Channel>> Open(const ChannelOptions& options);

  const std::shared_ptr<grpc::Channel>& grpc() const { return channel_; }
  const std::string& target() const { return target_; }

  // Calls a unary method and waits for its answer: `channel.Call(*stub, &v1::LedgerService::Stub::GetCheckpoint,
  // request)`. A failure keeps the server's details (DescribeRpcError).
  template <typename Stub, typename Request, typename Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request, const CallOptions& options = {}) const {
    grpc::ClientContext context;
    const std::string correlation_id = Prepare(context, options);
    Tell(context);
    Response response;
    const grpc::Status status = (stub.*method)(&context, request, &response);
    Hear(context);
    if (!status.ok()) return ToAbsl(status, correlation_id);
    return response;
  }

  // Sets deadline and headers of a call; returns its correlation id. For callers that make the call themselves.
  static std::string Prepare(grpc::ClientContext& context, const CallOptions& options);
  // From here on calls carry checkpoints. `gossip` must outlive the channel; set it before the first call.
  void SetGossip(Gossip* gossip) { gossip_ = gossip; }
  // Adds what this side knows to a call; takes what the other said at its end. For callers that make the call
  // themselves.
  void Tell(grpc::ClientContext& context) const;
  void Hear(const grpc::ClientContext& context) const;

  // OK stays OK; else code, message and details.
  static absl::Status ToAbsl(const grpc::Status& status, absl::string_view correlation_id);

 private:
  Channel(std::string target, std::shared_ptr<grpc::Channel> channel)
      : target_(std::move(target)), channel_(std::move(channel)) {}

  std::string target_;
  std::shared_ptr<grpc::Channel> channel_;
  Gossip* gossip_ = nullptr;
};

}  // namespace derwent::agents
