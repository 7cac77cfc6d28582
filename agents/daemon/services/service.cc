#include "agents/daemon/services/service.h"

#include "agents/daemon/services/call.h"

namespace derwent::agents {
grpc::Status AgentServiceGrpc::PushReferral(grpc::ServerContext* call, const v1::PushReferralRequest* request,
                                            v1::PushReferralResponse* response) {
  return RunCall(door_, call, "PushReferral", response,
                 [&](const LocalCaller& caller) { return desk_.Push(caller, *request); });
}

grpc::Status AgentServiceGrpc::Withdraw(grpc::ServerContext* call, const v1::WithdrawRequest* request,
                                        v1::WithdrawResponse* response) {
  return RunCall(door_, call, "Withdraw", response,
                 [&](const LocalCaller& caller) { return desk_.Withdraw(caller, *request); });
}

grpc::Status AgentServiceGrpc::ListOutbox(grpc::ServerContext* call, const v1::ListOutboxRequest* request,
                                          v1::ListOutboxResponse* response) {
  return RunCall(door_, call, "ListOutbox", response,
                 [&](const LocalCaller& caller) { return desk_.ListOutbox(caller, *request); });
}

grpc::Status AgentServiceGrpc::ListInbox(grpc::ServerContext* call, const v1::ListInboxRequest* request,
                                         v1::ListInboxResponse* response) {
  return RunCall(door_, call, "ListInbox", response,
                 [&](const LocalCaller& caller) { return desk_.ListInbox(caller, *request); });
}

grpc::Status AgentServiceGrpc::OpenReferral(grpc::ServerContext* call, const v1::OpenReferralRequest* request,
                                            v1::ReceivedReferral* response) {
  return RunCall(door_, call, "OpenReferral", response,
                 [&](const LocalCaller& caller) { return desk_.Open(caller, *request); });
}

grpc::Status AgentServiceGrpc::ReportReceived(grpc::ServerContext* call, const v1::ReportReceivedRequest* request,
                                              v1::ReportReceivedResponse* response) {
  return RunCall(door_, call, "ReportReceived", response,
                 [&](const LocalCaller& caller) { return desk_.Report(caller, *request); });
}

grpc::Status AgentServiceGrpc::ComputeReferences(grpc::ServerContext* call, const v1::ComputeReferencesRequest* request,
                                                 v1::ComputeReferencesResponse* response) {
  return RunCall(door_, call, "ComputeReferences", response,
                 [&](const LocalCaller& caller) { return desk_.References(caller, *request); });
}

grpc::Status AgentServiceGrpc::Restrict(grpc::ServerContext* call, const v1::RestrictRequest* request,
                                        v1::RestrictResponse* response) {
  return RunCall(door_, call, "Restrict", response,
                 [&](const LocalCaller& caller) { return desk_.Restrict(caller, *request); });
}

grpc::Status AgentServiceGrpc::GetAgentStatus(grpc::ServerContext* call, const v1::GetAgentStatusRequest*,
                                              v1::AgentStatus* response) {
  return RunCall(door_, call, "GetAgentStatus", response,
                 [&](const LocalCaller& caller) { return desk_.Status(caller); });
}

grpc::Status AgentHealth::Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request,
                                grpc::health::v1::HealthCheckResponse* response) {
  const std::string& name = request->service();
  if (!name.empty() && name != "derwent.v1.AgentService" && name != "system")
    return {grpc::StatusCode::NOT_FOUND, "no such service"};
  response->set_status((name == "system" ? reads_system_() : serving_())
                           ? grpc::health::v1::HealthCheckResponse::SERVING
                           : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  return grpc::Status::OK;
}

}  // namespace derwent::agents
