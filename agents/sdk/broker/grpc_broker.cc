#include "agents/sdk/broker/grpc_broker.h"

namespace derwent::agents {
namespace {

// Beyond the long poll's own wait, for the way there and back.
constexpr absl::Duration kPollSlack = absl::Seconds(10);

}  // namespace

GrpcBroker::GrpcBroker(const Channel& channel)
    : channel_(channel),
      referrals_(v1::ReferralService::NewStub(channel.grpc())),
      mailbox_(v1::MailboxService::NewStub(channel.grpc())),
      keys_(v1::KeyService::NewStub(channel.grpc())),
      policy_(v1::PolicyService::NewStub(channel.grpc())),
      registers_(v1::RegisterService::NewStub(channel.grpc())),
      ledger_(v1::LedgerService::NewStub(channel.grpc())),
      requests_(v1::CaseRequestService::NewStub(channel.grpc())),
      cases_(v1::CaseService::NewStub(channel.grpc())),
      witnesses_(v1::WitnessService::NewStub(channel.grpc())),
      emergencies_(v1::EmergencyService::NewStub(channel.grpc())),
      erasures_(v1::ErasureService::NewStub(channel.grpc())),
      rights_(v1::RightsService::NewStub(channel.grpc())) {}

template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> GrpcBroker::Wait(Stub& stub,
                                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                          const Request& request) {
  grpc::ClientContext context;
  const std::string correlation_id =
      Channel::Prepare(context, {.timeout = absl::Seconds(request.wait().seconds()) + kPollSlack});
  {
    const MutexLock lock(mutex_);
    if (stopped_) return absl::CancelledError("this agent stops");
    waiting_.insert(&context);
  }
  channel_.Tell(context);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  channel_.Hear(context);
  {
    const MutexLock lock(mutex_);
    waiting_.erase(&context);
  }
  if (!status.ok()) return Channel::ToAbsl(status, correlation_id);
  return response;
}

absl::StatusOr<v1::CollectResponse> GrpcBroker::Collect(const v1::CollectRequest& request) {
  return Wait(*mailbox_, &v1::MailboxService::Stub::Collect, request);
}

absl::StatusOr<v1::NextCheckpointResponse> GrpcBroker::NextCheckpoint(const v1::NextCheckpointRequest& request) {
  return Wait(*witnesses_, &v1::WitnessService::Stub::NextCheckpoint, request);
}

absl::StatusOr<v1::AddCosignatureResponse> GrpcBroker::AddCosignature(const v1::AddCosignatureRequest& request) {
  return channel_.Call(*witnesses_, &v1::WitnessService::Stub::AddCosignature, request);
}

absl::StatusOr<v1::ListOwnEntriesResponse> GrpcBroker::ListOwnEntries(const v1::ListOwnEntriesRequest& request) {
  return channel_.Call(*witnesses_, &v1::WitnessService::Stub::ListOwnEntries, request);
}

void GrpcBroker::StopWaiting() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  for (grpc::ClientContext* context : waiting_) context->TryCancel();
}

absl::StatusOr<v1::PlanReferralResponse> GrpcBroker::Plan(const v1::PlanReferralRequest& request) {
  return channel_.Call(*referrals_, &v1::ReferralService::Stub::PlanReferral, request);
}

absl::StatusOr<v1::SubmitReferralResponse> GrpcBroker::Submit(const v1::SubmitReferralRequest& request) {
  return channel_.Call(*referrals_, &v1::ReferralService::Stub::SubmitReferral, request);
}

absl::StatusOr<v1::Referral> GrpcBroker::GetReferral(const v1::GetReferralRequest& request) {
  return channel_.Call(*referrals_, &v1::ReferralService::Stub::GetReferral, request);
}

absl::StatusOr<v1::ReportProgressResponse> GrpcBroker::ReportProgress(const v1::ReportProgressRequest& request) {
  return channel_.Call(*referrals_, &v1::ReferralService::Stub::ReportProgress, request);
}

absl::StatusOr<v1::WithdrawReferralResponse> GrpcBroker::Withdraw(const v1::WithdrawReferralRequest& request) {
  return channel_.Call(*referrals_, &v1::ReferralService::Stub::WithdrawReferral, request);
}

absl::StatusOr<v1::SendNoticeResponse> GrpcBroker::SendNotice(const v1::SendNoticeRequest& request) {
  return channel_.Call(*referrals_, &v1::ReferralService::Stub::SendNotice, request);
}

absl::StatusOr<v1::AcknowledgeResponse> GrpcBroker::Acknowledge(const v1::AcknowledgeRequest& request) {
  return channel_.Call(*mailbox_, &v1::MailboxService::Stub::Acknowledge, request);
}

absl::StatusOr<v1::AgencyKeys> GrpcBroker::GetAgencyKeys(const v1::GetAgencyKeysRequest& request) {
  return channel_.Call(*keys_, &v1::KeyService::Stub::GetAgencyKeys, request);
}

absl::StatusOr<v1::PublishKeyEventResponse> GrpcBroker::PublishKeyEvent(const v1::PublishKeyEventRequest& request) {
  return channel_.Call(*keys_, &v1::KeyService::Stub::PublishKeyEvent, request);
}

absl::StatusOr<v1::GetPolicyBundleResponse> GrpcBroker::GetPolicyBundle(const v1::GetPolicyBundleRequest& request) {
  return channel_.Call(*policy_, &v1::PolicyService::Stub::GetPolicyBundle, request);
}

absl::StatusOr<v1::ApplyDirectoryResponse> GrpcBroker::ApplyDirectory(const v1::ApplyDirectoryRequest& request) {
  return channel_.Call(*registers_, &v1::RegisterService::Stub::ApplyDirectory, request);
}

absl::StatusOr<v1::ApplyRestrictionResponse> GrpcBroker::ApplyRestriction(const v1::ApplyRestrictionRequest& request) {
  return channel_.Call(*registers_, &v1::RegisterService::Stub::ApplyRestriction, request);
}

absl::StatusOr<v1::ListDirectoriesResponse> GrpcBroker::ListDirectories(const v1::ListDirectoriesRequest& request) {
  return channel_.Call(*registers_, &v1::RegisterService::Stub::ListDirectories, request);
}

absl::StatusOr<v1::GetCheckpointResponse> GrpcBroker::GetCheckpoint(const v1::GetCheckpointRequest& request) {
  return channel_.Call(*ledger_, &v1::LedgerService::Stub::GetCheckpoint, request);
}

absl::StatusOr<v1::GetInclusionProofResponse> GrpcBroker::GetInclusionProof(
    const v1::GetInclusionProofRequest& request) {
  return channel_.Call(*ledger_, &v1::LedgerService::Stub::GetInclusionProof, request);
}

absl::StatusOr<v1::GetConsistencyProofResponse> GrpcBroker::GetConsistencyProof(
    const v1::GetConsistencyProofRequest& request) {
  return channel_.Call(*ledger_, &v1::LedgerService::Stub::GetConsistencyProof, request);
}

absl::StatusOr<v1::PlanCaseRequestResponse> GrpcBroker::PlanCaseRequest(const v1::PlanCaseRequestRequest& request) {
  return channel_.Call(*requests_, &v1::CaseRequestService::Stub::PlanCaseRequest, request);
}

absl::StatusOr<v1::SubmitCaseRequestResponse> GrpcBroker::SubmitCaseRequest(
    const v1::SubmitCaseRequestRequest& request) {
  return channel_.Call(*requests_, &v1::CaseRequestService::Stub::SubmitCaseRequest, request);
}

absl::StatusOr<v1::SubmitCaseAnswerResponse> GrpcBroker::SubmitCaseAnswer(const v1::SubmitCaseAnswerRequest& request) {
  return channel_.Call(*requests_, &v1::CaseRequestService::Stub::SubmitCaseAnswer, request);
}

absl::StatusOr<v1::AskApprovalResponse> GrpcBroker::AskApproval(const v1::AskApprovalRequest& request) {
  return channel_.Call(*requests_, &v1::CaseRequestService::Stub::AskApproval, request);
}

absl::StatusOr<v1::GiveApprovalResponse> GrpcBroker::GiveApproval(const v1::GiveApprovalRequest& request) {
  return channel_.Call(*requests_, &v1::CaseRequestService::Stub::GiveApproval, request);
}

absl::StatusOr<v1::CaseRequest> GrpcBroker::GetCaseRequest(const v1::GetCaseRequestRequest& request) {
  return channel_.Call(*requests_, &v1::CaseRequestService::Stub::GetCaseRequest, request);
}

absl::StatusOr<v1::Case> GrpcBroker::GetCase(const v1::GetCaseRequest& request) {
  return channel_.Call(*cases_, &v1::CaseService::Stub::GetCase, request);
}

absl::StatusOr<v1::Emergency> GrpcBroker::DeclareEmergency(const v1::DeclareEmergencyRequest& request) {
  return channel_.Call(*emergencies_, &v1::EmergencyService::Stub::DeclareEmergency, request);
}

absl::StatusOr<v1::ListEmergenciesResponse> GrpcBroker::ListEmergencies(const v1::ListEmergenciesRequest& request) {
  return channel_.Call(*emergencies_, &v1::EmergencyService::Stub::ListEmergencies, request);
}

absl::StatusOr<v1::ListErasuresResponse> GrpcBroker::ListErasures(const v1::ListErasuresRequest& request) {
  return channel_.Call(*erasures_, &v1::ErasureService::Stub::ListErasures, request);
}

absl::StatusOr<v1::AttestErasureResponse> GrpcBroker::AttestErasure(const v1::AttestErasureRequest& request) {
  return channel_.Call(*erasures_, &v1::ErasureService::Stub::AttestErasure, request);
}

absl::StatusOr<v1::NotifyRightsResponse> GrpcBroker::NotifyRights(const v1::NotifyRightsRequest& request) {
  return channel_.Call(*rights_, &v1::RightsService::Stub::NotifyRights, request);
}

absl::StatusOr<v1::AnswerRightsResponse> GrpcBroker::AnswerRights(const v1::AnswerRightsRequest& request) {
  return channel_.Call(*rights_, &v1::RightsService::Stub::AnswerRights, request);
}

}  // namespace derwent::agents
