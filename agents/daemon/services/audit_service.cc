#include "agents/daemon/services/audit_service.h"

#include "agents/daemon/services/call.h"

namespace derwent::agents {

grpc::Status AgentAuditServiceGrpc::ListEvidence(grpc::ServerContext* call, const v1::ListEvidenceRequest* request,
                                                 v1::ListEvidenceResponse* response) {
  return RunCall(door_, call, "ListEvidence", response,
                 [&](const LocalCaller& caller) { return desk_.ListEvidence(caller, *request); });
}

grpc::Status AgentAuditServiceGrpc::ListOpenings(grpc::ServerContext* call, const v1::ListOpeningsRequest* request,
                                                 v1::ListOpeningsResponse* response) {
  return RunCall(door_, call, "ListOpenings", response,
                 [&](const LocalCaller& caller) { return desk_.ListOpenings(caller, *request); });
}

grpc::Status AgentAuditServiceGrpc::FindReceived(grpc::ServerContext* call, const v1::FindReceivedRequest* request,
                                                 v1::FindReceivedResponse* response) {
  return RunCall(door_, call, "FindReceived", response,
                 [&](const LocalCaller& caller) { return desk_.FindReceived(caller, *request); });
}

grpc::Status AgentAuditServiceGrpc::FindCredential(grpc::ServerContext* call, const v1::FindCredentialRequest* request,
                                                   v1::FindCredentialResponse* response) {
  return RunCall(door_, call, "FindCredential", response,
                 [&](const LocalCaller& caller) { return desk_.FindCredential(caller, *request); });
}

grpc::Status AgentAuditServiceGrpc::SignExport(grpc::ServerContext* call, const v1::SignExportRequest* request,
                                               v1::SignExportResponse* response) {
  return RunCall(door_, call, "SignExport", response,
                 [&](const LocalCaller& caller) { return desk_.SignExport(caller, *request); });
}

}  // namespace derwent::agents
