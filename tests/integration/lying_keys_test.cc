// A broker that lies about agencies' keys, over real TLS, with the certification authority's key or without.
#include "tests/integration/lying_ledger_fixture.h"
#include "trust/message/envelope.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

class LyingKeysTest : public LyingLedgerTest {
 protected:
  static v1::AgencyKeys KeysOf(TestAgent& agent) {
    v1::GetAgencyKeysRequest ask;
    ask.set_agency(agent.config.agency);
    return agent.real->GetAgencyKeys(ask).value();
  }
  // As the command line does.
  static void RevokeSealing(TestAgent& agent) {
    const v1::AgencyKeys keys = KeysOf(agent);
    v1::KeyEvent event;
    ASSERT_TRUE(event.ParseFromString(keys.events(keys.events_size() - 1).payload()));
    ASSERT_EQ(event.purpose(), v1::KEY_PURPOSE_SEALING);
    event.set_sequence(event.sequence() + 1);
    event.set_action(v1::KEY_ACTION_REVOKE);
    event.set_previous_event_digest(trust::Sha256(keys.events(keys.events_size() - 1).payload()).bytes());
    v1::PublishKeyEventRequest request;
    request.set_request_id(agent.random.NewUuid().text());
    *request.mutable_event() =
        trust::SignMessage(trust::kKeyEventType, event, agent.daemon->context().identity.keys->signing()->key).value();
    ASSERT_OK(agent.real->PublishKeyEvent(request));
  }
  const trust::AgencyKey* SealingOf(const std::string& agency) {
    history_ = police().daemon->context().keys.Find(agency);
    return history_->Current(trust::KeyUse::kSealing, absl::Now());
  }

 private:
  std::shared_ptr<const trust::KeyHistory> history_;
};

// Both notes of a fork, wherever it is found, for whoever is to be shown it.
TEST_F(LyingKeysTest, AForkThatKeysTellOfIsKeptWithBothItsNotes) {
  police().broker->on_keys = [this](v1::AgencyKeys& keys) {
    for (int i = 0; i < keys.events_size(); ++i) *keys.mutable_receipts(i) = OfATreeOfOne(keys.events(i).payload());
  };
  police().clock.Move(absl::Seconds(11));  // What was verified a moment ago would not be again.
  EXPECT_THAT(police().daemon->upkeep().SyncKeys("rp.housing"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(police().Alarms(), ::testing::ElementsAre("LEDGER_FORKED"));
  EXPECT_EQ(EvidenceNotes(police()), 2);
}

TEST_F(LyingKeysTest, ARevocationThatIsHiddenAfterARestartIsMissed) {
  RevokeSealing(housing());
  ASSERT_OK(police().daemon->upkeep().SyncKeys("rp.housing"));
  EXPECT_EQ(SealingOf("rp.housing"), nullptr);
  police().Restart();
  police().broker->on_keys = [](v1::AgencyKeys& keys) {
    if (keys.agency() != "rp.housing") return;
    keys.mutable_events()->RemoveLast();
    keys.mutable_receipts()->RemoveLast();
  };
  EXPECT_THAT(police().daemon->upkeep().SyncKeys("rp.housing"), StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(police().Alarms(), Contains("KEYS_REWRITTEN"));
  EXPECT_EQ(SealingOf("rp.housing"), nullptr);
}

TEST_F(LyingKeysTest, NoKeyCountsAndNoneIsPublishedAgainBeforeItsWitnessesSawIt) {
  police().broker->on_checkpoint = nullptr;
  police().config.state_dir = consortium_.folder() + "/fresh";
  police().Restart();
  EXPECT_THAT(police().daemon->upkeep().RunAll(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(SealingOf("rp.housing"), nullptr);
  EXPECT_EQ(KeysOf(police()).events_size(), 2);
  EXPECT_THAT(police().Alarms(), IsEmpty()) << "what waits is nobody's fault";
  Witnessed();
  EXPECT_OK(police().daemon->upkeep().RunAll());
  EXPECT_NE(SealingOf("rp.housing"), nullptr);
  EXPECT_EQ(Pushed("RMS-1"), "STORED");
  EXPECT_THAT(police().Alarms(), IsEmpty());
}

// Housing writes with keys that the police do not believe yet.
TEST_F(LyingKeysTest, WhatAPendingKeySignedWaitsWithTheBroker) {
  const std::string share = Push();
  ASSERT_OK(police().daemon->context().state.Keep(kUnwitnessed, ""));
  police().broker->on_checkpoint = nullptr;
  housing().CollectAll();
  police().Restart();
  police().daemon->upkeep().RunAll().IgnoreError();
  police().CollectAll();
  EXPECT_EQ(police().daemon->context().state.LastSequence(share, "rp.housing").value(), 0u);
  EXPECT_THAT(police().Alarms(), IsEmpty());
  Witnessed();
  police().CollectAll();
  EXPECT_EQ(police().daemon->context().state.LastSequence(share, "rp.housing").value(), 1u);
}

}  // namespace
}  // namespace derwent::agents
