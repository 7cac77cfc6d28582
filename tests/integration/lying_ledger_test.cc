// A broker that lies about the ledger and its witnesses, over real TLS: each lie is caught by the agents.
#include <httplib.h>

#include <filesystem>

#include "agents/daemon/witnessing.h"
#include "tests/integration/referral_fixture.h"
#include "trust/entry/erasure_record.h"
#include "trust/entry/opening.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/cosignature.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"
#include "trust/signature/ed25519.h"

namespace derwent::agents {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(10);

// The police want the fire service's witness under every entry; the broker itself asks nobody, so that a test says what
// it serves.
class LyingLedgerTest : public ReferralTest {
 protected:
  LyingLedgerTest() {
    police().config.quorum = consortium_.folder() + "/police.policy";
    police().config.witness_limit = kLimit;
    std::ofstream(police().config.quorum) << "log " << ReadAll(Pki("trust/log.vkey")) << "\nwitness dfrs "
                                          << ReadAll(Pki("agencies/dfrs/witness.vkey")) << "\nquorum dfrs\n";
    police().broker->on_checkpoint = [this](v1::GetCheckpointResponse& response) {
      response.set_cosigned_note(Cosigned(trust::Note::Parse(response.note()).value()));
    };
    police().Restart();
    EXPECT_OK(police().daemon->upkeep().RunAll());
  }

  std::string Pki(const std::string& path) const { return absl::StrCat(consortium_.folder(), "/pki/", path); }
  std::string Cosigned(trust::Note note) const {
    const auto key = trust::Ed25519Key::FromFile(Pki("agencies/dfrs/witness.key")).value();
    note.signatures.push_back(trust::Cosign(note.text, "dfrs.example/witness", key, absl::Now()).value());
    return note.ToString();
  }
  // A tree of as many entries as the true one has, and of others; the log signed it.
  std::string Forked(const std::string& note) const {
    const auto key = trust::Ed25519Key::FromFile(Pki("broker/log.key")).value();
    trust::Checkpoint checkpoint = trust::Checkpoint::ParseBody(trust::Note::Parse(note)->text).value();
    checkpoint.root = trust::Sha256("another");
    const std::string body = checkpoint.Body();
    return Cosigned({.text = body, .signatures = {trust::SignNote(body, checkpoint.origin, key).value()}});
  }
  trust::LogKeys LogKeys() { return police().daemon->context().roots.get()->anchors.log_keys; }
  // The police's own witness, beside the agent's.
  std::unique_ptr<Witness> OpenWitness() {
    return Witness::Open(
               police().config.state_dir + "/witness.db", "police.derbys.example/witness",
               trust::Ed25519Key::FromFile(police().config.witness_key).value(), [log = LogKeys()] { return log; },
               police().clock)
        .value();
  }
  std::string Pushed(const std::string& reference) {
    const auto response = police().daemon->sender().Push(Sample(reference));
    return response.ok() ? response->shares(0).state() : std::string(response.status().message());
  }
};

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
  police().clock.Move(kLimit + absl::Seconds(1));
  EXPECT_THAT(Pushed("RMS-2"), HasSubstr("this agency has seen no quorum"));
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
  const std::string origin = housing().daemon->context().roots.get()->anchors.log_keys.origin();
  const std::string body = trust::Checkpoint{.origin = origin, .size = 1, .root = record.LeafHashOf()}.Body();
  const auto key = trust::Ed25519Key::FromFile(Pki("broker/log.key")).value();
  const trust::Note note{.text = body, .signatures = {trust::SignNote(body, origin, key).value()}};
  v1::Receipt forged;
  forged.set_tlog_proof(
      trust::TlogProof{.extra = record.ToExtra(), .index = 0, .path = {}, .checkpoint = note.ToString()}.ToString());
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
  EXPECT_EQ(receipts(), before);
  EXPECT_EQ(housing().daemon->context().state.FindReceived(kept.share_id).value()->content, kept.content);
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
