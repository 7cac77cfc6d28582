#include "broker/rpc/services.h"
#include "trust/message/timestamp.h"

namespace derwent::rpc {

using exchange::Caller;
using exchange::World;

grpc::ServerUnaryReactor* PolicyService::GetActivePolicy(grpc::CallbackServerContext* context,
                                                         const v1::GetActivePolicyRequest*,
                                                         v1::GetActivePolicyResponse* response) {
  return runner_.Read(context, "GetActivePolicy", [response](const Caller&, const World& world, store::Reader&) {
    response->set_policy_digest(world.bundle->policy_digest);
    response->set_governance_digest(world.bundle->governance_digest);
    response->set_register_digest(world.register_digest.bytes());
    *response->mutable_activate_time() = trust::ToTimestamp(world.policy_time);
    response->set_reload_error(world.reload_error);
    return absl::OkStatus();
  });
}

grpc::ServerUnaryReactor* PolicyService::GetPolicyBundle(grpc::CallbackServerContext* context,
                                                         const v1::GetPolicyBundleRequest* request,
                                                         v1::GetPolicyBundleResponse* response) {
  return runner_.Read(context, "GetPolicyBundle",
                      [request, response](const Caller&, const World& world, store::Reader&) {
                        response->set_policy_digest(world.bundle->policy_digest);
                        response->set_governance_digest(world.bundle->governance_digest);
                        if (request->known_policy_digest() == response->policy_digest() &&
                            request->known_governance_digest() == response->governance_digest())
                          return absl::OkStatus();
                        for (const auto& [path, content] : world.bundle->files) {
                          v1::BundleFile& file = *response->add_files();
                          file.set_path(path);
                          file.set_content(content);
                        }
                        return absl::OkStatus();
                      });
}

}  // namespace derwent::rpc
