#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/sending/rights_teller.h"
#include "agents/daemon/state/request_state.h"
#include "derwent/v1/agent_rights.pb.h"

namespace derwent::agents {

// A person's rights, for the agency's own officers who may `handle_rights`: told to everybody who was given the
// person's data, answered where others tell. Errors as Desk's. Blocks. Thread-safe.
class RightsDesk {
 public:
  RightsDesk(const AgentContext& context, RequestState& requests, RightsTeller& teller)
      : context_(context), requests_(requests), teller_(teller) {}

  absl::StatusOr<v1::TellRightsResponse> Tell(const LocalCaller& caller, const v1::TellRightsRequest& request);
  absl::StatusOr<v1::ListRightsResponse> List(const LocalCaller& caller, const v1::ListRightsRequest& request);
  absl::StatusOr<v1::ShowRightsResponse> Show(const LocalCaller& caller, const v1::ShowRightsRequest& request);
  absl::StatusOr<v1::ReplyRightsResponse> Reply(const LocalCaller& caller, const v1::ReplyRightsRequest& request);
  absl::StatusOr<v1::AllowRestrictedResponse> Allow(const LocalCaller& caller,
                                                    const v1::AllowRestrictedRequest& request);

 private:
  // What was given of the person, or of what the event that it passes on is about, as far as it went.
  absl::StatusOr<std::vector<GivenRow>> FindGiven(const v1::TellRightsRequest& request,
                                                  const std::vector<std::string>& known_by);
  absl::StatusOr<bool> WentOut(const std::string& share_id);
  absl::StatusOr<v1::RightsShown> Describe(const std::string& event_id);
  absl::Status AddOnward(const RightsRow& row, const std::vector<RightsRow>& passed_on, v1::RightsShown& shown);

  const AgentContext& context_;
  RequestState& requests_;
  RightsTeller& teller_;
};

}  // namespace derwent::agents
