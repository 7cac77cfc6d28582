#include "broker/exchange/referral/referrals.h"
#include "broker/exchange/registers/registers.h"
#include "broker/exchange/request/requests.h"
#include "broker/exchange/upkeep/sweep.h"
#include "derwent/v1/register.pb.h"
#include "tests/broker/exchange/request_fixture.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

class AnswerTest : public RequestTest {
 protected:
  void SetUp() override {
    RequestTest::SetUp();
    HandOverRequest();
    ASSERT_OK(CollectAs("cbc"));
  }
  v1::CollectResponse Collected() { return CollectAs("cbc").value(); }
};

TEST_F(AnswerTest, AnAnswerIsStoredEnteredAndDelivered) {
  const auto response = SubmitAnswer(Answer());
  ASSERT_OK(response);
  EXPECT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_STORED) << response->DebugString();
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_EQ(HolderSeenBy("cbc").answer_share_ids(0), kAnswerId);
  EXPECT_EQ(HolderSeenBy(kHolder).state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_EQ(EntriesOf("cbc", "answer"), 1u);
  EXPECT_EQ(EntriesOf(kHolder, "answer"), 1u);
  EXPECT_EQ(EntriesOf("dfrs", "answer"), 0u);
  const v1::CollectResponse collected = Collected();
  ASSERT_EQ(collected.deliveries_size(), 2) << "the acknowledgement, and the answer";
  EXPECT_EQ(collected.deliveries(1).package().units_size(), 2);
}

TEST_F(AnswerTest, TheHolderFindsThatItsRecordWasUsedAndTheAskerDoesNot) {
  ASSERT_EQ(Told(Answer()), "STORED");
  const std::string tag = tagger_->Tag(std::string(32, 'h')).value();
  const auto found = [&](const std::string& agency) {
    return store_->Read()
        .value()
        ->SearchEntries({.viewer_agency = agency, .step = "answer", .tags = {tag}})
        .value()
        .size();
  };
  EXPECT_EQ(found(kHolder), 1u);
  EXPECT_EQ(found("cbc"), 0u);
}

TEST_F(AnswerTest, AnAnswerMayHoldNothing) {
  EXPECT_EQ(Told(Answer([](v1::Manifest& m, v1::SenderStatement&) { m.clear_units(); })), "PAYLOAD_REJECTED")
      << "the package still had its units";
  v1::SubmitCaseAnswerRequest request = Answer();
  v1::Manifest manifest;
  ASSERT_TRUE(manifest.ParseFromString(request.submission().package().manifest().payload()));
  manifest.clear_units();
  request.mutable_submission()->mutable_package()->clear_units();
  *request.mutable_submission()->mutable_package()->mutable_manifest() = Sign(kHolder, trust::kManifestType, manifest);
  EXPECT_EQ(Told(request), "STORED");
}

TEST_F(AnswerTest, TheSameAnswerAgainGetsTheFirstAnswerAndAnotherOneIsTooMany) {
  const v1::SubmitCaseAnswerRequest answer = Answer();
  const auto first = SubmitAnswer(answer);
  now_ += absl::Hours(100);
  const auto again = SubmitAnswer(answer);
  ASSERT_OK(first);
  ASSERT_OK(again);
  EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(*first, *again));
  EXPECT_EQ(EntriesOf(kHolder, "answer"), 1u);
  v1::SubmitCaseAnswerRequest other =
      Answer([](v1::Manifest& m, v1::SenderStatement&) { m.set_share_id(kSupplementId); });
  other.set_request_id(kSupplementId);
  EXPECT_EQ(Told(other), "ANSWER_EXISTS");
}

// Every condition of an answer, removed alone, refuses it.
struct Removed {
  const char* name;
  std::function<void(World&, policy::Policy&)> from_world;
  SelectorChange from_answer;
  const char* told;
};
class RemovedConditionOfAnswerTest : public AnswerTest, public ::testing::WithParamInterface<Removed> {};

TEST_P(RemovedConditionOfAnswerTest, RefusesTheAnswer) {
  if (GetParam().from_world) GetParam().from_world(world(), policy());
  EXPECT_EQ(Told(Answer(GetParam().from_answer)), GetParam().told);
  EXPECT_FALSE(store_->Read().value()->FindShare(kAnswerId).value().has_value());
  EXPECT_NE(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_EQ(EntriesOf("cbc", "answer"), 0u) << "a refused answer is the holder's business";
}

INSTANTIATE_TEST_SUITE_P(
    EachAlone, RemovedConditionOfAnswerTest,
    ::testing::Values(
        Removed{"request", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_reply_to_share_id(kSupplementId); }, "SHARE_UNKNOWN"},
        Removed{"asker", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_recipient_agency("dfrs"); }, "SHARE_UNKNOWN"},
        Removed{"askers_role_in_manifest", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_recipient_role("spoc"); }, "PAYLOAD_REJECTED"},
        Removed{"askers_person", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_recipient_person("p-other"); }, "PAYLOAD_REJECTED"},
        Removed{"profile", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_profile("mash"); }, "PAYLOAD_REJECTED"},
        Removed{"purpose", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_purpose("case.da_safety"); }, "PAYLOAD_REJECTED"},
        Removed{"case", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.clear_case_id(); }, "PAYLOAD_REJECTED"},
        Removed{"area", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_area("E07000038"); }, "PAYLOAD_REJECTED"},
        Removed{"subjects_role", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->set_role("victim"); }, "PAYLOAD_REJECTED"},
        Removed{"grounds", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->clear_grounds(); }, "PAYLOAD_REJECTED"},
        Removed{"what_was_asked", nullptr, [](v1::Manifest&, v1::SenderStatement& s) { s.mutable_subjects(0)->mutable_categories()->RemoveLast(); }, "PAYLOAD_REJECTED"},
        Removed{"asked_unit", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_units(0)->set_category("contact"); }, "PAYLOAD_REJECTED"},
        Removed{"sensitivity", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_existence_sensitive(true); }, "PAYLOAD_REJECTED"},
        Removed{"approval", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_units(0)->set_category("health.mental"); m.mutable_units(0)->set_form("flag_only"); }, "REFUSED APPROVAL_REQUIRED"},
        Removed{"form", [](World&, policy::Policy& p) { for (auto& a : p.agreements) a.overlays.emplace_back("incident", policy::Form::kFlagOnly); }, nullptr, "REFUSED REDUCED_FORM"},
        Removed{"category", [](World&, policy::Policy& p) { for (auto& a : p.agreements) a.overlays.emplace_back("identity", std::nullopt); }, nullptr, "REFUSED CATEGORY_NOT_PERMITTED"},
        Removed{"askers_role_today", [](World& w, policy::Policy&) { for (auto& e : w.directories["cbc"].people) std::erase_if(e.roles, [](const auto& r) { return r.role == "practitioner"; }); }, nullptr, "REFUSED ROLE_NOT_ENTITLED"},
        Removed{"askers_training", [](World& w, policy::Policy&) { for (auto& e : w.directories["cbc"].people) e.training_until = absl::CivilDay(2026, 11, 23); }, nullptr, "REFUSED ROLE_NOT_ENTITLED"},
        Removed{"agreement", [](World&, policy::Policy& p) { for (auto& a : p.agreements) a.notices.push_back({.from = absl::CivilDay(2026, 1, 1)}); }, nullptr, "REFUSED AGREEMENT_NOT_IN_FORCE"},
        Removed{"signature_of_agreement", [](World&, policy::Policy& p) { for (auto& a : p.agreements) a.signed_by.erase("cbc"); }, nullptr, "REFUSED AGREEMENT_NOT_SIGNED"},
        Removed{"gateway", [](World&, policy::Policy& p) { p.profiles.at("tb.ncasb").gateways.clear(); }, nullptr, "REFUSED LEGAL_GATEWAY_MISSING"},
        Removed{"policy", [](World&, policy::Policy& p) { for (auto& a : p.agreements) a.signed_by.clear(); }, [](v1::Manifest& m, v1::SenderStatement&) { m.set_policy_digest(std::string(32, 'o')); }, "REFUSED POLICY_CHANGED"},
        Removed{"signing_key", [](World& w, policy::Policy&) { w.keys.erase(kHolder); }, nullptr, "KEY_NOT_CERTIFIED"},
        Removed{"sealing_key", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_sealing_key_id(std::string(64, '0')); }, "KEY_NOT_CERTIFIED"},
        Removed{"second_version", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_version(2); }, "PAYLOAD_REJECTED"},
        Removed{"no_question", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_question()->set_role("spoc"); }, "PAYLOAD_REJECTED"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(AnswerTest, AnAgencyThatWasNotAskedDoesNotAnswer) {
  v1::SubmitCaseAnswerRequest request = Answer();
  EXPECT_EQ(Told(request, "dfrs"), "PAYLOAD_REJECTED");
  const v1::SubmitCaseAnswerRequest own =
      Answer([](v1::Manifest& m, v1::SenderStatement&) { m.set_sender_agency("dfrs"); });
  EXPECT_EQ(Told(own, "dfrs"), "SHARE_UNKNOWN");
}

TEST_F(AnswerTest, AClosedCaseEndsAnswersAndHoldsWhatWaits) {
  ASSERT_EQ(Told(Answer()), "STORED");
  ASSERT_OK(Close());
  EXPECT_EQ(Told(Supplement()), "REFUSED CASE_LINK_REQUIRED");
  const v1::CollectResponse collected = Collected();
  for (const v1::Delivery& delivery : collected.deliveries()) EXPECT_FALSE(delivery.has_package());
  EXPECT_EQ(EntriesOf("cbc", "held"), 1u);
}

TEST_F(AnswerTest, TheAskerIsToldThatNothingMayBeAnsweredAnyMoreAndNothingOfARestriction) {
  ASSERT_OK(Close());
  const auto under_another = [](v1::Manifest& m, v1::SenderStatement&) { m.set_policy_digest(std::string(32, 'o')); };
  EXPECT_EQ(Told(Answer(under_another)), "REFUSED POLICY_CHANGED");
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_WAITING) << "the holder makes it afresh";
  EXPECT_EQ(Told(Answer()), "REFUSED CASE_LINK_REQUIRED");
  for (const std::string& viewer : {std::string("cbc"), std::string(kHolder)}) {
    EXPECT_EQ(HolderSeenBy(viewer).state(), v1::HOLDER_STATE_REFUSED) << viewer;
    EXPECT_EQ(HolderSeenBy(viewer).reason(), "CASE_LINK_REQUIRED") << viewer;
  }
}

TEST_F(AnswerTest, ACancelledRequestTakesNoAnswerAndNoSupplement) {
  ASSERT_OK(Withdraw(kShareId, "cbc", kHolder, 1));
  EXPECT_EQ(Told(Answer()), "REFUSED REQUEST_CANCELLED");
  EXPECT_EQ(Told(Supplement()), "REFUSED REQUEST_CANCELLED");
}

TEST_F(AnswerTest, ALateAnswerIsRefusedBeforeTheSweepHasSeenIt) {
  now_ += absl::Hours(73);
  EXPECT_EQ(Told(Answer()), "REFUSED REQUEST_EXPIRED");
  EXPECT_EQ(EntriesOf(kHolder, "answer"), 1u) << "a refusal is entered";
}

TEST_F(AnswerTest, AHolderThatRestrictedThePersonReleasesNothing) {
  v1::Restriction restriction;
  restriction.set_restriction_id(kRequestId);
  restriction.set_agency(kHolder);
  restriction.set_action(v1::RESTRICTION_ACTION_RESTRICT);
  restriction.set_sequence(1);
  v1::ApplyRestrictionRequest apply;
  apply.set_request_id(FreshRequestId());
  *apply.mutable_restriction() = Sign(kHolder, trust::kRestrictionType, restriction);
  apply.add_references(std::string(32, 'h'));
  v1::ApplyRestrictionResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return ApplyRestriction(AgentOf(kHolder), apply, response, batch); }));
  EXPECT_EQ(Told(Answer()), "REFUSED SUBJECT_RESTRICTED");
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_WAITING) << "that is the holder's to tell";
}

TEST_F(AnswerTest, ASupplementFollowsAnAnswerWithItsApproval) {
  EXPECT_EQ(Told(Supplement()), "REFUSED ANSWER_REQUIRED");
  ASSERT_EQ(Told(Answer()), "STORED");
  ASSERT_EQ(Told(Supplement()), "STORED");
  EXPECT_EQ(HolderSeenBy("cbc").answer_share_ids_size(), 2);
  EXPECT_EQ(EntriesOf(kHolder, "approval_used"), 1u);
  EXPECT_EQ(EntriesOf("cbc", "approval_used"), 0u);
  EXPECT_EQ(Collected().deliveries_size(), 3);
}

TEST_F(AnswerTest, AnAnswerIsNoReferralToItsReaders) {
  ASSERT_EQ(Told(Answer()), "STORED");
  v1::GetReferralRequest get;
  get.set_name(absl::StrCat("agencies/cbc/referrals/", kAnswerId));
  EXPECT_EQ(Told(GetReferral(AgentOf("cbc"), get, *store_->Read().value()).status()), "SHARE_UNKNOWN");
  v1::ListCaseRequestsRequest list;
  list.set_parent("agencies/cbc");
  EXPECT_EQ(ListCaseRequests(AgentOf("cbc"), list, now_, *store_->Read().value())->requests_size(), 1);
  list.set_filter("role=holder");
  EXPECT_EQ(ListCaseRequests(AgentOf("cbc"), list, now_, *store_->Read().value())->requests_size(), 0);
  list.set_parent("agencies/dfrs");
  EXPECT_EQ(Told(ListCaseRequests(AgentOf("cbc"), list, now_, *store_->Read().value()).status()), "ROLE_NOT_ENTITLED");
}

class UncollectedTest : public RequestTest {};

TEST_F(UncollectedTest, WhatWasNotCollectedIsNotAnswered) {
  ASSERT_EQ(Told(Request()), "STORED");
  EXPECT_EQ(Told(Answer()), "REFUSED REQUEST_NOT_COLLECTED");
}

TEST_F(UncollectedTest, ASelectorThatWasAnsweredAndNeverAcknowledgedGoesWhenItsTimeIsOver) {
  ASSERT_EQ(Told(Request()), "STORED");
  ASSERT_EQ(CollectAs(kHolder)->deliveries_size(), 1);
  ASSERT_EQ(Told(Answer()), "STORED");
  ASSERT_EQ(CollectAs(kHolder)->deliveries_size(), 1) << "it may still be acknowledged";
  now_ += absl::Hours(73);
  ASSERT_OK(Run([](Batch& batch) { return Sweep(batch); }));
  const v1::CollectResponse left = CollectAs(kHolder).value();
  for (const v1::Delivery& delivery : left.deliveries()) EXPECT_FALSE(delivery.has_package());
  EXPECT_EQ(HolderSeenBy("cbc").state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_EQ(EntriesOf(kHolder, "expiry"), 1u) << "of the answer, which nobody collected; not of what was answered";
}

}  // namespace
}  // namespace derwent::exchange
