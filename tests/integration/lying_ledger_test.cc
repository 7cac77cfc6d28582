// A broker that lies about the ledger and its witnesses, over real TLS: each lie is caught by the agents.
#include "tests/integration/referral_fixture.h"
#include "trust/note/cosignature.h"
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

}  // namespace
}  // namespace derwent::agents
