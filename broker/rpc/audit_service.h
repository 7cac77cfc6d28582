#pragma once

#include "broker/rpc/runner.h"
#include "derwent/v1/audit.grpc.pb.h"

namespace derwent::rpc {

// AuditService: each call is one entry, written before it is answered.
class AuditService final : public v1::AuditService::CallbackService {
 public:
  explicit AuditService(Runner& runner) : runner_(runner) {}
  grpc::ServerUnaryReactor* GetDecision(grpc::CallbackServerContext*, const v1::GetDecisionRequest*,
                                        v1::AuditedDecision*) override;
  grpc::ServerUnaryReactor* ReplayDecisions(grpc::CallbackServerContext*, const v1::ReplayDecisionsRequest*,
                                            v1::ReplayDecisionsResponse*) override;
  grpc::ServerUnaryReactor* ReportBreach(grpc::CallbackServerContext*, const v1::ReportBreachRequest*,
                                         v1::BreachReport*) override;

 private:
  Runner& runner_;
};

}  // namespace derwent::rpc
