#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "agents/daemon/context/config.h"
#include "agents/daemon/daemon.h"
#include "agents/sdk/broker/grpc_broker.h"
#include "agents/sdk/channel/channel.h"

namespace derwent::testing {

// The machine's clock, moved by a test.
class MovedClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now() + moved_; }
  void Move(absl::Duration by) { moved_ += by; }

 private:
  absl::Duration moved_;
};

// A broker that a test lets lie: everything goes to the real one, and what is set here changes requests or answers.
class LyingBroker final : public agents::Broker {
 public:
  explicit LyingBroker(agents::Broker& real) : real_(real) {}

  absl::Status refuse_plan;
  std::function<void(v1::PlanReferralResponse&)> on_plan;
  absl::Status refuse_submit;
  std::function<void(v1::SubmitReferralRequest&)> before_submit;
  std::function<absl::Status(absl::StatusOr<v1::SubmitReferralResponse>&)> on_submit;
  std::function<void(v1::SubmitCaseRequestRequest&)> before_request;
  absl::Status refuse_answer;
  std::function<absl::Status(const v1::SubmitCaseAnswerRequest&)> refuse_answer_by;  // Error: it is refused so.
  std::function<void(v1::SubmitCaseAnswerRequest&)> before_answer;
  absl::Status refuse_question;
  absl::Status refuse_restriction;
  std::function<absl::Status(absl::StatusOr<v1::ApplyRestrictionResponse>&)> on_restriction;
  std::function<void(v1::CollectResponse&)> on_collect;
  std::function<bool(const v1::AcknowledgeRequest&)> swallow_acknowledge;
  std::function<void(v1::AgencyKeys&)> on_keys;
  std::function<absl::Status(const v1::ReportProgressRequest&)> refuse_progress;
  std::function<void(v1::ListDirectoriesResponse&)> on_directories;
  absl::Status refuse_checkpoint;
  std::function<void(v1::GetCheckpointResponse&)> on_checkpoint;
  absl::Status refuse_proof;
  // In place of the real broker's.
  std::function<absl::StatusOr<v1::GetConsistencyProofResponse>(const v1::GetConsistencyProofRequest&)> consistency;
  // In place of the real broker's, which asks nobody to cosign here.
  std::function<absl::StatusOr<v1::GetInclusionProofResponse>(const v1::GetInclusionProofRequest&)> inclusion;
  // In place of the real broker's, which wants no witness here.
  std::function<v1::NextCheckpointResponse(const v1::NextCheckpointRequest&)> next_checkpoint;
  std::function<void(const v1::AddCosignatureRequest&)> on_cosignature;
  std::function<void(v1::ListOwnEntriesResponse&)> on_own_entries;
  std::function<void(v1::ListEmergenciesResponse&)> on_emergencies;
  std::function<void(v1::ListErasuresResponse&)> on_erasures;
  absl::Status refuse_rights;         // Notices and answers.
  std::vector<std::string> notified;  // Octets of every call that was to tell.

  absl::StatusOr<v1::PlanReferralResponse> Plan(const v1::PlanReferralRequest& r) override {
    if (!refuse_plan.ok()) return refuse_plan;
    return Changed(real_.Plan(r), on_plan);
  }
  absl::StatusOr<v1::SubmitReferralResponse> Submit(const v1::SubmitReferralRequest& r) override {
    if (!refuse_submit.ok()) return refuse_submit;
    v1::SubmitReferralRequest sent = r;
    if (before_submit) before_submit(sent);
    absl::StatusOr<v1::SubmitReferralResponse> answer = real_.Submit(sent);
    if (on_submit) {
      if (const absl::Status lost = on_submit(answer); !lost.ok()) return lost;
    }
    return answer;
  }
  absl::StatusOr<v1::Referral> GetReferral(const v1::GetReferralRequest& r) override { return real_.GetReferral(r); }
  absl::StatusOr<v1::ReportProgressResponse> ReportProgress(const v1::ReportProgressRequest& r) override {
    if (refuse_progress) {
      if (const absl::Status refused = refuse_progress(r); !refused.ok()) return refused;
    }
    return real_.ReportProgress(r);
  }
  absl::StatusOr<v1::WithdrawReferralResponse> Withdraw(const v1::WithdrawReferralRequest& r) override {
    return real_.Withdraw(r);
  }
  absl::StatusOr<v1::SendNoticeResponse> SendNotice(const v1::SendNoticeRequest& r) override {
    return real_.SendNotice(r);
  }
  absl::StatusOr<v1::CollectResponse> Collect(const v1::CollectRequest& r) override {
    return Changed(real_.Collect(r), on_collect);
  }
  void StopWaiting() override {}  // Driven step by step: nothing waits.
  absl::StatusOr<v1::AcknowledgeResponse> Acknowledge(const v1::AcknowledgeRequest& r) override {
    if (swallow_acknowledge && swallow_acknowledge(r)) return v1::AcknowledgeResponse();
    return real_.Acknowledge(r);
  }
  absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const v1::GetAgencyKeysRequest& r) override {
    return Changed(real_.GetAgencyKeys(r), on_keys);
  }
  absl::StatusOr<v1::PublishKeyEventResponse> PublishKeyEvent(const v1::PublishKeyEventRequest& r) override {
    return real_.PublishKeyEvent(r);
  }
  absl::StatusOr<v1::GetPolicyBundleResponse> GetPolicyBundle(const v1::GetPolicyBundleRequest& r) override {
    return real_.GetPolicyBundle(r);
  }
  absl::StatusOr<v1::ApplyDirectoryResponse> ApplyDirectory(const v1::ApplyDirectoryRequest& r) override {
    return real_.ApplyDirectory(r);
  }
  absl::StatusOr<v1::ApplyRestrictionResponse> ApplyRestriction(const v1::ApplyRestrictionRequest& r) override {
    if (!refuse_restriction.ok()) return refuse_restriction;
    absl::StatusOr<v1::ApplyRestrictionResponse> answer = real_.ApplyRestriction(r);
    if (on_restriction) {
      if (const absl::Status lost = on_restriction(answer); !lost.ok()) return lost;
    }
    return answer;
  }
  absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& r) override {
    return Changed(real_.ListDirectories(r), on_directories);
  }
  absl::StatusOr<v1::ListErasuresResponse> ListErasures(const v1::ListErasuresRequest& r) override {
    return Changed(real_.ListErasures(r), on_erasures);
  }
  absl::StatusOr<v1::AttestErasureResponse> AttestErasure(const v1::AttestErasureRequest& r) override {
    return real_.AttestErasure(r);
  }
  absl::StatusOr<v1::NotifyRightsResponse> NotifyRights(const v1::NotifyRightsRequest& r) override {
    notified.push_back(r.SerializeAsString());
    if (!refuse_rights.ok()) return refuse_rights;
    return real_.NotifyRights(r);
  }
  absl::StatusOr<v1::AnswerRightsResponse> AnswerRights(const v1::AnswerRightsRequest& r) override {
    if (!refuse_rights.ok()) return refuse_rights;
    return real_.AnswerRights(r);
  }
  absl::StatusOr<v1::PlanCaseRequestResponse> PlanCaseRequest(const v1::PlanCaseRequestRequest& r) override {
    return real_.PlanCaseRequest(r);
  }
  absl::StatusOr<v1::SubmitCaseRequestResponse> SubmitCaseRequest(const v1::SubmitCaseRequestRequest& r) override {
    v1::SubmitCaseRequestRequest sent = r;
    if (before_request) before_request(sent);
    return real_.SubmitCaseRequest(sent);
  }
  absl::StatusOr<v1::SubmitCaseAnswerResponse> SubmitCaseAnswer(const v1::SubmitCaseAnswerRequest& r) override {
    if (!refuse_answer.ok()) return refuse_answer;
    if (refuse_answer_by) {
      if (const absl::Status refused = refuse_answer_by(r); !refused.ok()) return refused;
    }
    v1::SubmitCaseAnswerRequest sent = r;
    if (before_answer) before_answer(sent);
    return real_.SubmitCaseAnswer(sent);
  }
  absl::StatusOr<v1::AskApprovalResponse> AskApproval(const v1::AskApprovalRequest& r) override {
    if (!refuse_question.ok()) return refuse_question;
    return real_.AskApproval(r);
  }
  absl::StatusOr<v1::GiveApprovalResponse> GiveApproval(const v1::GiveApprovalRequest& r) override {
    return real_.GiveApproval(r);
  }
  absl::StatusOr<v1::CaseRequest> GetCaseRequest(const v1::GetCaseRequestRequest& r) override {
    return real_.GetCaseRequest(r);
  }
  absl::StatusOr<v1::Case> GetCase(const v1::GetCaseRequest& r) override { return real_.GetCase(r); }
  absl::StatusOr<v1::Emergency> DeclareEmergency(const v1::DeclareEmergencyRequest& r) override {
    return real_.DeclareEmergency(r);
  }
  absl::StatusOr<v1::ListEmergenciesResponse> ListEmergencies(const v1::ListEmergenciesRequest& r) override {
    return Changed(real_.ListEmergencies(r), on_emergencies);
  }
  absl::StatusOr<v1::GetCheckpointResponse> GetCheckpoint(const v1::GetCheckpointRequest& r) override {
    if (!refuse_checkpoint.ok()) return refuse_checkpoint;
    return Changed(real_.GetCheckpoint(r), on_checkpoint);
  }
  absl::StatusOr<v1::GetInclusionProofResponse> GetInclusionProof(const v1::GetInclusionProofRequest& r) override {
    return inclusion ? inclusion(r) : real_.GetInclusionProof(r);
  }
  absl::StatusOr<v1::GetConsistencyProofResponse> GetConsistencyProof(
      const v1::GetConsistencyProofRequest& r) override {
    if (!refuse_proof.ok()) return refuse_proof;
    return consistency ? consistency(r) : real_.GetConsistencyProof(r);
  }
  absl::StatusOr<v1::NextCheckpointResponse> NextCheckpoint(const v1::NextCheckpointRequest& r) override {
    if (next_checkpoint) return next_checkpoint(r);
    return real_.NextCheckpoint(r);
  }
  absl::StatusOr<v1::AddCosignatureResponse> AddCosignature(const v1::AddCosignatureRequest& r) override {
    if (on_cosignature) return on_cosignature(r), v1::AddCosignatureResponse();
    return real_.AddCosignature(r);
  }
  absl::StatusOr<v1::ListOwnEntriesResponse> ListOwnEntries(const v1::ListOwnEntriesRequest& r) override {
    return Changed(real_.ListOwnEntries(r), on_own_entries);
  }

 private:
  template <typename Response, typename Change>
  static absl::StatusOr<Response> Changed(absl::StatusOr<Response> answer, const Change& change) {
    if (answer.ok() && change) change(*answer);
    return answer;
  }
  agents::Broker& real_;
};

// One agency's agent in this process, over real TLS to the real broker, driven step by step.
struct TestAgent {
  agents::AgentConfig config;
  MovedClock clock;
  trust::SystemRandom random;
  std::unique_ptr<agents::Log> log;
  std::unique_ptr<agents::Channel> channel;
  std::unique_ptr<agents::GrpcBroker> real;
  std::unique_ptr<LyingBroker> broker;
  std::unique_ptr<agents::RecordSource> records;  // Whom the agency holds; null: nobody.
  std::unique_ptr<agents::AgentDaemon> daemon;

  // Codes of its alarms, newest first.
  std::vector<std::string> Alarms();
  // Forgets what is in memory, as a crash would, and starts again from the state folder.
  void Restart();
  // Collects until nothing comes.
  void CollectAll();
};

// A consortium in a folder of its own: PKI, signed policy, a real broker process. Agents are made as wanted.
class Consortium {
 public:
  // `broker`: lines added to the broker's configuration.
  explicit Consortium(const std::string& broker = "");
  ~Consortium();
  Consortium(const Consortium&) = delete;
  Consortium& operator=(const Consortium&) = delete;

  // Makes the agents and lets each publish its keys and directory and learn the others'.
  std::vector<std::unique_ptr<TestAgent>> Agents(const std::vector<std::string>& agencies);
  // Edits the policy by a shell command run where its profiles lie, lets every signatory sign it and an agreement anew,
  // and puts it in place, whole. The broker takes it within seconds.
  void ChangePolicy(const std::string& edit, const std::string& agreement);
  // Edits an agency's directory by a sed script, and lets its agent, started again, publish it as the next version.
  void ChangeDirectory(TestAgent& agent, const std::string& edit);
  // Ends an agreement by one party's signatory, as of long ago, and waits until an agent has taken that.
  void EndAgreement(const std::string& agreement, const std::string& agency, TestAgent& taken_by);
  const std::string& folder() const { return folder_; }
  pid_t broker() const { return broker_; }
  // `host:port` of the broker.
  const std::string& target() const { return target_; }

 private:
  std::unique_ptr<TestAgent> Agent(const std::string& agency);
  std::string folder_;
  pid_t broker_ = -1;
  std::string target_;
};

}  // namespace derwent::testing
