#include "broker/ledger/erasure.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/erasure/erasures.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/registers/registers.h"
#include "derwent/v1/register.pb.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/base/status_macros.h"
#include "trust/entry/erasure_record.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kErasure[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1c01";
constexpr char kHold[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1c02";
constexpr char kOwnersOfficer[] = "p-0a11ce";
constexpr char kOthersOfficer[] = "p-0b0b0b";

// A referral of kSender to kRecipient that is over, and the data protection officers of both.
class ErasureTest : public ExchangeTest {
 protected:
  void SetUp() override {
    Employ(kSender, kOwnersOfficer, {.role = "dpo", .areas = {"E23000018"}});
    Employ(kRecipient, kOthersOfficer, {.role = "dpo", .areas = {"E23000018"}});
    Employ(kStranger, "p-057a6e", {.role = "dpo", .areas = {"E23000018"}});
    HandOver();
    Close();
    entry_ = Entries(kSender, "referral").at(0);
  }

  void Employ(const std::string& agency, const std::string& person, policy::RoleHolding holding) {
    people_[person] = pki_.IssueFor(agency, "person", person);
    world().directories[agency].people.push_back(
        {.id = person, .roles = {std::move(holding)}, .training_until = absl::CivilDay(2027, 12, 31)});
  }
  void Close() {
    uint32_t number = 1;
    for (const auto& [state, reason] : std::vector<std::pair<v1::ProgressState, std::string>>{
             {v1::PROGRESS_STATE_ACCEPTED, ""}, {v1::PROGRESS_STATE_CLOSED, "ACTIONS_COMPLETE"}}) {
      v1::ReportProgressResponse response;
      ++number;
      const v1::ReportProgressRequest request =
          ProgressOf(state, reason, number, "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1d0" + std::to_string(number));
      ASSERT_OK(Run([&](Batch& batch) { return ReportProgress(AgentOf(kRecipient), request, response, batch); }));
    }
    ASSERT_EQ(StateOf(), v1::RECIPIENT_STATE_CLOSED);
  }
  // Withdrawn before anybody collected it.
  void EndPart(const store::PartKey& key) {
    ASSERT_OK(Run([&](Batch& batch) {
      EXPECT_OK(batch.write().DeleteDelivery(batch.read().DeliveriesOfPart(key)->at(0).sequence));
      store::PartRow part = batch.read().FindPart(key).value().value();
      part.state = v1::RECIPIENT_STATE_WITHDRAWN;
      return batch.write().UpdatePart(part);
    }));
  }
  std::vector<uint64_t> Entries(const std::string& agency, const std::string& step) {
    return store_->Read().value()->SearchEntries({.viewer_agency = agency, .step = step, .limit = 100}).value();
  }
  ledger::PackedEntry Entry(uint64_t index) { return ledger::FindSealed(*store_->Read().value(), index)->entry; }

  template <typename Command>
  v1::SignedCommand Signed(const Command& command, absl::string_view type, const std::string& key_of) const {
    v1::SignedCommand signed_command;
    const testing::TestIdentity& identity = people_.at(key_of);
    *signed_command.mutable_command() =
        SignedWith(trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value(), type, command);
    signed_command.set_certificate(identity.certificate_der);
    return signed_command;
  }
  v1::ErasureCommand Command(const std::string& agency, const std::string& person) const {
    v1::ErasureCommand command;
    command.set_erasure_id(kErasure);
    command.add_entries(entry_);
    command.set_reason("RIGHT_TO_ERASURE");
    command.set_signer_agency(agency);
    command.set_signer_person(person);
    command.set_signer_role("dpo");
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(24 * 30));
    return command;
  }
  Caller PersonOf(const std::string& agency, const std::string& person) const {
    return {
        .id = {.trust_domain = "derwent.example", .agency = agency, .kind = trust::CallerKind::kPerson, .name = person},
        .serial = people_.at(person).serial};
  }

  using Rule = absl::Status (*)(const Caller&, const CheckedErasure&, v1::Erasure&, Batch&);
  absl::Status Send(Rule rule, const v1::ErasureCommand& command, const std::string& key_of = "") {
    const std::string& person = command.signer_person();
    const v1::SignedCommand sent = Signed(command, trust::kErasureType, key_of.empty() ? person : key_of);
    const auto checked = CheckErasure(sent, world(), now_);
    RETURN_IF_ERROR(checked.status());
    const Caller caller = PersonOf(command.signer_agency(), person);
    return Run([&](Batch& batch) { return rule(caller, *checked, shown_, batch); });
  }
  absl::Status Ask() { return Send(RequestErasure, Command(kSender, kOwnersOfficer)); }
  absl::Status Agree() { return Send(ApproveErasure, Command(kRecipient, kOthersOfficer)); }
  static std::string Told(const absl::Status& status) { return status.ok() ? "OK" : ReasonOf(status); }

  absl::Status Hold(v1::HoldAction action, const std::string& agency = kRecipient,
                    const std::string& person = kOthersOfficer) {
    v1::HoldCommand command;
    command.set_hold_id(kHold);
    command.set_action(action);
    command.set_reason("COMPLAINT");
    if (action == v1::HOLD_ACTION_PLACE) command.add_entries(entry_);
    command.set_signer_agency(agency);
    command.set_signer_person(person);
    command.set_signer_role("dpo");
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    const auto checked = CheckHold(Signed(command, trust::kHoldType, person), world(), now_);
    RETURN_IF_ERROR(checked.status());
    v1::ApplyHoldResponse response;
    return Run([&](Batch& batch) { return ApplyHold(PersonOf(agency, person), *checked, response, batch); });
  }
  absl::Status Attest(const std::string& agency) {
    v1::ErasureAttestation attestation;
    attestation.set_agency(agency);
    attestation.set_erasure_entry(shown_.receipt().index());
    *attestation.mutable_create_time() = trust::ToTimestamp(now_);
    v1::AttestErasureRequest request;
    request.set_request_id(FreshRequestId());
    *request.mutable_attestation() = Sign(agency, trust::kErasureAttestationType, attestation);
    v1::AttestErasureResponse response;
    return Run([&](Batch& batch) { return AttestErasure(AgentOf(agency), request, response, batch); });
  }
  v1::Erasure SeenBy(const std::string& agency) {
    const auto list = ListErasures(AgentOf(agency), {}, now_, *store_->Read().value()).value();
    return list.erasures().empty() ? v1::Erasure() : list.erasures(0);
  }

  std::map<std::string, testing::TestIdentity> people_;
  uint64_t entry_ = 0;
  v1::Erasure shown_;
};

TEST_F(ErasureTest, TwoOfficersErasePersonsRolesTagsAndGroundsAndNothingElse) {
  ASSERT_OK(Ask());
  EXPECT_EQ(shown_.state(), v1::ERASURE_STATE_REQUESTED);
  EXPECT_TRUE(ledger::ErasedOf(Entry(entry_)).none()) << "one signature erases nothing";
  ASSERT_OK(Agree());
  EXPECT_EQ(shown_.state(), v1::ERASURE_STATE_ERASING);
  EXPECT_EQ(ledger::ErasedOf(Entry(entry_)), trust::PersonFields());
  EXPECT_FALSE(store_->Read().value()->FindDecisionRequest(entry_).value().has_value());
  const auto part = store_->Read().value()->FindPart({.share_id = kShareId, .recipient_agency = kRecipient}).value();
  EXPECT_THAT(part->tags, IsEmpty());
  EXPECT_EQ(part->context + part->person, "");
}

TEST_F(ErasureTest, ThePublicEntryNamesTargetsAndSignaturesAndNobody) {
  ASSERT_OK(Ask());
  ASSERT_OK(Agree());
  const auto body = store_->Read().value()->FindPublicBody(shown_.receipt().index()).value();
  const trust::ErasureRecord record = trust::ErasureRecord::Parse(body->body).value();
  EXPECT_EQ(record.targets, std::vector<uint64_t>{entry_});
  EXPECT_EQ(record.month, "2026-11");
  EXPECT_EQ(record.approvals->owner, trust::Sha256(shown_.request().SerializeAsString()));
  EXPECT_EQ(record.approvals->other, trust::Sha256(shown_.approval().SerializeAsString()));
  for (const char* name : {kSender, kRecipient, kOwnersOfficer, kOthersOfficer})
    EXPECT_EQ(body->body.find(name), std::string::npos) << name;
}

TEST_F(ErasureTest, ARepeatedCommandIsAnsweredAgain) {
  ASSERT_OK(Ask());
  ASSERT_OK(Run([&](Batch& batch) {
    const auto checked = CheckErasure(shown_.request(), world(), now_);
    return RequestErasure(PersonOf(kSender, kOwnersOfficer), *checked, shown_, batch);
  }));
  EXPECT_EQ(Told(Ask()), "REQUEST_ID_REUSED") << "signed anew: another command under the same id";
  ASSERT_OK(Agree());
  EXPECT_EQ(Told(Agree()), "ALREADY_ERASED");
  EXPECT_THAT(Entries(kSender, "erasure_asked"), SizeIs(1));
}

TEST_F(ErasureTest, AnErasureIsRefusedWithoutBothSignaturesOfThoseWhoMay) {
  EXPECT_EQ(Told(Agree()), "ERASURE_UNKNOWN");
  EXPECT_EQ(Told(Send(RequestErasure, Command(kRecipient, kOthersOfficer))), "ROLE_NOT_ENTITLED") << "not the owner's";
  EXPECT_EQ(Told(Send(RequestErasure, Command(kStranger, "p-057a6e"))), "ENTRY_UNKNOWN");
  ASSERT_OK(Ask());
  EXPECT_EQ(Told(Send(ApproveErasure, Command(kSender, kOwnersOfficer))), "ROLE_NOT_ENTITLED") << "one person twice";
  Employ(kSender, "p-5ec0d0", {.role = "dpo", .areas = {"E23000018"}});
  EXPECT_EQ(Told(Send(ApproveErasure, Command(kSender, "p-5ec0d0"))), "ROLE_NOT_ENTITLED") << "the same party";
  EXPECT_EQ(Told(Send(ApproveErasure, Command(kStranger, "p-057a6e"))), "ROLE_NOT_ENTITLED");
  Employ(kRecipient, "p-5b0c00", {.role = "spoc", .areas = {"E23000018"}});
  EXPECT_EQ(Told(Send(ApproveErasure, Command(kRecipient, "p-5b0c00"))), "ROLE_NOT_ENTITLED") << "no officer";
  EXPECT_TRUE(ledger::ErasedOf(Entry(entry_)).none());
}

TEST_F(ErasureTest, AForgedSignatureIsRefused) {
  v1::ErasureCommand command = Command(kSender, kOwnersOfficer);
  EXPECT_EQ(Told(Send(RequestErasure, command, kOthersOfficer)), "COMMAND_NOT_VALID") << "another's certificate";
  v1::SignedCommand edited = Signed(command, trust::kErasureType, kOwnersOfficer);
  command.add_entries(entry_ + 1);
  edited.mutable_command()->set_payload(command.SerializeAsString());
  EXPECT_THAT(CheckErasure(edited, world(), now_).status().message(), HasSubstr("the signature does not verify"));
  testing::TestPki foreign(now_);
  edited = Signed(command, trust::kErasureType, kOwnersOfficer);
  edited.set_certificate(foreign.IssueFor(kSender, "person", kOwnersOfficer).certificate_der);
  EXPECT_EQ(ReasonOf(CheckErasure(edited, world(), now_).status()), "COMMAND_NOT_VALID");
  EXPECT_EQ(ReasonOf(CheckErasure(Signed(command, trust::kHoldType, kOwnersOfficer), world(), now_).status()),
            "COMMAND_NOT_VALID");
}

TEST_F(ErasureTest, TheOwnersSignatureIsJudgedAgainWhenTheOtherComes) {
  ASSERT_OK(Ask());
  auto revoked = world().revoked;
  world().revoked = std::make_shared<const trust::RevocationSet>(
      trust::RevocationSet::FromPem(pki_.Crl({people_.at(kOwnersOfficer).serial}), *world().authority, now_).value());
  EXPECT_EQ(Told(Agree()), "COMMAND_NOT_VALID");
  world().revoked = revoked;
  world().directories[kSender].people.pop_back();
  EXPECT_EQ(Told(Agree()), "ROLE_NOT_ENTITLED");
}

TEST_F(ErasureTest, WhatWasAskedForLapses) {
  ASSERT_OK(Ask());
  now_ += absl::Hours(24 * 30);
  EXPECT_EQ(Told(Agree()), "COMMAND_NOT_VALID");
  EXPECT_EQ(SeenBy(kRecipient).state(), v1::ERASURE_STATE_LAPSED);
}

TEST_F(ErasureTest, BothSignTheSameEntriesAndReason) {
  ASSERT_OK(Ask());
  v1::ErasureCommand other = Command(kRecipient, kOthersOfficer);
  other.set_reason("ERROR");
  EXPECT_EQ(Told(Send(ApproveErasure, other)), "COMMAND_NOT_VALID");
  other = Command(kRecipient, kOthersOfficer);
  other.add_entries(entry_ + 1);
  EXPECT_EQ(Told(Send(ApproveErasure, other)), "COMMAND_NOT_VALID");
}

TEST_F(ErasureTest, NobodyNamedInTheEntrySigns) {
  people_[kPractitioner] = pki_.IssueFor(kSender, "person", kPractitioner);
  world().directories[kSender].people[0].roles.push_back({.role = "dpo", .areas = {"E23000018"}});
  const absl::Status refused = Send(RequestErasure, Command(kSender, kPractitioner));
  EXPECT_EQ(Told(refused), "SELF_APPROVAL_FORBIDDEN");
  EXPECT_THAT(refused.message(), HasSubstr("it names who signed"));
}

TEST_F(ErasureTest, NothingIsErasedUnderAHoldUntilItsAgencyLiftsIt) {
  ASSERT_OK(Ask());
  ASSERT_OK(Hold(v1::HOLD_ACTION_PLACE));
  const absl::Status refused = Agree();
  EXPECT_EQ(Told(refused), "ENTRY_HELD");
  EXPECT_THAT(refused.message(), HasSubstr("under a hold (COMPLAINT) of dfrs"));
  EXPECT_EQ(Told(Hold(v1::HOLD_ACTION_LIFT, kSender, kOwnersOfficer)), "HOLD_UNKNOWN") << "another agency's";
  EXPECT_OK(Hold(v1::HOLD_ACTION_PLACE)) << "the same command gets the first answer";
  ASSERT_OK(Hold(v1::HOLD_ACTION_LIFT));
  EXPECT_OK(Hold(v1::HOLD_ACTION_LIFT));
  ASSERT_OK(Agree());
  EXPECT_THAT(Entries(kRecipient, "hold"), SizeIs(1));
  EXPECT_THAT(Entries(kRecipient, "hold_lifted"), SizeIs(1));
}

TEST_F(ErasureTest, OnlyAPartysOfficerHolds) {
  EXPECT_EQ(Told(Hold(v1::HOLD_ACTION_PLACE, kStranger, "p-057a6e")), "ENTRY_UNKNOWN");
  people_[kPractitioner] = pki_.IssueFor(kSender, "person", kPractitioner);
  EXPECT_EQ(Told(Hold(v1::HOLD_ACTION_PLACE, kSender, kPractitioner)), "ROLE_NOT_ENTITLED");
}

TEST_F(ErasureTest, AShareInMotionKeepsItsEntries) {
  auto open = store_->Begin().value();
  auto part = *open->FindPart({.share_id = kShareId, .recipient_agency = kRecipient}).value();
  part.state = v1::RECIPIENT_STATE_ACCEPTED;
  ASSERT_OK(open->UpdatePart(part));
  ASSERT_OK(open->Commit());
  EXPECT_EQ(Told(Ask()), "SHARE_OPEN");
}

TEST_F(ErasureTest, WhatIsWrongWithACommandIsToldAllAtOnce) {
  v1::ErasureCommand command;
  command.add_entries(4);
  command.add_entries(4);
  const auto violations =
      Violations::Of(CheckErasure(Signed(command, trust::kErasureType, kOwnersOfficer), world(), now_).status());
  std::vector<std::string> fields;
  for (const auto& [field, rule] : violations) fields.push_back(field);
  EXPECT_EQ(fields,
            (std::vector<std::string>{"command.erasure_id", "command.entries", "command.reason", "command.expire_time",
                                      "command.signer_agency", "command.signer_person", "command.signer_role"}));
}

TEST_F(ErasureTest, ItIsErasingUntilEveryPartyAttestedAndWhoDoesNotIsChased) {
  ASSERT_OK(Ask());
  EXPECT_EQ(Told(Attest(kSender)), "ERASURE_UNKNOWN") << "nothing was erased yet";
  ASSERT_OK(Agree());
  ASSERT_OK(Attest(kSender));
  ASSERT_OK(Attest(kSender));
  EXPECT_EQ(Told(Attest(kStranger)), "ERASURE_UNKNOWN");
  EXPECT_EQ(SeenBy(kSender).state(), v1::ERASURE_STATE_ERASING);
  now_ += absl::Hours(24 * 7);
  ASSERT_OK(Run(ChaseErasures));
  ASSERT_OK(Run(ChaseErasures));
  EXPECT_THAT(Entries(kRecipient, "erasure_unattested"), SizeIs(1));
  EXPECT_THAT(Entries(kSender, "erasure_unattested"), IsEmpty());
  EXPECT_EQ(SeenBy(kSender).parties(1).chased(), 1u);
  ASSERT_OK(Attest(kRecipient));
  EXPECT_EQ(SeenBy(kSender).state(), v1::ERASURE_STATE_ERASED);
  now_ += absl::Hours(24 * 30);
  ASSERT_OK(Run(ChaseErasures));
  EXPECT_THAT(Entries(kRecipient, "erasure_unattested"), SizeIs(1));
}

TEST_F(ErasureTest, AnotherSubjectOfTheShareCanStillBeRestricted) {
  v1::SubmitReferralRequest two = Share([](v1::Manifest& manifest, v1::SenderStatement& statement) {
    manifest.set_share_id(kRequestId);
    *manifest.add_subjects() = manifest.subjects(0);
    manifest.mutable_subjects(1)->set_number(2);
    manifest.mutable_units(1)->set_subject(2);
    *statement.add_subjects() = statement.subjects(0);
    statement.mutable_subjects(0)->mutable_categories()->RemoveLast();
    statement.mutable_subjects(1)->set_number(2);
    statement.mutable_subjects(1)->mutable_categories()->SwapElements(0, 1);
    statement.mutable_subjects(1)->mutable_categories()->RemoveLast();
  });
  two.set_request_id(kRequestId);
  *two.add_references() = two.references(0);
  two.mutable_references(1)->set_subject(2);
  two.mutable_references(1)->set_references(0, std::string(32, 'q'));
  ASSERT_EQ(Submit(two)->outcome(), v1::SUBMIT_OUTCOME_STORED);
  entry_ = Entries(kSender, "referral").at(1);
  EndPart({.share_id = kRequestId, .recipient_agency = kRecipient});
  ASSERT_OK(Ask());
  ASSERT_OK(Agree());
  v1::Restriction restriction;
  restriction.set_restriction_id(kHold);
  restriction.set_agency(kSender);
  restriction.set_sequence(1);
  restriction.set_action(v1::RESTRICTION_ACTION_RESTRICT);
  v1::ApplyRestrictionRequest request;
  request.set_request_id(FreshRequestId());
  request.add_references(std::string(32, 'q'));
  *request.mutable_restriction() = Sign(kSender, trust::kRestrictionType, restriction);
  v1::ApplyRestrictionResponse response;
  EXPECT_OK(Run([&](Batch& batch) { return ApplyRestriction(AgentOf(kSender), request, response, batch); }));
}

TEST_F(ErasureTest, TheScheduleErasesWhatItsRetentionNoLongerCovers) {
  const uint64_t before = store_->Read().value()->GetLogState().value().size;
  ASSERT_OK(Run(EraseDue));
  EXPECT_EQ(store_->Read().value()->GetLogState().value().size, before);
  now_ = absl::FromCivil(absl::CivilHour(2033, 11, 25), absl::UTCTimeZone());
  ASSERT_OK(Run(EraseDue));
  EXPECT_TRUE(ledger::ErasedOf(Entry(entry_)).all());
  EXPECT_FALSE(store_->Read().value()->FindShare(kShareId).value().has_value());
  const auto body = store_->Read().value()->FindPublicBody(before).value();
  const trust::ErasureRecord record = trust::ErasureRecord::Parse(body->body).value();
  EXPECT_TRUE(record.scheduled());
  EXPECT_EQ(record.targets.size(), before) << "every entry before it: all are sealed";
  EXPECT_EQ(SeenBy(kRecipient).state(), v1::ERASURE_STATE_ERASING);
  EXPECT_EQ(SeenBy(kRecipient).parties_size(), 1) << "who else was party is nobody's business";
  ASSERT_OK(Run(EraseDue));
  EXPECT_EQ(store_->Read().value()->GetLogState().value().size, before + 1) << "once";
}

TEST_F(ErasureTest, TheScheduleLeavesWhatIsHeldAndTakesItOnceTheHoldEnds) {
  ASSERT_OK(Hold(v1::HOLD_ACTION_PLACE));
  const absl::Time held = now_;
  now_ = absl::FromCivil(absl::CivilHour(2033, 11, 25), absl::UTCTimeZone());
  ASSERT_OK(Run(EraseDue));
  EXPECT_TRUE(ledger::ErasedOf(Entry(entry_)).none());
  now_ = held;
  ASSERT_OK(Hold(v1::HOLD_ACTION_LIFT));
  now_ = absl::FromCivil(absl::CivilHour(2033, 11, 25), absl::UTCTimeZone());
  ASSERT_OK(Run(EraseDue));
  EXPECT_TRUE(ledger::ErasedOf(Entry(entry_)).all());
}

TEST_F(ErasureTest, AShorterRetentionInTheBundleErasesItsProfilesEntriesOnly) {
  auto bundle = std::make_shared<policy::Bundle>();
  bundle->files = world().bundle->files;
  bundle->files["profiles/fire_safety.txtpb"] += "\nledger_months: 13\n";
  bundle->policy_digest = trust::Sha256("shorter").bytes();
  const auto kept = world().bundle;
  ASSERT_OK(Ask());
  auto shorter = std::make_shared<policy::Bundle>(std::move(*bundle));
  world().bundle = shorter;
  now_ += absl::Hours(24 * 400);
  const absl::Status due = Run(EraseDue);
  world().bundle = kept;
  ASSERT_OK(due);
  EXPECT_TRUE(ledger::ErasedOf(Entry(entry_)).all());
  EXPECT_TRUE(ledger::ErasedOf(Entry(Entries(kSender, "erasure_asked").at(0))).none()) << "84 months without a profile";
}

}  // namespace
}  // namespace derwent::exchange
