#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/fresh_look.h"
#include "agents/daemon/context/keyed_lock.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/evidence/upkeep.h"
#include "agents/daemon/holding/record_source.h"
#include "agents/daemon/sending/asked_approvals.h"
#include "agents/daemon/sending/postman.h"
#include "agents/daemon/state/request_state.h"
#include "agents/sdk/answer.h"
#include "agents/sdk/open.h"
#include "derwent/v1/agent_request.pb.h"

namespace derwent::agents {

// The holder's side of case-data requests: looks up, decides, asks its approvers, answers. Each time anything is
// decided, the record is looked up and everything decided afresh; nothing of the record is kept. Thread-safe.
//
// Where existence is secret, whatever is found or said, one answer of one size goes out at the slot; it is made a
// moment before, so that what it takes to make it is not seen. What is agreed later follows as a supplement, what is
// not is silence. Whatever goes wrong with what is held, the neutral answer goes in the slot: only this agency's own
// officer is told (`ANSWER_NOT_MADE`, `ANSWER_NOT_TAKEN`). Where not even that can be sealed, for want of a key of the
// asker, it is tried until the request's time is over.
class Holder {
 public:
  struct Parts {
    RequestState& requests;
    Evidence& evidence;
    Upkeep& upkeep;
    Postman& postman;
    const RecordSource& records;
  };
  // Borrows everything.
  Holder(const AgentContext& context, const Parts& parts) : context_(context), parts_(parts) {}

  // What is to be done of a verified selector, to be kept with it. Nobody is looked up yet: whom the agency holds, and
  // whether its records can be read, must not show in when a selector is taken.
  absl::StatusOr<HeldRow> Take(const v1::Manifest& selector);
  // The asker took the request back.
  absl::Status Cancelled(const std::string& request_id);
  // A person's signed answer to an approval asked here. Errors: of TakeSigned; kNotFound.
  absl::Status TakeApproval(const v1::SignedApproval& approval, const ApprovalRow& row);

  // Makes what is due: answers, supplements, questions to approvers. Error: the first failure; the rest was tried.
  absl::Status Work();
  // Sends answers whose slot has come, those of emergencies first; others wait while releases are stopped. Error:
  // kUnavailable when the broker does not answer.
  absl::Status Drain();

  // What an approval would release, as it stands now.
  absl::StatusOr<ApprovalPreview> PreviewOf(const ApprovalRow& approval);
  absl::StatusOr<v1::HeldRequest> Describe(const HeldRow& row) const;

 private:
  // One request as it stands: what was asked, what is held, what was said.
  struct Standing {
    HeldRow row;
    v1::HeldRequest details;
    InboxRow received;
    Inquiry inquiry;
    std::optional<v1::CaseRecord> record;
    std::vector<KnownAs> about;  // Whom the record is of, as restrictions know them.
    AnswerDecision decision;
    std::vector<ApprovalRow> approvals;
    std::string policy_digest;
    absl::Time answer_time;  // InfinitePast: when it is ready.
    absl::Time expire_time;
    bool first_look = false;  // Its person was looked for just now: what came of it is kept with the rest.
  };
  absl::StatusOr<Standing> Load(const HeldRow& row, const InboxRow& received);
  // Finds the record, decides by it, and what was said of that.
  absl::Status LookUp(Standing& standing);
  absl::Status FindRecord(Standing& standing, bool& vetoed);
  void KeepMatch(Standing& standing) const;
  // Under the policy in force, by the record that stands; none: nobody is held.
  absl::Status Decide(Standing& standing);
  absl::StatusOr<std::optional<v1::CaseRecord>> RecordFor(const v1::Manifest& selector,
                                                          const std::vector<v1::UnitContent>& units);
  absl::Status WorkOn(const HeldRow& row);
  absl::Status Proceed(Standing& standing);
  // What is to be done of a request with which something went wrong. Error: `fault`, where nothing is secret.
  absl::Status InSpiteOf(const absl::Status& fault, const HeldRow& row, const InboxRow& received);
  // The answer of one who holds nobody, whatever is held; once it is given the request is looked at again at
  // `next_time`.
  absl::Status AnswerNeutrally(Standing& standing, absl::Time next_time);
  // Whether existence is secret and the answer is to be made now.
  bool IsDueSilently(const Standing& standing) const;
  absl::Status Expire(Standing& standing);
  absl::Status AskApprovers(Standing& standing);
  // When something is to be done about what its approvers were asked, or the request ends.
  absl::Time NextOf(const Standing& standing) const;
  absl::Status Answer(Standing& standing, const Verdicts& verdicts);
  absl::Status Supplement(Standing& standing, const Verdicts& verdicts);
  absl::Time FollowsFrom(const Standing& standing) const;
  // An answer or supplement, sealed.
  struct Sealed {
    AnswerRow row;
    std::string manifest;  // As it is signed.
  };
  absl::StatusOr<Sealed> Seal(const Standing& standing, v1::PackageKind kind, const PackageRecipient& reply,
                              absl::Time create_time);
  // Keeps what became of each category with the answer made of it. `silently`: lines that did not fit the answer
  // follow.
  absl::Status Settle(Standing& standing, const Verdicts& verdicts, const std::optional<Sealed>& answer, bool silently);
  absl::Status KeepGiven(const Standing& standing, const AnswerRow& answer, std::set<std::string> given);
  absl::Status Save(const Standing& standing, absl::Time next_time, const std::optional<Sealed>& answer);
  absl::Status Submit(const AnswerRow& row);
  // Whether a finished answer must not go any more.
  absl::StatusOr<bool> IsStopped(const AnswerRow& row);
  absl::Status Refused(const AnswerRow& row, const v1::SubmitCaseAnswerRequest& request, const std::string& reason);
  // The details say from now on what becomes of the request whose answer was refused; true: one is made afresh.
  bool MakesAfresh(const AnswerRow& row, const v1::Manifest& manifest, const std::string& reason,
                   v1::HeldRequest& details) const;
  absl::Status Stored(const AnswerRow& row, const Evidence::Verified& receipts);

  // Whether anything asked is still undecided.
  static bool IsOpen(const v1::HeldRequest& details);
  static bool IsPending(const v1::HeldRequest& details, const std::string& category);

  const AgentContext& context_;
  const Parts parts_;
  FreshLook fresh_look_;
  KeyedLock working_;  // A request at a time: what is decided of it follows what was said of it.
};

}  // namespace derwent::agents
