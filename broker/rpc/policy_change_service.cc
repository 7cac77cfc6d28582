#include "broker/exchange/command/query_entry.h"
#include "broker/exchange/governance/policy_change.h"
#include "broker/rpc/services.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

grpc::ServerUnaryReactor* PolicyChangeService::ProposePolicy(grpc::CallbackServerContext* context,
                                                             const v1::ProposePolicyRequest* request,
                                                             v1::PolicyChange* response) {
  const Parts& parts = runner_.parts();
  return runner_.Command(
      context, "ProposePolicy", response,
      [request, response, &parts](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
        ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, parts.store->Read());
        ASSIGN_OR_RETURN(exchange::ReadProposal proposal,
                         exchange::ReadProposalOf(*request, world, parts.clock->Now(), *reader));
        return Runner::Rule([request, response, caller, proposal = std::move(proposal)](Batch& batch) {
          response->Clear();
          return exchange::ProposePolicy(caller, *request, proposal, *response, batch);
        });
      });
}

grpc::ServerUnaryReactor* PolicyChangeService::ActivatePolicy(grpc::CallbackServerContext* context,
                                                              const v1::ActivatePolicyRequest* request,
                                                              v1::PolicyChange* response) {
  const Parts& parts = runner_.parts();
  return runner_.Command(
      context, "ActivatePolicy", response,
      [request, response, &parts](const Caller& caller, const World& world) -> absl::StatusOr<Runner::Rule> {
        ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, parts.store->Read());
        ASSIGN_OR_RETURN(exchange::ReadActivation activation,
                         exchange::ReadActivationOf(caller, *request, world, parts.clock->Now(), *reader));
        return Runner::Rule([request, response, caller, activation = std::move(activation)](Batch& batch) {
          response->Clear();
          return exchange::ActivatePolicy(caller, *request, activation, *response, batch);
        });
      },
      [response, &parts](const Caller&, const World& world, store::Reader&) {
        if (response->state() == v1::POLICY_STATE_IN_FORCE)
          parts.metrics->PolicyInForce(world.bundle->policy->digest, false);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* PolicyChangeService::ListPolicyRevisions(grpc::CallbackServerContext* context,
                                                                   const v1::ListPolicyRevisionsRequest*,
                                                                   v1::ListPolicyRevisionsResponse* response) {
  return runner_.Read(context, "ListPolicyRevisions",
                      [response](const Caller&, const World&, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(*response, exchange::ListPolicyRevisions(reader));
                        return absl::OkStatus();
                      });
}

grpc::ServerUnaryReactor* PolicyChangeService::ShadowPolicy(grpc::CallbackServerContext* context,
                                                            const v1::ShadowPolicyRequest* request,
                                                            v1::ShadowPolicyResponse* response) {
  const Parts& parts = runner_.parts();
  return runner_.Command(
      context, "ShadowPolicy", response,
      [request, response](const Caller& caller, const World&) -> absl::StatusOr<Runner::Rule> {
        return Runner::Rule([request, response, caller](Batch& batch) -> absl::Status {
          response->Clear();
          ASSIGN_OR_RETURN(const uint64_t index, exchange::EnterLook(caller, exchange::LookOf(*request), batch));
          response->mutable_receipt()->set_index(index);
          return absl::OkStatus();
        });
      },
      [request, response, &parts](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(v1::ShadowPolicyResponse found,
                         exchange::ShadowPolicy(caller, *request, world, parts.clock->Now(), reader));
        *found.mutable_receipt() = response->receipt();
        *response = std::move(found);
        return absl::OkStatus();
      });
}

}  // namespace derwent::rpc
