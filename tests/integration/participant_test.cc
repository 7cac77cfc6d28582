// The participant key over real TLS: it signs what an honest broker shows, and nothing where the broker misstates the
// agency.
#include "agents/daemon/participant/participant.h"

#include <filesystem>

#include "agents/sdk/open.h"
#include "tests/integration/referral_fixture.h"
#include "trust/entry/opening.h"
#include "trust/message/envelope.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/tlog_proof.h"
#include "trust/secret/sha256.h"
#include "trust/signature/ed25519.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

// The police's participant key, and beside it their witness; both are offered the newest checkpoint at once.
class ParticipantTest : public ReferralTest {
 protected:
  ParticipantTest() {
    police().broker->next_checkpoint = [this](const v1::NextCheckpointRequest& asked) { return Newest(asked); };
    police().broker->on_cosignature = [this](const v1::AddCosignatureRequest& one) { given_.push_back(one); };
  }

  // What an honest broker offers, without waiting for its next round.
  v1::NextCheckpointResponse Newest(const v1::NextCheckpointRequest& asked) {
    offered_from_ = asked.old_size();
    const std::string note = police().real->GetCheckpoint({})->note();
    trust::AddCheckpoint offer{.old_size = asked.old_size(), .path = {}, .checkpoint = note};
    if (asked.old_size() > 0) {
      v1::GetConsistencyProofRequest ask;
      ask.set_old_size(asked.old_size());
      ask.set_new_size(trust::Checkpoint::ParseBody(trust::Note::Parse(note)->text)->size);
      const v1::GetConsistencyProofResponse proof = police().real->GetConsistencyProof(ask).value();
      for (const std::string& hash : proof.hashes()) offer.path.push_back(Sha256Digest::FromBytes(hash).value());
    }
    v1::NextCheckpointResponse next;
    next.set_add_checkpoint(offer.ToString());
    return next;
  }
  absl::StatusOr<bool> Sign() { return police().daemon->participant()->Once(); }
  // The key signs nothing, for that reason, and the witness goes on.
  void ExpectRefused(const std::string& why, const std::string& alarm) {
    given_.clear();
    const absl::Status refused = Sign().status();
    EXPECT_THAT(std::string(refused.message()), HasSubstr(why));
    EXPECT_THAT(given_, IsEmpty());
    EXPECT_THAT(police().Alarms(), Contains(alarm));
    EXPECT_THAT(WitnessOnce(), testing::IsOkAndHolds(true));
  }
  absl::StatusOr<bool> WitnessOnce() {
    const trust::LogKeys log = police().daemon->context().roots.get()->anchors.log_keys;
    const auto witness = Witness::Open(
        police().config.state_dir + "/witness.db", police().config.witness_name,
        trust::Ed25519Key::FromFile(police().config.witness_key).value(), [log] { return log; }, police().clock);
    EXPECT_OK(witness);
    return CheckpointCarrier(**witness, *police().broker, log.origin()).Once(absl::ZeroDuration());
  }
  // Somebody with the police's keys and certificates, whom the police's agent knows nothing of.
  std::unique_ptr<TestAgent> Impostor() {
    auto impostor = std::make_unique<TestAgent>();
    impostor->config = police().config;
    impostor->config.state_dir = consortium_.folder() + "/impostor";
    impostor->config.handover_folder.clear();
    impostor->config.participant.reset();
    impostor->log = std::make_unique<Log>(std::cerr, impostor->clock, "impostor");
    impostor->broker = std::make_unique<testing::LyingBroker>(*police().real);
    impostor->Restart();
    EXPECT_OK(impostor->daemon->upkeep().RunAll());
    return impostor;
  }
  // Signed by the log.
  std::string Signed(const trust::Checkpoint& checkpoint) const {
    const auto key = trust::Ed25519Key::FromFile(consortium_.folder() + "/pki/broker/log.key").value();
    const std::string body = checkpoint.Body();
    return trust::Note{.text = body, .signatures = {trust::SignNote(body, checkpoint.origin, key).value()}}.ToString();
  }
  std::vector<std::string> EvidenceFiles(const std::string& extension) const {
    std::vector<std::string> files;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(agents_[0]->config.state_dir + "/evidence", none)) {
      if (file.path().extension() == extension) files.push_back(file.path());
    }
    return files;
  }

  uint64_t offered_from_ = 0;
  std::vector<v1::AddCosignatureRequest> given_;
};

TEST_F(ParticipantTest, SignsWhatAnHonestBrokerShows) {
  police().broker->on_cosignature = nullptr;  // The broker takes it: the key stands in its policy.
  EXPECT_THAT(Sign(), testing::IsOkAndHolds(true));
  const std::string share = Push();
  housing().CollectAll();
  adults().CollectAll();
  EXPECT_OK(Report(housing(), share, v1::PROGRESS_STATE_ACCEPTED, ""));
  police().CollectAll();
  EXPECT_OK(police().daemon->postman().QueueWithdrawal({.share_id = share}, "rp.housing", "SENT_IN_ERROR"));
  EXPECT_OK(police().daemon->postman().Drain().status());
  EXPECT_THAT(Sign(), testing::IsOkAndHolds(true));
  EXPECT_THAT(adults().daemon->participant()->Once().status(), IsOk());
  EXPECT_THAT(police().Alarms(), IsEmpty());
  EXPECT_THAT(adults().Alarms(), IsEmpty());
}

TEST_F(ParticipantTest, ARestartKeepsWhatItSignedAndItsKey) {
  Push();
  const std::string vkey = police().daemon->participant()->vkey().ToString();
  ASSERT_THAT(Sign(), testing::IsOkAndHolds(true));
  ASSERT_EQ(given_.size(), 1u);
  EXPECT_EQ(ReadAll(police().config.state_dir + "/participant.vkey"), vkey + "\n");
  police().Restart();
  EXPECT_EQ(police().daemon->participant()->vkey().ToString(), vkey);
  ASSERT_THAT(Sign(), testing::IsOkAndHolds(true));
  EXPECT_EQ(offered_from_, given_[0].size());
}

TEST_F(ParticipantTest, MakesItsKeyWhereThereIsNone) {
  police().config.participant->key = police().config.state_dir + "/fresh.key";
  police().Restart();
  const std::string vkey = police().daemon->participant()->vkey().ToString();
  EXPECT_THAT(vkey, HasSubstr("police.derbys.example/witness/participant+"));
  EXPECT_EQ(std::filesystem::status(police().config.participant->key).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  police().Restart();
  EXPECT_EQ(police().daemon->participant()->vkey().ToString(), vkey);
  EXPECT_THAT(Sign().status(), StatusIs(absl::StatusCode::kPermissionDenied))
      << "a key that no policy names is told nothing";
}

TEST_F(ParticipantTest, AnEntryOfAShareItDidNotSignIsRefusedUntilItIsAccepted) {
  Push();
  ASSERT_THAT(Sign(), testing::IsOkAndHolds(true));
  const auto forged = Impostor()->daemon->sender().Push(Sample("RMS-2"));
  ASSERT_OK(forged);
  ASSERT_EQ(forged->shares(0).state(), "STORED");
  const uint64_t entry = forged->shares(0).receipts(0).index();
  ExpectRefused(absl::StrCat("entry ", entry, ": it tells that this agency sent a share that it did not sign"),
                "LEDGER_MISSTATES_US");
  EXPECT_EQ(EvidenceFiles(".tlog-proof").size(), 1u);
  // Neither hiding it nor a restart makes it sign again.
  police().broker->on_own_entries = [](v1::ListOwnEntriesResponse& page) { page.clear_receipts(); };
  police().Restart();
  ExpectRefused(absl::StrCat("entry ", entry), "LEDGER_MISSTATES_US");
  police().broker->on_own_entries = nullptr;
  for (const v1::Receipt& receipt : forged->shares(0).receipts())
    police().config.participant->accepted_entries.insert(receipt.index());
  police().Restart();
  EXPECT_THAT(Sign(), testing::IsOkAndHolds(true));
}

TEST_F(ParticipantTest, ALeftOutEntryOfItsOwnIsRefusedWhileItIsLeftOut) {
  Push();
  police().broker->on_own_entries = [](v1::ListOwnEntriesResponse& page) {
    const auto& last = page.receipts(page.receipts_size() - 1);
    EXPECT_GT(last.index(), 0u);
    page.mutable_receipts()->RemoveLast();
  };
  ExpectRefused("the broker gave its receipt and does not tell of it", "LEDGER_MISSTATES_US");
  EXPECT_EQ(EvidenceFiles(".tlog-proof").size(), 1u);
  police().broker->on_own_entries = nullptr;
  EXPECT_THAT(Sign(), testing::IsOkAndHolds(true));
}

TEST_F(ParticipantTest, AWithheldReceiptIsMissedOnceTheGraceIsOver) {
  police().broker->on_submit = [](absl::StatusOr<v1::SubmitReferralResponse>&) {
    return absl::UnavailableError("the answer was lost");
  };
  ASSERT_EQ(police().daemon->sender().Push(Sample())->shares(0).state(), "QUEUED");
  EXPECT_THAT(Sign(), testing::IsOkAndHolds(true)) << "within the grace";
  police().config.participant->grace = absl::ZeroDuration();
  police().Restart();
  ExpectRefused("RECEIPT_MISSING", "RECEIPT_MISSING");
  police().broker->on_submit = nullptr;
  ASSERT_OK(police().daemon->sender().Drain());
  EXPECT_THAT(Sign(), testing::IsOkAndHolds(true));
}

TEST_F(ParticipantTest, AnotherManifestThanItSignedIsRefused) {
  police().broker->before_submit = [this](v1::SubmitReferralRequest& request) {
    v1::DsseEnvelope& envelope = *request.mutable_submissions(0)->mutable_package()->mutable_manifest();
    v1::Manifest manifest = PeekManifest(request.submissions(0).package()).value();
    manifest.mutable_expire_time()->set_seconds(manifest.expire_time().seconds() - 1);
    envelope =
        trust::SignMessage(trust::kManifestType, manifest, police().daemon->context().identity.keys->signing()->key)
            .value();
  };
  ASSERT_EQ(police().daemon->sender().Push(Sample())->shares(0).state(), "QUEUED") << "its receipts are not believed";
  ExpectRefused("sent another manifest than it signed", "LEDGER_MISSTATES_US");
}

TEST_F(ParticipantTest, EntriesProvenIntoAnotherTreeAreRefused) {
  Push();
  police().broker->on_own_entries = [this](v1::ListOwnEntriesResponse& page) {
    for (v1::Receipt& receipt : *page.mutable_receipts()) {
      trust::TlogProof proof = trust::TlogProof::Parse(receipt.tlog_proof()).value();
      // A tree of this one entry, signed by the log.
      proof.checkpoint = Signed({.origin = police().daemon->context().roots.get()->anchors.log_keys.origin(),
                                 .size = 1,
                                 .root = trust::Opening::Parse(proof.extra)->LeafHashOf()});
      proof.index = 0;
      proof.path.clear();
      receipt.set_index(0);
      receipt.set_tlog_proof(proof.ToString());
    }
  };
  ExpectRefused("LEDGER_FORKED", "LEDGER_FORKED");
  EXPECT_FALSE(EvidenceFiles(".note").empty());
}

TEST_F(ParticipantTest, AForkedCheckpointIsRefused) {
  Push();
  ASSERT_THAT(Sign(), testing::IsOkAndHolds(true));
  police().broker->next_checkpoint = [this](const v1::NextCheckpointRequest& asked) {
    v1::NextCheckpointResponse next = Newest(asked);
    trust::AddCheckpoint offer = trust::AddCheckpoint::Parse(next.add_checkpoint()).value();
    trust::Checkpoint forked = trust::Checkpoint::ParseBody(trust::Note::Parse(offer.checkpoint)->text).value();
    forked.root = trust::Sha256("another");
    offer.checkpoint = Signed(forked);
    next.set_add_checkpoint(offer.ToString());
    return next;
  };
  given_.clear();
  EXPECT_THAT(Sign().status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("LEDGER_FORKED")));
  EXPECT_THAT(given_, IsEmpty());
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_FORKED"));
}

TEST_F(ParticipantTest, PagesThatLeadNowhereAreRefused) {
  Push();
  police().broker->on_own_entries = [](v1::ListOwnEntriesResponse& page) { page.set_next_index(0); };
  ExpectRefused("a page leads nowhere", "RECEIPT_INVALID");
}

}  // namespace
}  // namespace derwent::agents
