#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "broker/store/sqlite/sqlite_store.h"
#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/message.pb.h"
#include "derwent/v1/policy_change.grpc.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "derwent/v1/referral.grpc.pb.h"
#include "policy/loader/activation.h"
#include "policy/loader/carried.h"
#include "tests/broker/server/running_broker.h"
#include "trust/secret/random.h"
#include "trust/signature/payload_types.h"

namespace derwent::server {

// The policy changed at a running broker, over real mutual TLS.
class PolicyChangeTest : public RunningBrokerTest {
 protected:
  // A draft beside the policy: what a home visit may know of `finance` opens, or `text` is added; signed by as many.
  void MakeDraft(const std::string& line = "\nconditional { category: \"finance\" when: \"fuel poverty\" }\n",
                 int agencies = 2) {
    std::filesystem::remove_all(path("draft"));
    std::filesystem::copy(path("policy"), path("draft"), std::filesystem::copy_options::recursive);
    std::ofstream(path("draft/profiles/fire_safety.txtpb"), std::ios::app) << line;
    SignBundle(agencies, "draft");
  }
  static std::string Uuid() { return trust::SystemRandom().NewUuid().text(); }
  std::shared_ptr<grpc::Channel> Signatory(const std::string& agency = exchange::kSender) {
    return ChannelOf(signatories_.at(agency));
  }
  using WhatIsTold = ::testing::Matcher<std::string>;
  v1::PolicyChange Call(const v1::ProposePolicyRequest& request, const WhatIsTold& told = "0") {
    v1::PolicyChange change;
    Context context;
    EXPECT_THAT(Told(v1::PolicyChangeService::NewStub(Signatory())->ProposePolicy(&context, request, &change)), told);
    return change;
  }
  v1::PolicyChange Propose(const WhatIsTold& told = "0") {
    v1::ProposePolicyRequest request;
    request.set_request_id(Uuid());
    policy::Carry(policy::ReadBundleDirectory(path("draft")).value(), *request.mutable_files());
    return Call(request, told);
  }
  v1::ActivatePolicyRequest Activation(const v1::PolicyChange& draft, const std::string& agency = exchange::kSender) {
    v1::PolicyActivation activation;
    activation.set_revision(draft.revision());
    activation.set_content_digest(draft.content_digest());
    activation.set_action(draft.action());
    const testing::TestIdentity& signer = signatories_.at(agency);
    v1::ActivatePolicyRequest request;
    request.set_request_id(Uuid());
    *request.mutable_activation() =
        exchange::SignedWith(trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value(),
                             trust::kActivationType, activation);
    request.set_certificate(signer.certificate_pem);
    return request;
  }
  v1::PolicyChange Activate(const v1::ActivatePolicyRequest& request, const std::string& told = "0") {
    v1::PolicyChange change;
    Context context;
    EXPECT_EQ(Told(v1::PolicyChangeService::NewStub(Signatory())->ActivatePolicy(&context, request, &change)), told);
    return change;
  }
  v1::PolicyChange RollBack() {
    v1::ProposePolicyRequest request;
    request.set_request_id(Uuid());
    request.set_roll_back(true);
    return Call(request);
  }
  std::vector<v1::PolicyChange> Revisions() {
    v1::ListPolicyRevisionsResponse response;
    Context context;
    EXPECT_EQ(Told(v1::PolicyChangeService::NewStub(Signatory())->ListPolicyRevisions(&context, {}, &response)), "0");
    return {response.revisions().begin(), response.revisions().end()};
  }
  v1::GetActivePolicyResponse ActivePolicy() {
    v1::GetActivePolicyResponse response;
    Context context;
    EXPECT_EQ(
        Told(v1::PolicyService::NewStub(AgentChannel(exchange::kSender))->GetActivePolicy(&context, {}, &response)),
        "0");
    return response;
  }
  // The recipient suspends the agreement of home visits, in the folder.
  void Suspend() {
    v1::AgreementNotice notice;
    notice.set_agreement("fire_safety");
    notice.set_revision(1);
    notice.set_action(v1::NOTICE_ACTION_SUSPEND);
    notice.set_agency(exchange::kRecipient);
    notice.set_from_date("2026-01-01");
    const testing::TestIdentity& signer = signatories_.at(exchange::kRecipient);
    WriteFile("policy/notices/fire_safety.dfrs.dsse.json",
              policy::PrintEnvelope(
                  exchange::SignedWith(trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(signer.key_pem)).value(),
                                       trust::kAgreementNoticeType, notice))
                  .value());
  }
  // Waits until the broker says why the folder was not taken; empty: until it was.
  ::testing::AssertionResult AwaitReloadError(const std::string& why) {
    const absl::Time end = absl::Now() + absl::Seconds(10);
    std::string told;
    while (absl::Now() < end) {
      told = ActivePolicy().reload_error();
      if (why.empty() ? told.empty() : told.find(why) != std::string::npos) return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << "told `" << told << "`";
  }
  v1::GetPolicyBundleResponse Served() {
    v1::GetPolicyBundleResponse response;
    Context context;
    EXPECT_EQ(
        Told(v1::PolicyService::NewStub(AgentChannel(exchange::kSender))->GetPolicyBundle(&context, {}, &response)),
        "0");
    return response;
  }
  // Outcome of `finance` in a plan of a home visit.
  std::string PlannedFinance() {
    v1::PlanReferralRequest request;
    request.set_request_id(Uuid());
    request.set_profile("fire_safety");
    request.set_purpose("case.fire_safety");
    request.set_area("E07000034");
    request.set_acting_person(exchange::kPractitioner);
    v1::PlannedRecipient& recipient = *request.add_recipients();
    recipient.set_agency(exchange::kRecipient);
    recipient.set_role("practitioner");
    v1::PlannedSubject& subject = *recipient.add_subjects();
    subject.set_number(1);
    subject.set_role("resident");
    subject.add_categories("finance");
    subject.add_grounds("fire_safety.finance");
    v1::PlanReferralResponse response;
    Context context;
    EXPECT_EQ(
        Told(v1::ReferralService::NewStub(AgentChannel(exchange::kSender))->PlanReferral(&context, request, &response)),
        "0");
    return response.decisions_size() == 0 ? "" : response.decisions(0).decision().categories(0).outcome();
  }
  static std::vector<std::string> Codes(const v1::PolicyChange& change) {
    std::vector<std::string> codes;
    for (const v1::PolicyObjection& objection : change.objections()) codes.push_back(objection.code());
    return codes;
  }
  // Bodies of the public governance entries, oldest first.
  std::vector<std::string> Entered() {
    broker_.reset();  // One process at a time has the database.
    const auto store = store::OpenSqliteStore({.path = path("derwent.db"), .vfs = ""}).value();
    std::vector<std::string> bodies;
    const std::unique_ptr<store::Reader> reader = store->Read().value();
    const std::vector<store::PublicBodyRow> rows = reader->ListPublicBodies(2, 0, 100).value();
    for (const store::PublicBodyRow& row : rows) bodies.push_back(row.body);
    return bodies;
  }
  void Restart() {
    broker_->Stop();
    broker_.reset();
    auto again = Broker::Start(MakeConfiguration());
    ASSERT_OK(again);
    broker_ = *std::move(again);
  }
};

}  // namespace derwent::server
