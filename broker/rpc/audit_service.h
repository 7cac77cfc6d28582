#pragma once

#include "broker/rpc/bounded_service.h"
#include "broker/rpc/runner.h"
#include "derwent/v1/audit.grpc.pb.h"

namespace derwent::rpc {

// AuditService: each call is one entry, written before it is answered.
class AuditService final : public BoundedService<AuditService, v1::AuditService> {
 public:
  explicit AuditService(Runner& runner) : BoundedService(runner) {
    Bind("GetDecision", &AuditService::GetDecision);
    Bind("ReplayDecisions", &AuditService::ReplayDecisions);
    Bind("ReportBreach", &AuditService::ReportBreach);
  }
  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext*, const v1::GetDecisionRequest*,
                                        v1::AuditedDecision*) override;
  grpc::ServerUnaryReactor* ReplayDecisions(grpc::CallbackServerContext*, const v1::ReplayDecisionsRequest*,
                                            v1::ReplayDecisionsResponse*) override;
  grpc::ServerUnaryReactor* ReportBreach(grpc::CallbackServerContext*, const v1::ReportBreachRequest*,
                                         v1::BreachReport*) override;
};

}  // namespace derwent::rpc
