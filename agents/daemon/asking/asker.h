#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/context/keyed_lock.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/evidence/upkeep.h"
#include "agents/daemon/sending/postman.h"
#include "agents/daemon/state/request_state.h"
#include "agents/sdk/open.h"
#include "agents/sdk/request_draft.h"
#include "derwent/v1/agent_request.pb.h"
#include "derwent/v1/case.pb.h"

namespace derwent::agents {

// The asker's side of case-data requests. Thread-safe; one request is submitted by one thread at a time.
class Asker {
 public:
  struct Parts {
    RequestState& requests;
    Evidence& evidence;
    Upkeep& upkeep;
    Postman& postman;
  };
  // Borrows everything.
  Asker(const AgentContext& context, const Parts& parts) : context_(context), parts_(parts) {}

  // Plans, seals the selectors, keeps them, then sends them once; what the broker does not answer stays `QUEUED` and is
  // sent again, the same bytes. The same reference with the same request gives what became of it. With `validate_only`
  // it keeps nothing, else the access log says who asked. `acting_person` is set. Errors: kInvalidArgument with every
  // violation; kAborted `REQUEST_ID_REUSED`; kPermissionDenied `ROLE_NOT_ENTITLED`; kUnavailable; kFailedPrecondition
  // `POLICY_MISSING`, `CLOCK_SKEWED`; others of the broker.
  absl::StatusOr<v1::SendCaseRequestResponse> Send(const v1::SendCaseRequestRequest& request) {
    return SendDeclared(request, {});
  }
  // Likewise of a request in an emergency, under its declaration.
  struct Declaration {
    std::string document_reference;  // Its id; empty: there is none.
    absl::Time expire_by = absl::InfiniteFuture();
  };
  absl::StatusOr<v1::SendCaseRequestResponse> SendDeclared(const v1::SendCaseRequestRequest& request,
                                                           const Declaration& declaration);

  // Sends every request that waits: emergencies first, and alone while releases are stopped. Error: kUnavailable when
  // the broker does not answer.
  absl::Status Drain();

  // Whether a verified package answers a request of ours. Error: kInvalidArgument why not.
  absl::Status Judge(const v1::Manifest& answer);
  // What is kept of it, sealed by the caller.
  static v1::OpenedAnswer Kept(const OpenedPackage& opened,
                               const google::protobuf::RepeatedPtrField<v1::Receipt>& receipts);
  static absl::Status Take(const v1::Manifest& answer, Changes& changes);

  absl::StatusOr<v1::SentRequest> Describe(const AskedRow& row);
  // Cases as the broker gave them, read once for a whole list.
  using KnownCases = std::map<std::string, absl::StatusOr<v1::Case>>;
  // Whether a person may know of a request and open its answers: who asked and still holds the role, and the persons of
  // this agency in the case, whom nobody excluded from it. Nobody once the agency is no part of the case. Error:
  // kUnavailable the directories, or the case, are not known yet.
  absl::StatusOr<bool> MaySee(const AskedRow& row, const std::string& person, KnownCases& cases);
  // Answers that `person` may open, in the order in which they came; logged.
  absl::StatusOr<std::vector<v1::OpenedAnswer>> OpenAnswers(const AskedRow& row, const std::string& person);
  // Erases what emergencies brought once they are over; found again after a restart.
  absl::Status EraseOver();
  absl::StatusOr<v1::CancelCaseRequestResponse> Cancel(const AskedRow& row, const std::string& reason);

 private:
  // A request decided and, unless it is refused, sealed.
  struct Prepared {
    AskedRow row;
    v1::SendCaseRequestResponse outcome;
    std::vector<std::pair<std::string, std::string>> manifests;  // By holder.
  };
  absl::StatusOr<RequestDraft> Draft(const v1::SendCaseRequestRequest& request);
  absl::StatusOr<v1::PlanCaseRequestResponse> Plan(const RequestDraft& draft,
                                                   std::shared_ptr<const PolicyCache::View>& view);
  absl::StatusOr<Prepared> Prepare(const RequestDraft& asked, bool seal);
  absl::Status Seal(const RequestDraft& draft, const HolderDecision& decided, const PolicyCache::View& view,
                    absl::Time now, Prepared& prepared);
  absl::StatusOr<v1::SendCaseRequestResponse> SendOnce(Prepared prepared, const std::string& reference,
                                                       const std::string& digest);
  absl::Status Submit(const std::string& request_id);
  const absl::StatusOr<v1::Case>& CaseOf(const std::string& case_id, KnownCases& cases);
  absl::Status EraseAnswers(const AskedRow& row);
  absl::StatusOr<Evidence::Verified> VerifyReceipts(const v1::SubmitCaseRequestRequest& request,
                                                    const v1::SubmitCaseRequestResponse& response);

  const AgentContext& context_;
  const Parts parts_;
  std::atomic<int64_t> erased_to_ = 0;  // Below that row every emergency's answers are erased, since the start.
  KeyedLock sending_;                   // A reference at a time: it is taken once.
  KeyedLock submitting_;                // A request at a time: resends never race.
};

}  // namespace derwent::agents
