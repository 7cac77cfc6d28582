#include "broker/rpc/audit_service.h"

#include <memory>
#include <string>

#include "broker/exchange/officer/audit.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::CheckedAudit;
using exchange::World;

// One query: checked, entered, then answered from what is committed.
template <typename Response, typename Check, typename Answer>
grpc::ServerUnaryReactor* Run(Runner& runner, grpc::CallbackServerContext* context, const char* method,
                              Response* response, Check check, Answer answer) {
  struct Query {
    CheckedAudit audit;
    uint64_t entry = 0;
  };
  const auto query = std::make_shared<Query>();  // Shared between the rule and what follows its commit.
  const auto prepare = [query, check](const Caller& caller, const World&) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(query->audit, check(caller));
    return Runner::Rule([caller, query](Batch& batch) -> absl::Status {
      ASSIGN_OR_RETURN(query->entry, exchange::EnterPage(caller, query->audit.look, query->audit.token, batch));
      return absl::OkStatus();
    });
  };
  return runner.Command(
      context, method, response, prepare,
      [query, response, answer](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(*response, answer(caller, query->audit, query->entry, world, reader));
        return absl::OkStatus();
      });
}

}  // namespace

grpc::ServerUnaryReactor* AuditService::GetDecision(grpc::CallbackServerContext* context,
                                                    const v1::GetDecisionRequest* request,
                                                    v1::AuditedDecision* response) {
  return Run(
      runner_, context, "GetDecision", response,
      [request](const Caller&) { return exchange::CheckGetDecision(*request); }, exchange::GetDecision);
}

grpc::ServerUnaryReactor* AuditService::ReplayDecisions(grpc::CallbackServerContext* context,
                                                        const v1::ReplayDecisionsRequest* request,
                                                        v1::ReplayDecisionsResponse* response) {
  return Run(
      runner_, context, "ReplayDecisions", response,
      [request](const Caller& caller) { return exchange::CheckReplay(caller, *request); }, exchange::ReplayDecisions);
}

grpc::ServerUnaryReactor* AuditService::ReportBreach(grpc::CallbackServerContext* context,
                                                     const v1::ReportBreachRequest* request,
                                                     v1::BreachReport* response) {
  return Run(
      runner_, context, "ReportBreach", response,
      [request](const Caller& caller) { return exchange::CheckBreach(caller, *request); },
      [tagger = runner_.parts().tagger](const Caller&, const CheckedAudit& audit, uint64_t entry, const World&,
                                        store::Reader& reader) {
        return exchange::ReportBreach(audit, entry, *tagger, reader);
      });
}

}  // namespace derwent::rpc
