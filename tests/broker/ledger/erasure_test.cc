#include "broker/ledger/erasure.h"

#include <fstream>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"

#include "broker/ledger/fsck.h"
#include "broker/ledger/query.h"
#include "broker/ledger/search.h"
#include "derwent/v1/erasure.pb.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "tests/broker/store/intruder.h"
#include "tests/support/test_pki.h"
#include "trust/entry/erasure_record.h"
#include "trust/entry/opening.h"
#include "trust/signature/dsse.h"

namespace derwent::ledger {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Six referrals, about persons 0 to 5.
class ErasureTest : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    for (int i = 0; i < 6; ++i) Commit({Referral(i)}, TestTime(i));
    before_ = store_->Read().value()->FindEntry(2).value()->packed;
    receipt_ = MakeReceipt(*store_->Read().value(), 2, "police.derbys").value();
  }

  static testing::TestPki& Pki() {
    static testing::TestPki& pki = *new testing::TestPki();
    return pki;
  }
  // A command of an erasure as it is stored, signed by somebody of that agency.
  static v1::ErasureCommand Command(const std::string& agency, const std::vector<uint64_t>& targets) {
    v1::ErasureCommand command;
    command.set_erasure_id("7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d");
    command.mutable_entries()->Add(targets.begin(), targets.end());
    command.set_signer_agency(agency);
    command.set_signer_person("p-1");
    command.mutable_create_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    return command;
  }
  static std::string Signed(const v1::ErasureCommand& command, const std::string& certificate_of) {
    static auto& people = *new std::map<std::string, testing::TestIdentity>();
    auto [person, fresh] = people.try_emplace(certificate_of);
    if (fresh) person->second = Pki().IssueFor(certificate_of, "person", "p-1");
    const auto key = trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(person->second.key_pem)).value();
    const trust::Envelope envelope =
        trust::SignEnvelope("application/vnd.derwent.erasure.v1+protobuf", command.SerializeAsString(), key).value();
    v1::SignedCommand stored;
    stored.mutable_command()->set_payload_type(envelope.payload_type);
    stored.mutable_command()->set_payload(envelope.payload);
    v1::DsseSignature& signature = *stored.mutable_command()->add_signatures();
    signature.set_keyid(envelope.signatures[0].keyid);
    signature.set_sig(envelope.signatures[0].sig);
    stored.set_certificate(person->second.certificate_der);
    return stored.SerializeAsString();
  }

  // Erases entries and records it as the broker does.
  void Erase(const std::vector<uint64_t>& targets, const trust::FieldSet& fields) {
    EraseBy(Signed(Command("police.derbys", targets), "police.derbys"), Signed(Command("dfrs", targets), "dfrs"),
            targets, fields);
  }
  // Likewise, by these commands.
  void EraseBy(const std::string& request, const std::string& approval, const std::vector<uint64_t>& targets,
               const trust::FieldSet& fields) {
    auto transaction = store_->Begin().value();
    for (const uint64_t index : targets) ASSERT_OK(EraseFields(*transaction, index, fields));
    trust::ErasureRecord record{
        .targets = targets, .fields = fields, .month = "2026-11", .approvals = std::nullopt, .policy = std::nullopt};
    if (fields.all()) {
      record.policy = trust::Sha256("policy");
    } else {
      record.approvals = {.owner = trust::Sha256(request), .other = trust::Sha256(approval)};
    }
    const auto indexes =
        log_->Append(*transaction, {EntryDraft::Public(trust::EntryKind::kErasure, record.ToBody(), "erasure", "")},
                     TestTime(99), random_);
    ASSERT_OK(transaction->PutErasure({.erasure_id = std::to_string(indexes->front()),
                                       .agency = fields.all() ? "" : "police.derbys",
                                       .entries = targets,
                                       .request = fields.all() ? "" : request,
                                       .approval = fields.all() ? "" : approval,
                                       .create_time = TestTime(99),
                                       .expire_time = TestTime(99),
                                       .entry_index = indexes->front()}));
    ASSERT_OK(log_->Seal(*transaction));
    ASSERT_OK(transaction->Commit());
  }
  std::string Broken() { return Fsck(path(), log_->vkey()).value().broken; }
  // What fsck says after `sql`, as an intruder with sqlite3 would run it on the live file.
  std::string BrokenAfter(const std::string& sql) {
    store::Intruder(path()).Run(sql);
    return Broken();
  }
  std::vector<OpenedEntry> Find(const std::string& tag) {
    return Search(*store_->Read().value(), {.rows = {.viewer_agency = "police.derbys", .tags = {tag}}}).value().entries;
  }

  std::string before_;
  std::string receipt_;
};

TEST_F(ErasureTest, TakesSaltsAndValuesAndLeavesHashesAndLeaf) {
  Erase({2}, trust::PersonFields());
  const PackedEntry was = PackedEntry::Decode(before_).value();
  const PackedEntry is = FindSealed(*store_->Read().value(), 2)->entry;
  EXPECT_EQ(is.leaf, was.leaf);
  EXPECT_EQ(is.hashes, was.hashes);
  EXPECT_EQ(ErasedOf(is), trust::PersonFields());
  EXPECT_EQ(is.fields[trust::Field::kPurpose], was.fields[trust::Field::kPurpose]);
  EXPECT_FALSE(store_->Read().value()->FindDecisionRequest(2).value().has_value());
  EXPECT_EQ(Broken(), "");
}

TEST_F(ErasureTest, OldReceiptsAndNewOnesVerify) {
  Erase({2}, trust::PersonFields());
  const auto old = trust::VerifyReceipt(receipt_, log_->vkey(), kOrigin);
  ASSERT_OK(old);
  EXPECT_NE(old->opening.Value(trust::Field::kReleasingPerson), nullptr) << "what its holder kept is the holder's";
  const std::string again = MakeReceipt(*store_->Read().value(), 2, "police.derbys").value();
  const auto verified = trust::VerifyReceipt(again, log_->vkey(), kOrigin);
  ASSERT_OK(verified);
  EXPECT_EQ(verified->opening.Value(trust::Field::kReleasingPerson), nullptr);
  EXPECT_NE(verified->opening.Value(trust::Field::kPurpose), nullptr);
}

TEST_F(ErasureTest, APersonIsFoundByTagNoMoreAndTheEntryStillByItsParties) {
  ASSERT_THAT(Find(TestTag(2)), SizeIs(2));
  Erase({1, 2}, trust::PersonFields());
  EXPECT_THAT(Find(TestTag(2)), IsEmpty());
  EXPECT_THAT(Search(*store_->Read().value(), {.rows = {.viewer_agency = "dfrs"}}).value().entries, SizeIs(6));
}

TEST_F(ErasureTest, BySchedulePartiesTimeAndEverythingElseGo) {
  Erase({0, 2}, trust::AllFields());
  EXPECT_EQ(Broken(), "");
  EXPECT_THAT(OpenEntry(*store_->Read().value(), 2, "dfrs"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Search(*store_->Read().value(), {.rows = {.viewer_agency = "dfrs"}}).value().entries, SizeIs(4));
  EXPECT_EQ(store_->Read().value()->FindEntry(2).value()->time, TestTime(1)) << "the time of the entry before";
  EXPECT_THAT(
      Search(*store_->Read().value(), {.rows = {.viewer_agency = "dfrs", .start = TestTime(3)}}).value().entries,
      SizeIs(3));
  EXPECT_THAT(EraseFields(*store_->Begin().value(), 6, trust::AllFields()), StatusIs(absl::StatusCode::kNotFound))
      << "nothing can be erased of a public entry";
  EXPECT_THAT(EraseFields(*store_->Begin().value(), 7, trust::AllFields()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ErasureTest, NothingOfItIsLeftInFileOrLogOfChanges) {
  Erase({2}, trust::PersonFields());
  ASSERT_OK(store_->Begin().value()->Savepoint());  // The next transaction empties the log of changes.
  const PackedEntry was = PackedEntry::Decode(before_).value();
  const std::string file = ReadFile(path());
  EXPECT_THAT(ReadFile(path() + "-wal"), IsEmpty());
  for (const trust::Field field : {trust::Field::kReleasingPerson, trust::Field::kReceivingPerson,
                                   trust::Field::kSubjectTags, trust::Field::kSubjectRole, trust::Field::kGrounds}) {
    EXPECT_EQ(file.find(was.fields.salts[static_cast<size_t>(field) - 1]), std::string::npos)
        << static_cast<int>(field);
  }
  EXPECT_EQ(file.find(was.fields[trust::Field::kSubjectTags]), std::string::npos);
  EXPECT_EQ(file.find("canonical request 2"), std::string::npos);
  EXPECT_NE(file.find(was.fields.salts[static_cast<size_t>(trust::Field::kPurpose) - 1]), std::string::npos);
}

TEST_F(ErasureTest, AReaderThatLooksOnDoesNotStopTheWriter) {
  const auto reader = store_->Read().value();
  Erase({2}, trust::PersonFields());
  Commit({Referral(7)}, TestTime(100));
  EXPECT_EQ(PackedEntry::Decode(reader->FindEntry(2).value()->packed)->fields[trust::Field::kReleasingPerson], "p-17");
}

TEST_F(ErasureTest, FsckCatchesAnErasureWithoutItsRecord) {
  // As if the broker had erased and recorded nothing: the row of an honest erasure of entry 2 put in its place.
  auto transaction = store_->Begin().value();
  ASSERT_OK(EraseFields(*transaction, 2, trust::PersonFields()));
  ASSERT_OK(transaction->Commit());
  EXPECT_THAT(Broken(), HasSubstr("entry 2: fields are erased, and no entry records that"));
}

TEST_F(ErasureTest, FsckCatchesMoreErasedThanRecorded) {
  Erase({2}, trust::PersonFields());
  auto transaction = store_->Begin().value();
  ASSERT_OK(EraseFields(*transaction, 2, trust::AllFields()));
  ASSERT_OK(transaction->Commit());
  EXPECT_THAT(Broken(), HasSubstr("entry 2: fields are erased, and no entry records that"));
}

TEST_F(ErasureTest, FsckCatchesASkippedErasure) {
  Erase({2}, trust::PersonFields());
  auto transaction = store_->Begin().value();
  store::EntryRow row = *transaction->FindEntry(2).value();
  row.packed = before_;
  const PackedEntry was = PackedEntry::Decode(before_).value();
  row.columns = was.Columns();
  row.tags = {TestTag(2), TestTag(3)};
  std::sort(row.tags.begin(), row.tags.end());
  ASSERT_OK(transaction->EraseEntry(row, {}));
  ASSERT_OK(transaction->Commit());
  EXPECT_THAT(Broken(), HasSubstr("entry 2: entry 6 records its erasure, and it was not erased"));
}

TEST_F(ErasureTest, FsckCatchesARecordWithoutItsSignatures) {
  Erase({2}, trust::PersonFields());
  EXPECT_THAT(BrokenAfter("UPDATE erasure SET approval = CAST('forged' AS BLOB)"),
              HasSubstr("entry 6: the erasure it records lacks its two signatures"));
  EXPECT_THAT(BrokenAfter("UPDATE erasure SET entries = zeroblob(8)"),
              HasSubstr("entry 6: the erasure it records is of other entries"));
  EXPECT_THAT(BrokenAfter("DELETE FROM erasure"), HasSubstr("entry 6: the erasure it records is not there"));
}

// Whoever writes both the record and its row can give the record any commands: these do not hold.
struct BadCommands {
  const char* name;
  std::string (*approval)();
  const char* want;
};
class ErasureCommandsTest : public ErasureTest, public ::testing::WithParamInterface<BadCommands> {
 public:
  static std::string OfOtherEntries() { return Signed(Command("dfrs", {3}), "dfrs"); }
  static std::string OfAnotherErasure() {
    v1::ErasureCommand command = Command("dfrs", {2});
    command.set_erasure_id("00000000-0000-4000-8000-000000000001");
    return Signed(command, "dfrs");
  }
  static std::string InAnothersName() { return Signed(Command("dfrs", {2}), "cbc"); }
  static std::string OfTheSamePerson() { return Signed(Command("police.derbys", {2}), "police.derbys"); }
  static std::string Edited() {
    v1::SignedCommand stored;
    EXPECT_TRUE(stored.ParseFromString(Signed(Command("dfrs", {2}), "dfrs")));
    v1::ErasureCommand command = Command("dfrs", {2});
    command.set_reason("ERROR");
    stored.mutable_command()->set_payload(command.SerializeAsString());
    return stored.SerializeAsString();
  }
  static std::string NoCommand() { return "approval"; }
};

TEST_P(ErasureCommandsTest, FsckVerifiesBothSignatures) {
  EraseBy(Signed(Command("police.derbys", {2}), "police.derbys"), GetParam().approval(), {2}, trust::PersonFields());
  EXPECT_THAT(Broken(),
              AllOf(HasSubstr("entry 6: the erasure it records was not signed by two"), HasSubstr(GetParam().want)));
}

INSTANTIATE_TEST_SUITE_P(
    Commands, ErasureCommandsTest,
    ::testing::Values(BadCommands{"other_entries", ErasureCommandsTest::OfOtherEntries, "of other entries"},
                      BadCommands{"another_erasure", ErasureCommandsTest::OfAnotherErasure, "of two erasures"},
                      BadCommands{"anothers_name", ErasureCommandsTest::InAnothersName, "not that of the person named"},
                      BadCommands{"same_person", ErasureCommandsTest::OfTheSamePerson, "one person"},
                      BadCommands{"edited", ErasureCommandsTest::Edited, "signature does not verify"},
                      BadCommands{"no_command", ErasureCommandsTest::NoCommand, "does not parse"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(ErasureTest, FsckTellsTheConsortiumsCertificatesFromAnothers) {
  Erase({2}, trust::PersonFields());
  const testing::TestPki another;
  const auto broken = [&](const std::string& ca) {
    const auto authority = trust::Authority::FromPem(ca, "derwent.example").value();
    return Fsck(path(), FsckTrust{.vkeys = {log_->vkey()}, .retired = {}, .authority = &authority}).value().broken;
  };
  EXPECT_EQ(broken(Pki().ca_pem()), "");
  EXPECT_THAT(broken(another.ca_pem()), HasSubstr("entry 6: the erasure it records was not signed by two: a signer's "
                                                  "certificate is not the consortium's"));
}

TEST_F(ErasureTest, FsckCatchesARowThatClaimsAnErasureNobodyRecorded) {
  Erase({2}, trust::PersonFields());
  EXPECT_THAT(BrokenAfter("INSERT INTO erasure(erasure_id, agency, entries, request, approval, create_ms, expire_ms, "
                          "idx) VALUES ('x', '', x'', x'', x'', 0, 0, 5)"),
              HasSubstr("an erasure names entry 5, which records none"));
}

struct BadTargets {
  const char* name;
  const char* targets;
};
class ErasureTargetsTest : public ErasureTest, public ::testing::WithParamInterface<BadTargets> {};

TEST_P(ErasureTargetsTest, FsckRefusesARecordOfEntriesThatCannotBe) {
  Commit({EntryDraft::Public(
             trust::EntryKind::kErasure,
             absl::StrCat("derwent.erasure/v1\ntargets ", GetParam().targets,
                          "\nfields 1-24\nbodies 17 19\nmonth 2026-11\nschedule ", trust::Sha256("policy").hex(), "\n"),
             "erasure", "")},
         TestTime(99));
  EXPECT_THAT(Broken(), HasSubstr("entry 6: its record of an erasure has not its shape"));
}

INSTANTIATE_TEST_SUITE_P(Targets, ErasureTargetsTest,
                         ::testing::Values(BadTargets{"last", "18446744073709551615"},
                                           BadTargets{"range_to_last", "18446744073709551610-18446744073709551615"},
                                           BadTargets{"no_row_id", "9223372036854775808"},
                                           BadTargets{"many", "0-200 300-400"}),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace derwent::ledger
