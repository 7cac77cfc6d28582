#pragma once

#include "agents/daemon/desks/audit_desk.h"
#include "agents/daemon/services/door.h"
#include "derwent/v1/agent_audit.grpc.pb.h"

namespace derwent::agents {

// AgentAuditService over gRPC, as AgentServiceGrpc.
class AgentAuditServiceGrpc final : public v1::AgentAuditService::Service {
 public:
  AgentAuditServiceGrpc(Door& door, AuditDesk& desk) : door_(door), desk_(desk) {}

  grpc::Status ListEvidence(grpc::ServerContext* call, const v1::ListEvidenceRequest* request,
                            v1::ListEvidenceResponse* response) override;
  grpc::Status ListOpenings(grpc::ServerContext* call, const v1::ListOpeningsRequest* request,
                            v1::ListOpeningsResponse* response) override;
  grpc::Status FindReceived(grpc::ServerContext* call, const v1::FindReceivedRequest* request,
                            v1::FindReceivedResponse* response) override;
  grpc::Status FindCredential(grpc::ServerContext* call, const v1::FindCredentialRequest* request,
                              v1::FindCredentialResponse* response) override;
  grpc::Status SignExport(grpc::ServerContext* call, const v1::SignExportRequest* request,
                          v1::SignExportResponse* response) override;

 private:
  Door& door_;
  AuditDesk& desk_;
};

}  // namespace derwent::agents
