#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/evidence/evidence.h"
#include "derwent/v1/rights.pb.h"
#include "derwent/v1/rights_service.pb.h"

namespace derwent::agents {

// A rights event to be told: to whom, of what.
struct RightsEventToTell {
  std::string event_id;
  v1::RightsEventType type = v1::RIGHTS_EVENT_TYPE_UNSPECIFIED;
  std::string acting_person, acting_role;
  std::vector<std::string> references;  // Of the person; for the broker alone.
  std::vector<std::string> categories;  // Sorted; empty: all.
  std::string because;                  // The event of another agency that it passes on; empty: an own one.
  std::vector<GivenRow> given;          // Categories already narrowed to those concerned.
};

// Signs, keeps and sends what this agency says about rights: notices of its own events, answers to others'. What is
// kept is sent until the broker answers, as the same octets. Thread-safe.
class RightsTeller {
 public:
  RightsTeller(const AgentContext& context, Evidence& evidence) : context_(context), evidence_(evidence) {}

  // Tells everybody of it, whole: who turns out never to have had a share is left out. Errors: of the broker, when
  // nothing was told and nothing is kept; kNotFound `SHARE_UNKNOWN` nobody had it; kFailedPrecondition policy refuses
  // it; kUnavailable it is kept, and sent by Drain.
  absl::Status Tell(const RightsEventToTell& event);
  // Answers one notice of another agency. Errors: of the broker; kUnavailable as Tell.
  absl::Status Answer(RightsRow row, v1::RightsOutcome outcome, const std::string& reason, const std::string& person);
  // Sends what is kept. Error: kUnavailable the broker does not answer.
  absl::Status Drain();

 private:
  absl::StatusOr<v1::NotifyRightsRequest> Sign(const RightsEventToTell& event) const;
  absl::Status Keep(const v1::NotifyRightsRequest& request);
  absl::Status SendNotices(v1::NotifyRightsRequest request);
  absl::Status TakeReceipts(const v1::NotifyRightsRequest& request, const v1::NotifyRightsResponse& response);
  absl::Status SendAnswer(const v1::AnswerRightsRequest& request);

  const AgentContext& context_;
  Evidence& evidence_;
  Mutex sending_;  // One call at a time: what is kept of an event is what was sent last.
};

}  // namespace derwent::agents
