#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "broker/ledger/fsck.h"
#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "tests/broker/server/policy_change_fixture.h"

namespace derwent::server {
namespace {

namespace fs = std::filesystem;
using exchange::kRecipient;
using exchange::kSender;
using ::testing::Contains;
using ::testing::HasSubstr;

TEST_F(PolicyChangeTest, ASignedDraftComesIntoForceIsEnteredAndSurvivesARestart) {
  Start();
  MakeDraft();
  EXPECT_EQ(PlannedFinance(), "DENY");
  const v1::PolicyChange draft = Propose();
  EXPECT_EQ(draft.state(), v1::POLICY_STATE_DRAFT) << draft.ShortDebugString();
  EXPECT_THAT(draft.opening_givers(), ::testing::ElementsAre(kSender, kRecipient));
  EXPECT_NE(draft.receipt().tlog_proof(), "");
  EXPECT_EQ(PlannedFinance(), "DENY") << "a draft decides nothing";
  const v1::PolicyChange active = Activate(Activation(draft));
  EXPECT_EQ(active.state(), v1::POLICY_STATE_IN_FORCE) << active.ShortDebugString();
  EXPECT_EQ(ActivePolicy().policy_digest(), draft.policy_digest());
  EXPECT_NE(PlannedFinance(), "DENY");
  Restart();
  EXPECT_EQ(ActivePolicy().policy_digest(), draft.policy_digest());
  EXPECT_NE(PlannedFinance(), "DENY");
  v1::GetCheckpointResponse checkpoint;
  Context context;
  ASSERT_EQ(Told(v1::LedgerService::NewStub(AgentChannel(kSender))->GetCheckpoint(&context, {}, &checkpoint)), "0");
  broker_->Stop();
  const std::vector<std::string> entered = Entered();
  ASSERT_EQ(entered.size(), 2u);
  EXPECT_THAT(entered[0], HasSubstr("step policy_proposed\nrevision 1\nbase 0\n"));
  EXPECT_THAT(entered[1], HasSubstr("step policy_activated\nrevision 1\n"));
  EXPECT_THAT(entered[1], HasSubstr("opens dcc.adults\nopens dfrs\n"));
  const auto report = ledger::Fsck(path("derwent.db"), trust::VerifierKey::Parse(checkpoint.vkey()).value());
  ASSERT_OK(report);
  EXPECT_EQ(report->broken, "");
}

TEST_F(PolicyChangeTest, WhatIsServedCarriesTheActivationForAgentsToVerify) {
  Start();
  MakeDraft();
  const v1::PolicyChange draft = Propose();
  Activate(Activation(draft));
  const policy::Files files = policy::FilesOf(Served().files()).value();
  policy::TrustRoots roots{.authority = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value(),
                           .signatories = {{kSender, {"p-signs"}}, {kRecipient, {"p-signs"}}}};
  const auto bundle = policy::LoadBundle(files, roots, absl::Now());
  ASSERT_OK(bundle);
  EXPECT_EQ((*bundle)->revision, 1);
}

TEST_F(PolicyChangeTest, AStrippedAgreementSignatureIsNamedAndChangesNothingButTheLedger) {
  Start();
  MakeDraft();
  fs::remove(path(absl::StrCat("draft/signatures/agreements/fire_safety.", kRecipient, ".dsse.json")));
  const v1::PolicyChange change = Propose();
  EXPECT_EQ(change.state(), v1::POLICY_STATE_REJECTED);
  EXPECT_THAT(Codes(change), ::testing::ElementsAre("AGREEMENT_NOT_SIGNED"));
  EXPECT_THAT(change.objections(0).message(),
              HasSubstr("agreement `fire_safety`, revision 1, is not signed by `dfrs`"));
  EXPECT_THAT(Revisions(), ::testing::IsEmpty());
  EXPECT_EQ(ActivePolicy().policy_digest(), policy_digest_);
  broker_->Stop();
  EXPECT_THAT(Entered(), ::testing::ElementsAre(HasSubstr("step policy_rejected\nrevision 0\n")));
  EXPECT_THAT(Entered()[0], HasSubstr("objection AGREEMENT_NOT_SIGNED\n"));
}

TEST_F(PolicyChangeTest, AManifestThatTooFewSignedIsRejected) {
  Start();
  MakeDraft();
  fs::remove(path(absl::StrCat("draft/signatures/bundle.", kSender, ".dsse.json")));
  const v1::PolicyChange change = Propose();
  EXPECT_THAT(Codes(change), ::testing::ElementsAre("BUNDLE_NOT_GOOD"));
  EXPECT_THAT(change.objections(0).message(), HasSubstr("signed by 1 agencies of 2 needed"));
}

TEST_F(PolicyChangeTest, AGiverWhoseDataOpensMustHaveSigned) {
  WriteFile("signatories", "dcc.adults p-signs\ndfrs p-signs\ncbc p-signs\n");  // A third, who signs nothing.
  Start();
  MakeDraft();
  const v1::PolicyChange change = Propose();
  EXPECT_EQ(Codes(change), std::vector<std::string>{"LOOSENING_NOT_SIGNED"}) << change.ShortDebugString();
  EXPECT_THAT(change.objections(0).message(), HasSubstr("`cbc` would give"));
  EXPECT_THAT(change.objections(0).message(), HasSubstr("`finance` under `fire_safety`"));
}

TEST_F(PolicyChangeTest, AGiverWhoseDataOpensOnALaterDayMustHaveSigned) {
  WriteFile("signatories", "dcc.adults p-signs\ndfrs p-signs\ncbc p-signs\n");
  const std::string lasting = policy::ReadBundleDirectory(path("policy"))->at("vocabulary.txtpb");
  const std::string purpose = "purposes { id: \"case.fire_safety\" ";
  WriteFile("policy/vocabulary.txtpb",
            absl::StrReplaceAll(lasting, {{purpose, absl::StrCat(purpose, "valid_to: \"2027-06-30\" ")}}));
  SignBundle();
  Start();
  MakeDraft("\n# nothing\n");
  WriteFile("draft/vocabulary.txtpb", lasting);  // Today nothing differs.
  SignBundle(2, "draft");
  const v1::PolicyChange change = Propose();
  EXPECT_EQ(Codes(change), std::vector<std::string>{"LOOSENING_NOT_SIGNED"}) << change.ShortDebugString();
  EXPECT_THAT(change.objections(0).message(), HasSubstr("more from 2027-07-01 on"));
}

TEST_F(PolicyChangeTest, WhatOnlyTightensNeedsNoGiver) {
  WriteFile("signatories", "dcc.adults p-signs\ndfrs p-signs\ncbc p-signs\n");
  Start();
  MakeDraft("\nblocked_flags: \"do_not_contact\"\n");
  const v1::PolicyChange draft = Propose();
  EXPECT_EQ(draft.state(), v1::POLICY_STATE_DRAFT) << draft.ShortDebugString();
  EXPECT_THAT(draft.opening_givers(), ::testing::IsEmpty());
  EXPECT_EQ(Activate(Activation(draft)).state(), v1::POLICY_STATE_IN_FORCE);
}

TEST_F(PolicyChangeTest, GoingBackIsANewRevisionWithTheOldContent) {
  Start();
  const std::string before = ActivePolicy().policy_digest();
  MakeDraft();
  Activate(Activation(Propose()));
  const v1::PolicyChange back = RollBack();
  EXPECT_EQ(back.revision(), 2);
  EXPECT_EQ(back.action(), v1::POLICY_ACTION_ROLL_BACK);
  EXPECT_EQ(back.policy_digest(), before);
  EXPECT_EQ(Activate(Activation(back)).state(), v1::POLICY_STATE_IN_FORCE);
  EXPECT_EQ(ActivePolicy().policy_digest(), before);
  EXPECT_EQ(PlannedFinance(), "DENY");
  broker_->Stop();
  EXPECT_THAT(Entered().back(), HasSubstr("step policy_rolled_back\nrevision 2\nbase 1\n"));
}

TEST_F(PolicyChangeTest, GoingBackMayOnlyTighten) {
  Start();
  MakeDraft();
  Activate(Activation(Propose()));
  Activate(Activation(RollBack()));  // The opening is taken back.
  const v1::PolicyChange change = RollBack();
  EXPECT_EQ(change.state(), v1::POLICY_STATE_REJECTED) << "old signatures open nothing";
  EXPECT_THAT(Codes(change), Contains("ROLLBACK_OPENS"));
  EXPECT_THAT(Codes(Propose()), Contains("ROLLBACK_OPENS")) << "nor does the same bundle, proposed as new";
}

TEST_F(PolicyChangeTest, GoingBackLoosensNoHandlingEither) {
  Start();
  for (const char* line :
       {"\nobligations: \"receipt_required\"\n", "\nexistence_sensitive: true\nanswer_slot: \"1wd\"\n",
        "\nprohibited_payload: \"photograph\"\n"}) {
    MakeDraft(line);
    ASSERT_EQ(Activate(Activation(Propose())).state(), v1::POLICY_STATE_IN_FORCE) << line;
    const v1::PolicyChange change = RollBack();
    EXPECT_EQ(change.state(), v1::POLICY_STATE_REJECTED) << line;
    EXPECT_THAT(Codes(change), Contains("ROLLBACK_OPENS")) << line;
    EXPECT_THAT(change.objections(0).message(), HasSubstr("less strictly: `fire_safety`"));
  }
}

TEST_F(PolicyChangeTest, AGiverWhoseDataIsHandledLessStrictlyMustHaveSigned) {
  WriteFile("signatories", "dcc.adults p-signs\ndfrs p-signs\ncbc p-signs\n");  // A third, who signs nothing.
  Start();
  MakeDraft();
  const std::string profile = policy::ReadBundleDirectory(path("policy"))->at("profiles/fire_safety.txtpb");
  WriteFile("draft/profiles/fire_safety.txtpb",
            absl::StrReplaceAll(profile, {{"obligations: \"delete_when_superseded\"\n", ""}}));
  SignBundle(2, "draft");
  const v1::PolicyChange change = Propose();
  EXPECT_EQ(Codes(change), std::vector<std::string>{"LOOSENING_NOT_SIGNED"}) << change.ShortDebugString();
  ASSERT_EQ(change.objections_size(), 1);
  EXPECT_THAT(change.objections(0).message(), HasSubstr("what `cbc` gives would be handled less strictly"));
}

TEST_F(PolicyChangeTest, ThereIsNothingBeforeTheFirst) {
  Start();
  v1::ProposePolicyRequest request;
  request.set_request_id(Uuid());
  request.set_roll_back(true);
  Call(request, "9 NOTHING_BEFORE");
}

TEST_F(PolicyChangeTest, AnActivationMustBeTheCallersOwnAndOfThisDraft) {
  Start();
  MakeDraft();
  const v1::PolicyChange draft = Propose();
  Activate(Activation(draft, kRecipient), "7 ROLE_NOT_ENTITLED");
  v1::PolicyChange other = draft;
  other.set_content_digest(std::string(32, 'x'));
  EXPECT_THAT(Codes(Activate(Activation(other))), ::testing::ElementsAre("BUNDLE_NOT_GOOD"));
  v1::ActivatePolicyRequest forged = Activation(draft);
  forged.mutable_activation()->mutable_signatures(0)->mutable_sig()->at(20) ^= 1;
  EXPECT_THAT(Codes(Activate(forged)), ::testing::ElementsAre("BUNDLE_NOT_GOOD"));
  v1::ActivatePolicyRequest stripped = Activation(draft);
  stripped.mutable_activation()->clear_signatures();
  EXPECT_THAT(Codes(Activate(stripped)), ::testing::ElementsAre("BUNDLE_NOT_GOOD"));
  other = draft;
  other.set_action(v1::POLICY_ACTION_ROLL_BACK);
  Activate(Activation(other), "3 PAYLOAD_REJECTED");
  other = draft;
  other.set_revision(9);
  Activate(Activation(other), "5 REVISION_UNKNOWN");
  EXPECT_EQ(ActivePolicy().policy_digest(), policy_digest_);
}

TEST_F(PolicyChangeTest, ADraftMadeFromAnotherPolicyIsNotActivated) {
  Start();
  MakeDraft();
  const v1::PolicyChange first = Propose();
  const v1::PolicyChange second = Propose();
  EXPECT_EQ(second.revision(), 2);
  Activate(Activation(first));
  Activate(Activation(second), "5 REVISION_UNKNOWN");
  EXPECT_EQ(Activate(Activation(first)).state(), v1::POLICY_STATE_IN_FORCE) << "asked again, told again";
}

TEST_F(PolicyChangeTest, OnlyWhoGovernsMayPropose) {
  Start();
  MakeDraft();
  v1::ProposePolicyRequest request;
  request.set_request_id(Uuid());
  v1::PolicyChange change;
  for (const auto& channel : {AgentChannel(kSender), ChannelOf(pki_.IssueFor(kSender, "person", "p-spoc"))}) {
    Context context;
    EXPECT_EQ(Told(v1::PolicyChangeService::NewStub(channel)->ProposePolicy(&context, request, &change)),
              "7 ROLE_NOT_ENTITLED");
  }
  Context context;
  const auto officer = ChannelOf(pki_.IssueFor(kSender, "person", "p-dpo"));
  EXPECT_EQ(Told(v1::PolicyChangeService::NewStub(officer)->ActivatePolicy(&context, {}, &change)),
            "7 ROLE_NOT_ENTITLED");
}

TEST_F(PolicyChangeTest, TheFolderIsNoLongerLookedAtOnceARevisionWasActivated) {
  Start();
  MakeDraft();
  const v1::PolicyChange draft = Propose();
  Activate(Activation(draft));
  std::ofstream(path("policy/gateways.txtpb"), std::ios::app) << "\n# put there by hand\n";
  SignBundle();
  Revoke({agents_[kRecipient].serial});  // Taken by the same look, so that the folder was seen too.
  v1::GetActivePolicyResponse response;
  for (;;) {
    Context context;
    const auto told =
        Told(v1::PolicyService::NewStub(AgentChannel(kRecipient))->GetActivePolicy(&context, {}, &response));
    if (told == "16 CERTIFICATE_REVOKED") break;
    ASSERT_EQ(told, "0");
  }
  Restart();
  EXPECT_EQ(ActivePolicy().policy_digest(), draft.policy_digest()) << "nor by a revocation list, nor at a restart";
}

TEST_F(PolicyChangeTest, ANoticeStandsUntilANewRevisionOfItsAgreement) {
  Suspend();
  Start();
  MakeDraft("\n# nothing\n");
  fs::remove_all(path("draft/notices"));
  const v1::PolicyChange change = Propose();
  EXPECT_THAT(Codes(change), Contains("NOTICE_STRIPPED")) << change.ShortDebugString();
}

TEST_F(PolicyChangeTest, AShadowCountsWhatADraftWouldHaveChanged) {
  Start();
  v1::SubmitReferralResponse stored;
  Context submit;
  ASSERT_EQ(Told(v1::ReferralService::NewStub(AgentChannel(kSender))
                     ->SubmitReferral(&submit, Share("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b01"), &stored)),
            "0");
  ASSERT_EQ(stored.outcome(), v1::SUBMIT_OUTCOME_STORED);
  MakeDraft("\nblocked_flags: \"do_not_contact\"\nceilings { receiver: \"fire\" permit: \"identity\" }\n");
  const v1::PolicyChange draft = Propose();
  ASSERT_EQ(draft.state(), v1::POLICY_STATE_DRAFT) << draft.ShortDebugString();
  v1::ShadowPolicyRequest request;
  request.set_revision(draft.revision());
  v1::ShadowPolicyResponse found;
  const auto stub = v1::PolicyChangeService::NewStub(Signatory());
  Context shadow;
  ASSERT_EQ(Told(stub->ShadowPolicy(&shadow, request, &found)), "0");
  EXPECT_EQ(found.decisions(), 1u);
  EXPECT_EQ(found.changed(), 1u);
  ASSERT_GE(found.lines_size(), 1);
  EXPECT_EQ(found.lines(0).receiver(), kRecipient);
  EXPECT_EQ(found.lines(0).would_be(), "DENY");
  EXPECT_EQ(found.lines(0).count(), 1u);
  EXPECT_NE(found.receipt().tlog_proof(), "") << "the look is an entry";
  EXPECT_EQ(ActivePolicy().policy_digest(), policy_digest_);
  Context unknown;
  request.set_revision(9);
  EXPECT_EQ(Told(stub->ShadowPolicy(&unknown, request, &found)), "5 REVISION_UNKNOWN");
}

TEST_F(PolicyChangeTest, AShadowTellsNothingOfWhatOthersAskedOfEachOther) {
  AddAgency("cbc");
  Start();
  v1::SubmitReferralResponse stored;
  Context submit;
  ASSERT_EQ(Told(v1::ReferralService::NewStub(AgentChannel(kSender))
                     ->SubmitReferral(&submit, Share("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b01"), &stored)),
            "0");
  MakeDraft("\nblocked_flags: \"do_not_contact\"\nceilings { receiver: \"fire\" permit: \"identity\" }\n");
  v1::ShadowPolicyRequest request;
  request.set_revision(Propose().revision());
  signatories_["cbc"] = pki_.IssueFor("cbc", "person", "p-signs");
  for (const auto& [agency, decisions] : {std::pair(kSender, 1u), std::pair(kRecipient, 1u), std::pair("cbc", 0u)}) {
    for (request.set_from_index(0); request.from_index() <= stored.receipts(0).index();
         request.set_from_index(request.from_index() + 1)) {
      v1::ShadowPolicyResponse found;
      Context shadow;
      const auto stub = v1::PolicyChangeService::NewStub(Signatory(agency));
      ASSERT_EQ(Told(stub->ShadowPolicy(&shadow, request, &found)), "0") << agency;
      EXPECT_EQ(found.decisions(), decisions) << agency << " from " << request.from_index();
      EXPECT_EQ(found.lines().empty(), decisions == 0) << agency;
    }
  }
}

}  // namespace
}  // namespace derwent::server
