#include "broker/exchange/registers/registers.h"

#include "absl/strings/str_format.h"

#include "broker/exchange/command/query_entry.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/referral/referrals.h"
#include "derwent/v1/register.pb.h"
#include "policy/loader/directory.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

class RegistersTest : public ExchangeTest {
 protected:
  v1::ApplyDirectoryRequest DirectoryOf(const std::string& agency, int64_t version, const std::string& signer) {
    v1::Directory directory;
    directory.set_agency(agency);
    directory.set_version(version);
    v1::DirectoryEntry& entry = *directory.add_entries();
    entry.set_id(kPractitioner);
    entry.set_training_until("2099-12-31");
    entry.add_roles()->set_role("practitioner");
    v1::ApplyDirectoryRequest request;
    request.set_request_id(FreshRequestId());
    *request.mutable_directory() = Sign(signer, trust::kDirectoryType, directory);
    return request;
  }
  std::string Applied(const v1::ApplyDirectoryRequest& request, const std::string& agency = kSender) {
    v1::ApplyDirectoryResponse response;
    const absl::Status status =
        Run([&](Batch& batch) { return ApplyDirectory(AgentOf(agency), request, response, batch); });
    return status.ok() ? "" : ReasonOf(status);
  }
  v1::ApplyRestrictionRequest Restriction(v1::RestrictionAction action, uint32_t sequence) {
    v1::Restriction restriction;
    restriction.set_restriction_id(kRequestId);
    restriction.set_agency(kSender);
    restriction.set_action(action);
    restriction.set_sequence(sequence);
    v1::ApplyRestrictionRequest request;
    request.set_request_id(absl::StrFormat("7c9e6679-7425-40de-944b-%012d", sequence));
    *request.mutable_restriction() = Sign(kSender, trust::kRestrictionType, restriction);
    request.add_references(std::string(32, 'r'));
    return request;
  }
  absl::StatusOr<v1::ApplyRestrictionResponse> Restrict(const v1::ApplyRestrictionRequest& request,
                                                        const std::string& agency = kSender) {
    v1::ApplyRestrictionResponse response;
    const absl::Status status =
        Run([&](Batch& batch) { return ApplyRestriction(AgentOf(agency), request, response, batch); });
    if (!status.ok()) return status;
    return response;
  }
};

TEST_F(RegistersTest, WhatIsSignedByAKeyOfARevokedAuthorityIsRefused) {
  const v1::ApplyDirectoryRequest request = DirectoryOf(kSender, 1, kSender);
  auto revoked = std::make_shared<trust::RevocationSet>(*world().revoked);
  revoked->Revoke(pki_.authority_serial());
  const auto before = std::exchange(world().revoked, revoked);
  EXPECT_NE(Applied(request), "");
  world().revoked = before;
  EXPECT_EQ(Applied(request), "");
}

TEST_F(RegistersTest, ADirectoryIsInForceFromItsCommitAndTheSameAgainIsNothingNew) {
  const v1::ApplyDirectoryRequest request = DirectoryOf(kSender, 1, kSender);
  EXPECT_EQ(Applied(request), "");
  const uint64_t size = log_->size();
  EXPECT_EQ(Applied(request), "");
  EXPECT_EQ(log_->size(), size);
  const auto reader = store_->Read().value();
  const auto loaded = LoadRegisters(world(), *reader);
  ASSERT_OK(loaded);
  ASSERT_EQ((*loaded)->directories.at(kSender).people.size(), 1u);
  EXPECT_EQ((*loaded)->directories.at(kSender).people.front().id, kPractitioner);
}

// The revision is where the newest directory was entered, so whoever has the ledger finds what was in force.
TEST_F(RegistersTest, TheRegistersHaveTheNumberOfTheirNewestEntry) {
  EXPECT_EQ(LoadRegisters(world(), *store_->Read().value()).value()->register_revision, 0u);
  ASSERT_EQ(Applied(DirectoryOf(kSender, 1, kSender)), "");
  ASSERT_EQ(Applied(DirectoryOf(kRecipient, 1, kRecipient), kRecipient), "");
  ASSERT_EQ(Applied(DirectoryOf(kSender, 2, kSender)), "");
  const auto reader = store_->Read().value();
  EXPECT_EQ(LoadRegisters(world(), *reader).value()->register_revision, log_->size());
}

TEST_F(RegistersTest, OnlyAHigherVersionOfItsOwnSignedDirectoryIsTaken) {
  EXPECT_EQ(Applied(DirectoryOf(kSender, 2, kSender)), "");
  EXPECT_EQ(Applied(DirectoryOf(kSender, 1, kSender)), "SEQUENCE_BROKEN");
  EXPECT_EQ(Applied(DirectoryOf(kSender, 3, kStranger)), "KEY_NOT_CERTIFIED");
  EXPECT_EQ(Applied(DirectoryOf(kRecipient, 3, kRecipient)), "ROLE_NOT_ENTITLED") << "another agency's";
}

// An agency cannot appoint its own chair; who owns the board can, and a broken appointment says why, all at once.
TEST_F(RegistersTest, OnlyABoardsOwnerAppointsToItsRoles) {
  v1::Directory directory;
  directory.set_agency(kSender);
  directory.set_version(1);
  v1::Appointment& chair = *directory.add_appointments();
  chair.set_agency(kSender);
  chair.set_person(kPractitioner);
  chair.mutable_holding()->set_role("dhr_chair");
  chair.mutable_holding()->add_boards("dhr");
  v1::ApplyDirectoryRequest request;
  request.set_request_id(FreshRequestId());
  *request.mutable_directory() = Sign(kSender, trust::kDirectoryType, directory);
  v1::ApplyDirectoryResponse response;
  const absl::Status refused =
      Run([&](Batch& batch) { return ApplyDirectory(AgentOf(kSender), request, response, batch); });
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.ToString(), ::testing::HasSubstr("does not own `dhr`"));
  EXPECT_EQ(log_->size(), 0u);
}

TEST_F(RegistersTest, ARestrictionStopsWhatWaitsAndWhatIsStillToCome) {
  ASSERT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED);
  const auto restricted = Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1));
  ASSERT_OK(restricted);
  EXPECT_EQ(restricted->held_deliveries(), 1u);
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0);
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_HELD);
  v1::SubmitReferralRequest made =
      Share([](v1::Manifest& manifest, v1::SenderStatement&) { manifest.set_share_id(kRequestId); });
  made.set_request_id(kRequestId);
  const auto refused = Submit(made);
  ASSERT_OK(refused);
  EXPECT_EQ(refused->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_EQ(refused->reason(), "SUBJECT_RESTRICTED");
}

// Its recipient has the data: a withdrawal must reach it (P07).
TEST_F(RegistersTest, WhatWasCollectedBeforeARestrictionStaysCollectedAndIsAcknowledged) {
  ASSERT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED);
  const auto collected = CollectAs(kRecipient);
  ASSERT_EQ(collected->deliveries_size(), 1);
  ASSERT_OK(Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1)));
  EXPECT_EQ(CollectAs(kRecipient)->deliveries_size(), 0) << "it is not handed out again";
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_COLLECTED);
  v1::AcknowledgeResponse response;
  ASSERT_OK(Run([&](Batch& batch) {
    return Acknowledge(AgentOf(kRecipient), Acknowledgement(collected->deliveries(0)), response, batch);
  }));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_ACKNOWLEDGED);
}

TEST_F(RegistersTest, TheSameRestrictionAgainGetsTheFirstAnswer) {
  ASSERT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED);
  const auto first = Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1));
  const auto again = Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1));
  ASSERT_OK(first);
  ASSERT_OK(again);
  EXPECT_EQ(first->SerializeAsString(), again->SerializeAsString());
  EXPECT_EQ(EntriesOf(kSender, "restriction"), 1u);
  v1::ApplyRestrictionRequest others = Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1);
  others.set_references(0, std::string(32, 'o'));
  EXPECT_EQ(ReasonOf(Restrict(others).status()), "REQUEST_ID_REUSED") << "about another person it is another";
}

TEST_F(RegistersTest, ALiftedRestrictionStopsNothingMore) {
  ASSERT_OK(Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1)));
  EXPECT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  ASSERT_OK(Restrict(Restriction(v1::RESTRICTION_ACTION_LIFT, 2)));
  EXPECT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED);
}

TEST_F(RegistersTest, TheSameRestrictionAgainIsAnsweredTheSame) {
  ASSERT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED);
  const v1::ApplyRestrictionRequest request = Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1);
  const auto first = Restrict(request);
  ASSERT_OK(first);
  const uint64_t size = log_->size();
  const auto again = Restrict(request);
  ASSERT_OK(again);
  EXPECT_EQ(again->held_deliveries(), 1u);
  EXPECT_EQ(again->receipt().index(), first->receipt().index());
  EXPECT_EQ(log_->size(), size);
}

TEST_F(RegistersTest, EightIdentifiersAreRestrictedUnderTheKeysOfFourEnclaves) {
  v1::ApplyRestrictionRequest request = Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1);
  for (char c = 'a'; request.references_size() < 33; ++c) request.add_references(std::string(32, c));
  EXPECT_THAT(Restrict(request), derwent::testing::StatusIs(absl::StatusCode::kInvalidArgument));
  request.mutable_references()->RemoveLast();
  EXPECT_OK(Restrict(request));
}

TEST_F(RegistersTest, ARestrictionOfAnotherAgencyOrOutOfOrderIsRefused) {
  EXPECT_EQ(ReasonOf(Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 1), kStranger).status()),
            "ROLE_NOT_ENTITLED");
  EXPECT_EQ(ReasonOf(Restrict(Restriction(v1::RESTRICTION_ACTION_RESTRICT, 2)).status()), "SEQUENCE_BROKEN");
}

TEST_F(RegistersTest, AnAgencySeesItsOwnPartOfAReferralOnly) {
  ASSERT_EQ(Submit(Share())->outcome(), v1::SUBMIT_OUTCOME_STORED);
  const auto reader = store_->Read().value();
  for (const std::string agency : {kSender, kRecipient}) {
    v1::GetReferralRequest request;
    request.set_name("agencies/" + agency + "/referrals/" + kShareId);
    const auto referral = GetReferral(AgentOf(agency), request, *reader);
    ASSERT_OK(referral);
    EXPECT_EQ(referral->recipients_size(), 1);
    EXPECT_EQ(ReasonOf(GetReferral(AgentOf(kStranger), request, *reader).status()), "SHARE_UNKNOWN");
  }
  v1::GetReferralRequest own;
  own.set_name(std::string("agencies/") + kStranger + "/referrals/" + kShareId);
  EXPECT_EQ(ReasonOf(GetReferral(AgentOf(kStranger), own, *reader).status()), "SHARE_UNKNOWN")
      << "its existence is not told";
}

TEST_F(RegistersTest, AReadOfTheLedgerIsAnEntry) {
  const Look look{.what = "SearchLedgerEntries", .tags = {}, .query = {}};
  ASSERT_OK(Run([&](Batch& batch) { return EnterLook(AgentOf(kSender), look, batch).status(); }));
  EXPECT_EQ(EntriesOf(kSender, "read"), 1u);
}

TEST_F(RegistersTest, APlanSaysWhoWouldGetWhatAndStoresItsEntryOnly) {
  v1::PlanReferralRequest request;
  request.set_request_id(FreshRequestId());
  request.set_profile("fire_safety");
  request.set_purpose("case.fire_safety");
  request.set_area("E07000034");
  request.set_acting_person(kPractitioner);
  v1::PlannedRecipient& recipient = *request.add_recipients();
  recipient.set_agency(kRecipient);
  recipient.set_role("practitioner");
  v1::PlannedSubject& subject = *recipient.add_subjects();
  subject.set_number(1);
  subject.set_role("resident");
  subject.add_categories("identity");
  v1::PlanReferralResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return PlanReferral(AgentOf(kSender), request, response, batch); }));
  ASSERT_EQ(response.decisions_size(), 1);
  EXPECT_EQ(response.decisions(0).decision().overall(), "PERMIT");
  EXPECT_EQ(EntriesOf(kSender, "plan"), 1u);
  request.set_request_id(FreshRequestId());
  subject.set_categories(0, "intelligence");
  ASSERT_OK(Run([&](Batch& batch) { return PlanReferral(AgentOf(kSender), request, response, batch); }));
  const auto refused =
      store_->Read().value()->SearchEntries({.viewer_agency = kSender, .outcome = "DENY", .step = "plan", .limit = 10});
  ASSERT_OK(refused);
  EXPECT_EQ(refused->size(), 1u) << "a plan that gives nobody anything is found among the refusals";
  request.set_acting_person("p-nobody");
  EXPECT_EQ(ReasonOf(Run([&](Batch& batch) { return PlanReferral(AgentOf(kSender), request, response, batch); })),
            "ROLE_NOT_ENTITLED");
}

}  // namespace
}  // namespace derwent::exchange
