// A broker that lies about the ledger and its witnesses, over real TLS: each lie is caught by the agents.
#include <httplib.h>

#include <filesystem>

#include "agents/daemon/witnessing.h"
#include "agents/sdk/receipts.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "tests/agents/sdk/test_log.h"
#include "tests/integration/lying_ledger_fixture.h"
#include "trust/entry/erasure_record.h"
#include "trust/entry/opening.h"
#include "trust/merkle/tree.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

using testing::TestLog;

TEST_F(LyingLedgerTest, WithItsQuorumNothingStops) {
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  ASSERT_OK(police().daemon->upkeep().RunAll());
  police().clock.Move(kLimit * 2);
  EXPECT_EQ(Pushed("RMS-2"), "STORED");
}

TEST_F(LyingLedgerTest, ABrokerThatWithholdsItsCheckpointsStopsItsOwnTraffic) {
  police().broker->refuse_checkpoint = absl::UnavailableError("later");
  EXPECT_EQ(Pushed("RMS-1"), "STORED") << "within the limit";
  police().clock.Move(kLimit + absl::Seconds(1));
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_NOT_WITNESSED"));
  EXPECT_THAT(Pushed("RMS-2"), HasSubstr("this agency has seen no quorum"));
  police().Restart();
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(Pushed("RMS-2"), HasSubstr("this agency has seen no quorum")) << "a restart does not forget";
  police().broker->refuse_checkpoint = absl::OkStatus();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  EXPECT_EQ(Pushed("RMS-2"), "STORED");
}

TEST_F(LyingLedgerTest, WhatAKeyThatWasCutOffSignsIsBelievedNoLonger) {
  const uint64_t last_size = police().daemon->context().watch.newest()->size;
  const auto next = trust::Ed25519Key::FromSeed(trust::SecretBytes(std::string(32, 'n'))).value();
  const std::string in_use =
      trust::VerifierKey::Make(LogKeys().origin(), trust::kNoteEd25519, next.public_key())->ToString();
  const std::string file = consortium_.folder() + "/police.vkeys";
  std::ofstream(file) << in_use << "\n" << LogKeys().current().ToString() << " " << last_size << "\n";
  police().config.anchors.log_key = file;
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll()) << "what it signed before still counts";
  EXPECT_THAT(police().Alarms(), IsEmpty());
  EXPECT_EQ(Pushed("RMS-1"), "QUEUED");
  EXPECT_THAT(police().Alarms(), Contains("RECEIPT_INVALID"));
  EXPECT_THAT(police().daemon->upkeep().RunAll(), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(police().Alarms(), Contains("CHECKPOINT_INVALID"));
}

TEST_F(LyingLedgerTest, ABrokerThatIsAwayWhileNothingIsNewStopsNothing) {
  police().broker->refuse_checkpoint = absl::UnavailableError("later");
  police().clock.Move(kLimit * 2);
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_FALSE(police().daemon->context().quorum.Stopped(police().clock.Now()));
}

TEST_F(LyingLedgerTest, ACosignedCheckpointOfAnotherTreeIsNotCounted) {
  police().broker->on_checkpoint = [this](v1::GetCheckpointResponse& response) {
    response.set_cosigned_note(Forked(response.note()));
  };
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_FORKED"));
  EXPECT_GT(police().daemon->context().quorum.Age(police().clock.Now() + kLimit), kLimit) << "its size does not count";
}

TEST_F(LyingLedgerTest, AnAgencyThatHoldsProofOfAForkReleasesNothingUntilItAcceptsIt) {
  const std::string forked = Forked(police().real->GetCheckpoint({})->note());
  police().daemon->context().told.Heard(forked);
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_FORKED"));
  int submitted = 0;
  police().broker->before_submit = [&](v1::SubmitReferralRequest&) { ++submitted; };
  ASSERT_OK(police().daemon->upkeep().RunAll()) << "the log looks sound again";
  EXPECT_THAT(Pushed("RMS-1"), HasSubstr("holds proof"));
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  const auto refused = police().daemon->sender().Push(Sample("RMS-1"));
  EXPECT_EQ(ReasonOf(refused.status()), "LEDGER_FORKED") << "a restart does not forget";
  EXPECT_EQ(submitted, 0);
  EXPECT_EQ(police().daemon->desk().Status({.kind = trust::CallerKind::kConsole, .name = "one"})->ledger(),
            v1::LEDGER_STANDING_ROLLED_BACK);
  const trust::Note note = trust::Note::Parse(forked).value();
  police().config.accepted_forks = {
      absl::StrCat(trust::Checkpoint::ParseBody(note.text)->size, "-", trust::Sha256(note.text).hex().substr(0, 16))};
  ASSERT_TRUE(std::filesystem::exists(
      absl::StrCat(police().config.state_dir, "/evidence/", *police().config.accepted_forks.begin(), ".note")));
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  police().config.accepted_forks.clear();
  police().Restart();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  EXPECT_EQ(Pushed("RMS-2"), "STORED") << "what was accepted does not come back";
}

TEST_F(LyingLedgerTest, WhatTheLogGrewMeanwhileIsNoRollback) {
  const v1::GetCheckpointResponse before = police().real->GetCheckpoint({}).value();
  // The answer is under way while a receipt of a larger tree comes.
  police().broker->on_checkpoint = [&](v1::GetCheckpointResponse& response) {
    EXPECT_EQ(Pushed("RMS-1"), "STORED");
    response.set_note(before.note());
  };
  EXPECT_OK(police().daemon->upkeep().RunAll());
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

TEST_F(LyingLedgerTest, WhatWasHeardWaitsUntilItCanBeJudged) {
  const std::string forked = Forked(police().real->GetCheckpoint({})->note());
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  ASSERT_OK(police().daemon->upkeep().RunAll());
  police().daemon->context().told.Heard(forked);
  police().broker->refuse_proof = absl::UnavailableError("later");
  police().daemon->upkeep().RunAll().IgnoreError();
  police().daemon->context().told.Heard(forked);
  police().broker->refuse_proof = absl::OkStatus();
  EXPECT_THAT(police().Alarms(), IsEmpty());
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_FORKED"));
  EXPECT_THAT(police().daemon->context().told.Unjudged(), IsEmpty());
}

TEST_F(LyingLedgerTest, AForkedCheckpointIsNotCosigned) {
  const std::unique_ptr<Witness> witness = OpenWitness();
  CheckpointCarrier carrier(*witness, *police().broker, LogKeys().origin());
  std::string note = police().real->GetCheckpoint({})->note();
  police().broker->next_checkpoint = [&](const v1::NextCheckpointRequest& asked) {
    v1::NextCheckpointResponse next;
    next.set_add_checkpoint(
        trust::AddCheckpoint{.old_size = asked.old_size(), .path = {}, .checkpoint = note}.ToString());
    return next;
  };
  std::vector<v1::AddCosignatureRequest> given;
  police().broker->on_cosignature = [&](const v1::AddCosignatureRequest& one) { given.push_back(one); };
  EXPECT_THAT(carrier.Once(absl::ZeroDuration()).status(), IsOk());
  note = Forked(note);
  EXPECT_THAT(carrier.Once(absl::ZeroDuration()).status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("LEDGER_FORKED")));
  ASSERT_EQ(given.size(), 2u);
  EXPECT_EQ(given[0].status(), 200);
  EXPECT_THAT(given[0].body(), HasSubstr("police.derbys.example/witness"));
  EXPECT_EQ(given[1].status(), 422);
  EXPECT_THAT(given[1].body(), Not(HasSubstr("police.derbys.example/witness")));
  EXPECT_EQ(witness->CountEvidence().value(), 1);
}

// Anybody may hand a witness a checkpoint over HTTP; a fork that came so is the agency's to know.
TEST_F(LyingLedgerTest, AForkPostedToTheWitnessIsAnAlarmAndAFile) {
  const AgentContext& context = police().daemon->context();
  police().config.witness_listen = "127.0.0.1:0";
  police().config.witness_port_file = consortium_.folder() + "/witness.port";
  const auto witnessing = Witnessing::Start(police().config, context);
  ASSERT_OK(witnessing);
  httplib::Client client("127.0.0.1", std::stoi(ReadAll(police().config.witness_port_file)));
  const std::string note = police().real->GetCheckpoint({})->note();
  const uint64_t size = trust::OpenCheckpoint(note, context.roots.get()->anchors.log_keys)->size;
  const auto post = [&](uint64_t old_size, const std::string& checkpoint) {
    const std::string body =
        trust::AddCheckpoint{.old_size = old_size, .path = {}, .checkpoint = checkpoint}.ToString();
    return client.Post("/add-checkpoint", body, "text/plain")->status;
  };
  EXPECT_EQ(post(0, note), 200);
  EXPECT_THAT(police().Alarms(), IsEmpty());
  EXPECT_EQ(post(size, Forked(note)), 422);
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_FORKED"));
  EXPECT_THAT(Pushed("RMS-1"), HasSubstr("holds proof"));
  std::vector<std::string> kinds;
  for (const auto& file : std::filesystem::directory_iterator(police().config.state_dir + "/evidence"))
    kinds.push_back(file.path().extension());
  EXPECT_THAT(kinds, ::testing::UnorderedElementsAre(".note", ".add-checkpoint"));
}

// A proof that shows nothing may come with an honest checkpoint and with a fork: the agent asks the log.
TEST_F(LyingLedgerTest, ACheckpointThatTheWitnessDoubtsIsJudgedByTheLogsProof) {
  const AgentContext& context = police().daemon->context();
  police().config.witness_listen = "127.0.0.1:0";
  police().config.witness_port_file = consortium_.folder() + "/witness.port";
  const auto witnessing = Witnessing::Start(police().config, context);
  ASSERT_OK(witnessing);
  httplib::Client client("127.0.0.1", std::stoi(ReadAll(police().config.witness_port_file)));
  const auto post = [&](uint64_t old_size, std::vector<Sha256Digest> path, const std::string& checkpoint) {
    const trust::AddCheckpoint body{.old_size = old_size, .path = std::move(path), .checkpoint = checkpoint};
    return client.Post("/add-checkpoint", body.ToString(), "text/plain")->status;
  };
  const std::string before = police().real->GetCheckpoint({})->note();
  const uint64_t size = trust::OpenCheckpoint(before, LogKeys())->size;
  ASSERT_EQ(post(0, {}, before), 200);
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  const std::string after = police().real->GetCheckpoint({})->note();
  EXPECT_EQ(post(size, {trust::Sha256("junk")}, after), 422);
  EXPECT_OK(police().daemon->upkeep().RunAll());
  EXPECT_THAT(police().Alarms(), IsEmpty()) << "an honest one with a wrong proof";
  EXPECT_EQ(post(size, {trust::Sha256("junk")}, Forked(after)), 422);
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_FORKED"));
  EXPECT_FALSE(std::filesystem::is_empty(police().config.state_dir + "/evidence"));
}

// What is always offered from where this witness does not stand would be asked for again at once, for ever.
TEST_F(LyingLedgerTest, ACheckpointOfferedFromAnotherSizeIsAFailure) {
  const std::unique_ptr<Witness> witness = OpenWitness();
  CheckpointCarrier carrier(*witness, *police().broker, LogKeys().origin());
  police().broker->next_checkpoint = [&](const v1::NextCheckpointRequest& asked) {
    v1::NextCheckpointResponse next;
    next.set_add_checkpoint(trust::AddCheckpoint{
        .old_size = asked.old_size() + 1, .path = {}, .checkpoint = police().real->GetCheckpoint({})->note()}
                                .ToString());
    return next;
  };
  std::vector<v1::AddCosignatureRequest> given;
  police().broker->on_cosignature = [&](const v1::AddCosignatureRequest& one) { given.push_back(one); };
  EXPECT_THAT(carrier.Once(absl::ZeroDuration()).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("from another size")));
  ASSERT_EQ(given.size(), 1u);
  EXPECT_EQ(given[0].status(), 409);
}

TEST_F(LyingLedgerTest, AKeptReceiptBecomesFinalUnderItsWitnesses) {
  const auto final_ones = [&] {
    int count = 0;
    const auto rows = police().daemon->context().state.ReceiptsBetween(0, UINT64_MAX / 2).value();
    for (const ReceiptRow& row : rows) {
      v1::Receipt receipt;
      EXPECT_TRUE(receipt.ParseFromString(row.receipt));
      EXPECT_THAT(CheckReceipt(receipt, LogKeys(), {.share_id = row.share_id}), IsOk());
      count += police().daemon->context().quorum.Open(NoteOf(receipt), LogKeys()).ok() ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  police().broker->inclusion = [this](const v1::GetInclusionProofRequest& asked) {
    EXPECT_TRUE(asked.cosigned());
    return ProofInto(asked.index(), [this](const std::string& note) { return Forked(note); });
  };
  EXPECT_FALSE(police().daemon->upkeep().RunAll().ok());
  EXPECT_THAT(police().Alarms(), Contains("RECEIPT_INVALID"));
  EXPECT_EQ(final_ones(), 0) << "a proof into another tree is none";
  Witnessed();
  EXPECT_OK(police().daemon->upkeep().RunAll());
  EXPECT_GT(final_ones(), 0);
  EXPECT_THAT(police().daemon->context().state.PendingReceipts(UINT64_MAX / 2, 9), testing::IsOkAndHolds(IsEmpty()));
}

TEST_F(LyingLedgerTest, AReceiptThatWaitsForItsWitnessesTooLongIsAnAlarm) {
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  police().broker->inclusion = nullptr;  // The real broker has no final receipt to give.
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Not(Contains("RECEIPT_LATE")));
  police().clock.Move(kLimit + absl::Seconds(1));
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("RECEIPT_LATE"));
}

// What the agency keeps of its shares, as the ledger's entries would have to be erased in it.
TEST_F(LyingLedgerTest, AForgedErasureErasesNothing) {
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  housing().CollectAll();
  const InboxRow kept = housing().daemon->context().state.ListInbox(0, 1)->front();
  const auto receipts = [&] { return housing().daemon->context().state.ReceiptsOf(kept.share_id).value(); };
  const std::vector<std::string> before = receipts();
  ASSERT_FALSE(before.empty());
  v1::Receipt own;
  ASSERT_TRUE(own.ParseFromString(before[0]));
  // The log signed a tree of one entry, an erasure's record; nobody else has it.
  const trust::Opening record = trust::Opening::OfPublic(
      trust::EntryKind::kErasure, trust::ErasureRecord{.targets = {own.index()},
                                                       .fields = trust::PersonFields(),
                                                       .month = "2026-11",
                                                       .approvals = trust::ErasureRecord::Approvals(),
                                                       .policy = std::nullopt}
                                      .ToBody());
  v1::Receipt forged;
  forged.set_tlog_proof(trust::TlogProof{
      .extra = record.ToExtra(), .index = 0, .path = {}, .checkpoint = SignedAlone(record.LeafHashOf())}
                            .ToString());
  for (const v1::Receipt& receipt : {own, forged}) {
    housing().broker->on_erasures = [&](v1::ListErasuresResponse& response) {
      v1::Erasure& erasure = *response.add_erasures();
      erasure.set_erasure_id(absl::StrCat("forged-", receipt.index()));
      erasure.add_entries(own.index());
      *erasure.mutable_receipt() = receipt;
    };
    EXPECT_THAT(housing().daemon->eraser().Work(), StatusIs(absl::StatusCode::kDataLoss));
  }
  EXPECT_THAT(housing().Alarms(), Contains("ERASURE_REJECTED"));
  EXPECT_THAT(housing().Alarms(), Contains("LEDGER_FORKED"));
  EXPECT_EQ(EvidenceNotes(housing()), 2);
  EXPECT_EQ(receipts(), before);
  EXPECT_EQ(housing().daemon->context().state.FindReceived(kept.share_id).value()->content, kept.content);
}

// The true log, as who has its key goes on with it.
TestLog Continued(TestAgent& agent, const std::string& key_file) {
  const std::unique_ptr<v1::LedgerService::Stub> ledger = v1::LedgerService::NewStub(agent.channel->grpc());
  const auto leaves = agent.channel->Call(*ledger, &v1::LedgerService::Stub::ListLeaves, v1::ListLeavesRequest());
  EXPECT_OK(leaves);
  std::vector<Sha256Digest> hashes;
  for (const std::string& leaf : leaves->leaves()) hashes.push_back(trust::LeafHash(leaf));
  return {agent.daemon->context().roots.get()->anchors.log_keys.origin(), trust::Ed25519Key::FromFile(key_file).value(),
          std::move(hashes)};
}

TEST_F(LyingLedgerTest, WhatTheLedgerErasedIsErasedThoughTheBrokerListsLessOfIt) {
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  housing().CollectAll();
  State& state = housing().daemon->context().state;
  const auto open = [&] {
    std::vector<uint64_t> open;
    const std::vector<ReceiptRow> rows = state.ReceiptsBetween(0, UINT64_MAX / 2).value();
    for (const ReceiptRow& row : rows) {
      if (OpeningOfKept(row.receipt)->Value(trust::Field::kTime) != nullptr) open.push_back(row.index);
    }
    return open;
  };
  const std::vector<uint64_t> kept = open();
  ASSERT_GT(kept.size(), 1u);
  TestLog log = Continued(housing(), Pki("broker/log.key"));
  v1::Erasure erasure;
  *erasure.mutable_receipt() = log.EnterPublic(
      trust::EntryKind::kErasure,
      trust::ErasureRecord{
          .targets = kept, .fields = trust::AllFields(), .month = "2034-01", .policy = trust::Sha256("p")}
          .ToBody());
  erasure.set_erasure_id("by schedule");
  erasure.add_entries(kept.front());
  housing().broker->on_erasures = [&](v1::ListErasuresResponse& response) { *response.add_erasures() = erasure; };
  housing().broker->consistency = [&](const v1::GetConsistencyProofRequest& asked) {
    v1::GetConsistencyProofResponse proof;
    for (const Sha256Digest& hash : log.Consistency(asked.old_size(), asked.new_size())) proof.add_hashes(hash.bytes());
    return proof;
  };
  housing().clock.Move(absl::Hours(24 * 366 * 20));
  housing().daemon->eraser().Work().IgnoreError();  // Its attestation names an entry that the real broker has not.
  EXPECT_THAT(open(), IsEmpty());
}

TEST_F(LyingLedgerTest, AnErasureWaitsForNoOtherUpkeepAndNoPageHidesIt) {
  housing().broker->refuse_checkpoint = absl::UnavailableError("later");
  int asked = 0;
  housing().broker->on_erasures = [&](v1::ListErasuresResponse& response) {
    // A hundred that are rejected, then others.
    for (int i = 0; i < (asked < 2 ? 100 : 1); ++i)
      response.add_erasures()->set_erasure_id(absl::StrCat("forged-", asked, "-", i));
    if (++asked < 3) response.set_next_page_token(absl::StrCat(asked));
  };
  EXPECT_THAT(housing().daemon->RunUpkeep(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(housing().Alarms(), Contains("ERASURE_REJECTED"));
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace derwent::agents
