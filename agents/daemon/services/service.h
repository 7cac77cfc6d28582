#pragma once

#include <functional>

#include "agents/daemon/desks/desk.h"
#include "agents/daemon/services/door.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace derwent::agents {

// AgentService over gRPC. The synchronous API: its threads are gRPC's own pool and may wait for the broker and the
// disk, as these few local calls do. Every call: peer's certificate, revocation, right, desk, one log line.
class AgentServiceGrpc final : public v1::AgentService::Service {
 public:
  AgentServiceGrpc(Door& door, Desk& desk) : door_(door), desk_(desk) {}

  grpc::Status PushReferral(grpc::ServerContext* call, const v1::PushReferralRequest* request,
                            v1::PushReferralResponse* response) override;
  grpc::Status Withdraw(grpc::ServerContext* call, const v1::WithdrawRequest* request,
                        v1::WithdrawResponse* response) override;
  grpc::Status ListOutbox(grpc::ServerContext* call, const v1::ListOutboxRequest* request,
                          v1::ListOutboxResponse* response) override;
  grpc::Status ListInbox(grpc::ServerContext* call, const v1::ListInboxRequest* request,
                         v1::ListInboxResponse* response) override;
  grpc::Status OpenReferral(grpc::ServerContext* call, const v1::OpenReferralRequest* request,
                            v1::ReceivedReferral* response) override;
  grpc::Status ReportReceived(grpc::ServerContext* call, const v1::ReportReceivedRequest* request,
                              v1::ReportReceivedResponse* response) override;
  grpc::Status ComputeReferences(grpc::ServerContext* call, const v1::ComputeReferencesRequest* request,
                                 v1::ComputeReferencesResponse* response) override;
  grpc::Status Restrict(grpc::ServerContext* call, const v1::RestrictRequest* request,
                        v1::RestrictResponse* response) override;
  grpc::Status GetAgentStatus(grpc::ServerContext* call, const v1::GetAgentStatusRequest* request,
                              v1::AgentStatus* response) override;

 private:
  Door& door_;
  Desk& desk_;
};

// grpc.health.v1 for `` and `derwent.v1.AgentService`: NOT_SERVING while draining; for `system`: while the agency's own
// system cannot be read. Unlike the rest it needs no right: an operator's probe presents any certificate of the
// consortium.
class AgentHealth final : public grpc::health::v1::Health::Service {
 public:
  AgentHealth(std::function<bool()> serving, std::function<bool()> reads_system)
      : serving_(std::move(serving)), reads_system_(std::move(reads_system)) {}
  grpc::Status Check(grpc::ServerContext* call, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override;

 private:
  const std::function<bool()> serving_;
  const std::function<bool()> reads_system_;
};

}  // namespace derwent::agents
