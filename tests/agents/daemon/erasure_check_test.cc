#include "agents/daemon/receiving/erasure_check.h"

#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/base/london.h"
#include "trust/entry/opening.h"
#include "trust/identity/certificate.h"
#include "trust/merkle/tree.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"
#include "trust/signature/signing_key.h"

namespace derwent::agents {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "derwent.example/log";

// An erasure of entries 3 and 4, signed by the officers of police and fire, and its record as the only leaf of a log.
class ErasureCheckTest : public ::testing::Test {
 protected:
  ErasureCheckTest() {
    for (const char* agency : {"police.derbys", "dfrs", "cbc"})
      people_[agency] = pki_.IssueFor(agency, "person", "p-1");
    policy_.roles = {{"dpo", {"handle_rights"}}, {"clerk", {"request_case"}}, {"marac_chair", {}}};
    policy_.board_roles = {{"marac_chair", ""}};
    for (const char* agency : {"police.derbys", "dfrs", "cbc"}) Appoint(agency, "dpo");
    *erasure_.mutable_request() = Signed(Command("police.derbys"));
    *erasure_.mutable_approval() = Signed(Command("dfrs"));
  }
  v1::ErasureCommand Command(const std::string& agency) const {
    v1::ErasureCommand command;
    command.set_erasure_id("7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d");
    command.add_entries(3);
    command.add_entries(4);
    command.set_reason("RIGHT_TO_ERASURE");
    command.set_signer_agency(agency);
    command.set_signer_person("p-1");
    command.set_signer_role("dpo");
    *command.mutable_create_time() = trust::ToTimestamp(now_);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(24));
    return command;
  }
  v1::SignedCommand Signed(const v1::ErasureCommand& command, std::string key_of = "") const {
    const testing::TestIdentity& identity = people_.at(key_of.empty() ? command.signer_agency() : key_of);
    v1::SignedCommand signed_command;
    *signed_command.mutable_command() =
        trust::SignMessage(trust::kErasureType, command,
                           trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value())
            .value();
    signed_command.set_certificate(identity.certificate_der);
    return signed_command;
  }
  trust::ErasureRecord Record() const {
    return {
        .targets = {3, 4},
        .fields = trust::PersonFields(),
        .month = "2026-11",
        .approvals = trust::ErasureRecord::Approvals{.owner = trust::Sha256(erasure_.request().SerializeAsString()),
                                                     .other = trust::Sha256(erasure_.approval().SerializeAsString())},
        .policy = std::nullopt};
  }
  absl::Status Approved(const std::string& agency = "dfrs", const std::vector<ReceiptRow>& receipts = {}) const {
    return VerifyApprovals(erasure_, Record(), receipts, Ground(agency));
  }
  ErasureGround Ground(const std::string& agency) const {
    return {.agency = agency,
            .anchors = anchors_,
            .snapshot = {.policy = &policy_, .directories = &directories_},
            .now = now_};
  }
  // Puts a person into a register with a role; `board`: the role's, whose owner, the police, appoints.
  void Appoint(const std::string& agency, const std::string& role, const std::string& board = "") {
    const policy::RoleHolding holding{.role = role, .boards = {board}, .areas = {}, .valid = {}};
    directories_[agency].people = {
        policy::DirectoryEntry{.id = "p-1", .roles = {holding}, .training_until = LondonDay(now_) + 365}};
    if (board.empty()) return;
    policy_.profiles[board].owners = {{"police.derbys", {}}};
    directories_["police.derbys"].appointments = {{.agency = agency, .person = "p-1", .holding = holding}};
  }
  // A receipt of the only leaf of a log.
  std::string Receipt(const trust::Opening& opening) const {
    const trust::Checkpoint checkpoint{.origin = kOrigin, .size = 1, .root = opening.LeafHashOf()};
    const trust::Note note{.text = checkpoint.Body(),
                           .signatures = {trust::SignNote(checkpoint.Body(), kOrigin, log_).value()}};
    return trust::TlogProof{.extra = opening.ToExtra(), .index = 0, .path = {}, .checkpoint = note.ToString()}
        .ToString();
  }
  ReceiptRow RowOf(absl::Time time, const std::string& profile, const std::string& board = "") {
    trust::SealedFields fields;
    fields[trust::Field::kReleasingAgency] = "police.derbys";
    fields[trust::Field::kReceivingAgency] = "dfrs";
    fields[trust::Field::kTime] = absl::StrCat(absl::ToUnixMillis(time));
    fields[trust::Field::kPurpose] =
        absl::StrCat("purpose=case.fire_safety profile=", profile, board.empty() ? "" : " board=", board);
    trust::SystemRandom random;
    fields.Salt(random);
    v1::Receipt receipt;
    receipt.set_tlog_proof(Receipt(trust::Opening::Of(fields, trust::HashFields(fields), trust::AllFields())));
    return {.share_id = "s", .index = 0, .receipt = receipt.SerializeAsString()};
  }

  absl::Time now_ = absl::FromUnixSeconds(1'795'521'600);
  testing::TestPki pki_{now_};
  trust::Ed25519Key log_ = trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'l'))).value();
  TrustAnchors anchors_{.authority = trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value(),
                        .revoked = trust::RevocationSet(),
                        .first_keys = {},
                        .log_keys = trust::VerifierKey::Make(kOrigin, trust::kNoteEd25519, log_.public_key()).value(),
                        .digest = ""};
  std::map<std::string, testing::TestIdentity> people_;
  policy::Policy policy_;
  policy::Directories directories_;
  v1::Erasure erasure_;
};

TEST_F(ErasureCheckTest, BelievesWhatTwoOfficersSignedOneOfThemItsOwn) {
  EXPECT_OK(Approved("dfrs"));
  EXPECT_OK(Approved("police.derbys"));
  EXPECT_THAT(Approved("cbc"), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("nobody of this agency")));
}

TEST_F(ErasureCheckTest, BelievesWhoChairsTheBoardInPlaceOfTheOtherParty) {
  v1::ErasureCommand command = Command("cbc");
  command.set_signer_role("marac_chair");
  *erasure_.mutable_approval() = Signed(command);
  Appoint("cbc", "marac_chair", "tb.marac");
  EXPECT_OK(Approved("dfrs", {RowOf(now_, "marac", "tb.marac")}));
}

TEST_F(ErasureCheckTest, RefusesAChairThatTheRegisterDoesNotKnowOrOfAnotherBoard) {
  v1::ErasureCommand command = Command("cbc");
  command.set_signer_role("marac_chair");
  *erasure_.mutable_approval() = Signed(command);
  const std::vector<ReceiptRow> held = {RowOf(now_, "marac", "tb.marac")};
  EXPECT_THAT(Approved("dfrs", held), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Approved("dfrs"), StatusIs(absl::StatusCode::kUnauthenticated));
  Appoint("cbc", "marac_chair", "tb.soce");
  EXPECT_THAT(Approved("dfrs", held), StatusIs(absl::StatusCode::kUnauthenticated));
  Appoint("cbc", "marac_chair", "tb.marac");
  EXPECT_THAT(Approved("dfrs", {held[0], RowOf(now_, "marac")}), StatusIs(absl::StatusCode::kUnauthenticated));
  command.set_signer_role("armchair");
  *erasure_.mutable_approval() = Signed(command);
  Appoint("cbc", "armchair", "tb.marac");
  EXPECT_THAT(Approved("dfrs", held), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(ErasureCheckTest, RefusesAClerkAndWhoClaimsToBeAnOfficer) {
  Appoint("dfrs", "clerk");
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("handle_rights")));
  v1::ErasureCommand command = Command("dfrs");
  command.set_signer_role("clerk");
  *erasure_.mutable_approval() = Signed(command);
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("handle_rights")));
  Appoint("dfrs", "dpo");
  *erasure_.mutable_approval() = Signed(Command("dfrs"));
  EXPECT_OK(Approved());
  Appoint("police.derbys", "clerk");
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("handle_rights")));
}

TEST_F(ErasureCheckTest, RefusesASignerWhomARevokedAuthorityCertified) {
  anchors_.revoked.Revoke(pki_.authority_serial());
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("revoked")));
}

TEST_F(ErasureCheckTest, RefusesARevokedSigner) {
  anchors_.revoked.Revoke(trust::Certificate::FromDer(people_["dfrs"].certificate_der)->serial());
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("revoked")));
}

TEST_F(ErasureCheckTest, RefusesACommandThatWasNotGoodWhenTheLedgerErased) {
  const auto with = [&](absl::Duration made, absl::Duration ends) {
    v1::ErasureCommand command = Command("dfrs");
    *command.mutable_create_time() = trust::ToTimestamp(now_ + made);
    *command.mutable_expire_time() = trust::ToTimestamp(now_ + ends);
    *erasure_.mutable_approval() = Signed(command);
    return Approved();
  };
  EXPECT_OK(with(absl::ZeroDuration(), absl::Hours(24)));
  EXPECT_THAT(with(absl::Hours(1), absl::Hours(2)), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("future")));
  EXPECT_THAT(with(absl::ZeroDuration(), absl::Hours(24 * 31)), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(with(absl::ZeroDuration(), absl::ZeroDuration()), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(with(-absl::Hours(24 * 60), -absl::Hours(24 * 50)),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("not good")));
}

TEST_F(ErasureCheckTest, RefusesOfficersOfOthersThanTheParties) {
  const std::vector<ReceiptRow> held = {RowOf(now_, "fire_safety")};
  EXPECT_OK(Approved("dfrs", held));
  const v1::SignedCommand by_fire = erasure_.approval();
  *erasure_.mutable_approval() = Signed(Command("cbc"));
  EXPECT_THAT(Approved("police.derbys", held), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("no party")));
  *erasure_.mutable_request() = Signed(Command("cbc"));
  *erasure_.mutable_approval() = by_fire;
  EXPECT_THAT(Approved("dfrs", held), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("whose data")));
}

TEST_F(ErasureCheckTest, RefusesTwoReasons) {
  v1::ErasureCommand command = Command("dfrs");
  command.set_reason("ERROR");
  *erasure_.mutable_approval() = Signed(command);
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(ErasureCheckTest, RefusesOtherSignaturesThanTheRecordCommitsTo) {
  const trust::ErasureRecord record = Record();
  *erasure_.mutable_approval() = Signed(Command("dfrs"));  // Signed anew: another signature.
  EXPECT_THAT(VerifyApprovals(erasure_, record, {}, Ground("dfrs")), StatusIs(absl::StatusCode::kUnauthenticated));
  erasure_.clear_approval();
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(ErasureCheckTest, RefusesOnePersonTwiceOtherEntriesAndForgedSignatures) {
  *erasure_.mutable_approval() = Signed(Command("police.derbys"));
  EXPECT_THAT(Approved("police.derbys"), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("one person twice")));
  v1::ErasureCommand more = Command("dfrs");
  more.add_entries(5);
  *erasure_.mutable_approval() = Signed(more);
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("other entries")));
  *erasure_.mutable_approval() = Signed(Command("dfrs"), "cbc");
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("not that of the person named")));
  *erasure_.mutable_approval() = Signed(Command("dfrs"));
  erasure_.mutable_approval()->mutable_command()->mutable_signatures(0)->set_sig("forged");
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("does not verify")));
  testing::TestPki foreign(now_);
  people_["dfrs"] = foreign.IssueFor("dfrs", "person", "p-1");
  *erasure_.mutable_approval() = Signed(Command("dfrs"));
  EXPECT_THAT(Approved(), StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("did not count")));
}

TEST_F(ErasureCheckTest, TheRecordIsProvedAndNamesWhatIsToBeErased) {
  erasure_.add_entries(4);
  erasure_.mutable_receipt()->set_tlog_proof(
      Receipt(trust::Opening::OfPublic(trust::EntryKind::kErasure, Record().ToBody())));
  EXPECT_EQ(VerifyRecord(erasure_, anchors_.log_keys)->record.targets, (std::vector<uint64_t>{3, 4}));
  erasure_.add_entries(5);
  EXPECT_THAT(VerifyRecord(erasure_, anchors_.log_keys), StatusIs(absl::StatusCode::kDataLoss));
  erasure_.mutable_entries()->Truncate(1);
  erasure_.mutable_receipt()->set_tlog_proof(
      Receipt(trust::Opening::OfPublic(trust::EntryKind::kRegister, Record().ToBody())));
  EXPECT_THAT(VerifyRecord(erasure_, anchors_.log_keys), StatusIs(absl::StatusCode::kDataLoss));
  erasure_.mutable_receipt()->clear_tlog_proof();
  EXPECT_FALSE(VerifyRecord(erasure_, anchors_.log_keys).ok());
}

TEST_F(ErasureCheckTest, AScheduleIsBelievedOnlyOnceTheRetentionIsOver) {
  const absl::Time long_ago = absl::FromCivil(absl::CivilDay(2019, 11, 24), absl::UTCTimeZone());
  const absl::Time last_year = absl::FromCivil(absl::CivilDay(2025, 10, 1), absl::UTCTimeZone());
  EXPECT_OK(CheckRetention({RowOf(long_ago, "fire_safety")}, {}, now_));
  EXPECT_THAT(CheckRetention({RowOf(long_ago, "fire_safety"), RowOf(last_year, "fire_safety")}, {}, now_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(CheckRetention({RowOf(last_year, "fire_safety")}, {{"fire_safety", 12}}, now_));
  EXPECT_THAT(CheckRetention({RowOf(last_year, "marac")}, {{"fire_safety", 12}}, now_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_OK(CheckRetention({}, {}, now_));
}

}  // namespace
}  // namespace derwent::agents
