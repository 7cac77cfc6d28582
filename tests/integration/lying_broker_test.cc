// A broker that lies, and an agent that breaks the rules, over real TLS: each lie is caught by the agents.
#include <algorithm>
#include <filesystem>

#include "agents/sdk/labels.h"
#include "agents/sdk/open.h"
#include "agents/sdk/package.h"
#include "agents/sdk/seal/hpke.h"
#include "agents/sdk/seal/unit.h"
#include "tests/integration/referral_fixture.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

class LyingBrokerTest : public ReferralTest {};

TEST_F(LyingBrokerTest, AnEditedPackageIsCaughtAndItsSenderTold) {
  const std::string share = Push();
  housing().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      if (delivery.has_package()) delivery.mutable_package()->mutable_units(0)->at(20) ^= 1;
    }
  };
  housing().CollectAll();
  EXPECT_THAT(housing().Alarms(), Contains("PACKAGE_REJECTED"));
  EXPECT_FALSE(housing().daemon->context().state.FindReceived(share).value().has_value());
  police().CollectAll();
  EXPECT_THAT(police().Alarms(), Contains("NOTICE_PACKAGE_REJECTED"));
  EXPECT_THAT(housing().real->Collect({})->deliveries(), IsEmpty())
      << "a rejected package is not delivered in a circle";
}

// Changes the package for one agency and signs it again: a sender that does not keep the rules.
void Forge(TestAgent& sender, const std::string& recipient, v1::SubmitReferralRequest& request,
           const std::function<void(v1::Package&, v1::Manifest&)>& change) {
  for (v1::Submission& submission : *request.mutable_submissions()) {
    v1::Manifest manifest = PeekManifest(submission.package()).value();
    if (manifest.recipient_agency() != recipient) continue;
    change(*submission.mutable_package(), manifest);
    *submission.mutable_package()->mutable_manifest() =
        trust::SignMessage(trust::kManifestType, manifest, sender.daemon->context().identity.keys->signing()->key)
            .value();
  }
}

// Seals the first identity again, in full, under the label of a unit of another category.
void Mislabel(const trust::SigningKey& recipient, trust::Random& random, v1::Package& package, v1::Manifest& manifest) {
  int last = manifest.units_size() - 1;
  while (manifest.units(last).category() == "identity") --last;
  v1::KeyRing ring;
  ASSERT_TRUE(ring.ParseFromString(HpkeOpen(recipient, KeyRingBinding(manifest), "", package.key_ring()).value()));
  const auto label = [&manifest](const v1::ManifestUnit& unit) {
    return UnitLabel{.share_id = manifest.share_id(),
                     .version = 1,
                     .unit = unit.number(),
                     .subject = unit.subject(),
                     .category = unit.category(),
                     .form = unit.form()};
  };
  int identity = 0;
  while (manifest.units(identity).category() != "identity") ++identity;
  v1::UnitContent content;
  ASSERT_TRUE(content.ParseFromString(OpenUnit(trust::SecretBytes::CopyOf(ring.keys(identity).key()),
                                               label(manifest.units(identity)), package.units(identity))
                                          .value()));
  v1::ManifestUnit& unit = *manifest.mutable_units(last);
  content.set_category(unit.category());
  content.set_form(unit.form());
  const trust::SecretBytes key(random.Bytes(32));
  package.set_units(last, SealUnit(key, label(unit), content.SerializeAsString()).value());
  unit.set_size_bucket(static_cast<uint32_t>(package.units(last).size() - 16));
  unit.set_ciphertext_digest(trust::Sha256(package.units(last)).bytes());
  unit.set_key_commitment(KeyCommitment(key).bytes());
  ring.mutable_keys(last)->set_key(std::string(key.RevealForCrypto()));
  package.set_key_ring(
      HpkeSeal(recipient.public_key(), KeyRingBinding(manifest), "", ring.SerializeAsString()).value());
  manifest.set_key_ring_digest(trust::Sha256(package.key_ring()).bytes());
}

TEST_F(LyingBrokerTest, AFalseLabelIsFoundByTheRecipientEnteredAndTold) {
  std::string share;
  police().broker->before_submit = [&](v1::SubmitReferralRequest& request) {
    share = request.request_id();
    Forge(police(), "rp.housing", request, [&](v1::Package& package, v1::Manifest& manifest) {
      Mislabel(housing().daemon->context().identity.keys->sealing()->key, police().random, package, manifest);
    });
  };
  ASSERT_OK(police().daemon->sender().Push(Sample()));
  housing().CollectAll();
  EXPECT_THAT(housing().Alarms(), Contains("MISLABELLED"));
  const v1::ReceivedReferral opened = housing()
                                          .daemon->desk()
                                          .Open({.kind = trust::CallerKind::kConsole, .name = "one"},
                                                [&] {
                                                  v1::OpenReferralRequest request;
                                                  request.set_share_id(share);
                                                  return request;
                                                }())
                                          .value();
  v1::GetReferralRequest ask;
  ask.set_name("agencies/rp.housing/referrals/" + share);
  const auto part = housing().real->GetReferral(ask);
  ASSERT_OK(part);
  EXPECT_EQ(part->recipients(0).reason(), "MISLABELLED");
  for (const v1::OpenedUnit& unit : opened.units())
    EXPECT_TRUE(CheckLabel(unit.content(), unit.content().category(), unit.content().form(), "").ok());
  police().CollectAll();
  EXPECT_THAT(police().Alarms(), Contains("NOTICE_MISLABELLED"));
}

TEST_F(LyingBrokerTest, AnUncollectedShareExpiresWithAnEntryAndANotice) {
  police().broker->before_submit = [&](v1::SubmitReferralRequest& request) {
    Forge(police(), "dcc.adults", request, [](v1::Package&, v1::Manifest& manifest) {
      *manifest.mutable_expire_time() = trust::ToTimestamp(absl::Now() + absl::Seconds(2));
    });
  };
  ASSERT_OK(police().daemon->sender().Push(Sample()));
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (!::testing::Value(police().Alarms(), Contains("SHARE_EXPIRED"))) {
    ASSERT_LT(absl::Now(), end);
    police().CollectAll();
  }
  adults().CollectAll();
  EXPECT_TRUE(adults().daemon->context().state.ListInbox(0, 10)->empty());
  housing().CollectAll();
  EXPECT_EQ(housing().daemon->context().state.ListInbox(0, 10)->size(), 1u) << "the others are not harmed";
}

TEST_F(LyingBrokerTest, APackageReplayedIsHandedOverOnceEvenAfterItsWithdrawal) {
  v1::Delivery first;
  housing().broker->on_collect = [&](v1::CollectResponse& response) {
    for (const v1::Delivery& delivery : response.deliveries()) first = delivery.has_package() ? delivery : first;
  };
  const std::string share = Push();
  housing().CollectAll();
  police().CollectAll();
  const std::string folder = housing().config.handover_folder + "/handover/";
  std::filesystem::rename(folder + share + ".json", folder + "done/" + share + ".json");
  first.set_delivery_id("6d1f9e0a-3c52-4e77-8f10-2b9a7c4d5e61");
  housing().daemon->receiver().Handle(first).IgnoreError();
  EXPECT_EQ(HandedOver(housing(), share), "");
  v1::WithdrawRequest request;
  request.set_share_id(share);
  request.set_reason("SENT_IN_ERROR");
  ASSERT_OK(police().daemon->desk().Withdraw({.kind = trust::CallerKind::kConsole, .name = "one"}, request));
  housing().CollectAll();
  std::filesystem::remove(folder + "done/" + share + ".json");
  housing().daemon->receiver().Handle(first).IgnoreError();
  EXPECT_THAT(HandedOver(housing(), share), Not(HasSubstr("Oakshott")));
  EXPECT_TRUE(housing().daemon->context().state.FindReceived(share).value()->content.empty());
}

// Puts the sealing key of another agency in the place of housing's.
void SwapKey(const v1::AgencyKeys& others, v1::AgencyKeys& keys) {
  if (keys.agency() == "rp.housing") *keys.mutable_events(1) = others.events(1);
}

TEST_F(LyingBrokerTest, ASealingKeySwappedLaterIsCaughtAndTheTrueOneStaysInUse) {
  v1::GetAgencyKeysRequest ask;
  ask.set_agency("dcc.adults");
  const v1::AgencyKeys others = police().real->GetAgencyKeys(ask).value();
  police().broker->on_plan = [&](v1::PlanReferralResponse& plan) {
    for (v1::AgencyKeys& keys : *plan.mutable_keys()) SwapKey(others, keys);
  };
  const std::string share = Push();
  EXPECT_THAT(police().Alarms(), Contains("KEY_UNTRUSTED"));
  housing().CollectAll();
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr("Oakshott"));
}

TEST_F(LyingBrokerTest, AnAgencyWhoseKeysWereSwappedFromTheStartReceivesNothing) {
  v1::GetAgencyKeysRequest ask;
  ask.set_agency("dcc.adults");
  const v1::AgencyKeys others = police().real->GetAgencyKeys(ask).value();
  police().broker->on_keys = [&](v1::AgencyKeys& keys) { SwapKey(others, keys); };
  police().broker->on_plan = [&](v1::PlanReferralResponse& plan) {
    for (v1::AgencyKeys& keys : *plan.mutable_keys()) SwapKey(others, keys);
  };
  police().Restart();
  police().daemon->upkeep().RunAll().IgnoreError();
  const auto response = police().daemon->sender().Push(Sample());
  ASSERT_OK(response);
  EXPECT_THAT(police().Alarms(), Contains("KEY_UNTRUSTED"));
  for (const v1::UnitOutcome& unit : response->shares(0).units()) {
    EXPECT_FALSE(unit.recipient_agency() == "rp.housing" && unit.outcome() == "RELEASED");
  }
  EXPECT_EQ(response->shares(0).state(), "STORED") << "the others are not harmed";
}

TEST_F(LyingBrokerTest, AReplayedMessageIsDroppedWithAnAlarm) {
  Push();
  housing().CollectAll();
  v1::Delivery first;
  police().broker->on_collect = [&](v1::CollectResponse& response) {
    if (!response.deliveries().empty()) first = response.deliveries(0);
  };
  police().CollectAll();
  ASSERT_TRUE(first.has_message());
  first.set_delivery_id("replayed");
  first.set_repeated_delivery(false);
  police().broker->swallow_acknowledge = [](const v1::AcknowledgeRequest& request) {
    return request.delivery_id() == "replayed";
  };
  ASSERT_OK(police().daemon->receiver().Handle(first));
  EXPECT_THAT(police().Alarms(), Contains("MESSAGE_REPLAYED"));
}

TEST_F(LyingBrokerTest, ReorderedMessagesAreHeldWithAnAlarmAndAppliedInOrder) {
  const std::string share = Push();
  housing().CollectAll();
  ASSERT_OK(Report(housing(), share, v1::PROGRESS_STATE_ACCEPTED, ""));
  police().broker->on_collect = [](v1::CollectResponse& response) {
    std::reverse(response.mutable_deliveries()->pointer_begin(), response.mutable_deliveries()->pointer_end());
  };
  police().CollectAll();
  EXPECT_THAT(police().Alarms(), Contains("SEQUENCE_BROKEN"));
  EXPECT_EQ(Sent().progress_size(), 1);
  EXPECT_EQ(police().daemon->context().state.LastSequence(share, "rp.housing").value(), 2u);
}

TEST_F(LyingBrokerTest, ADroppedAcknowledgementIsMissedAtTheDeadline) {
  Push();
  housing().CollectAll();
  adults().CollectAll();
  police().broker->on_collect = [](v1::CollectResponse& response) { response.clear_deliveries(); };
  police().CollectAll();
  ASSERT_OK(police().daemon->upkeep().Reconcile());
  EXPECT_THAT(police().Alarms(), IsEmpty());
  police().clock.Move(absl::Hours(24 * 6));
  ASSERT_OK(police().daemon->upkeep().Reconcile());
  EXPECT_THAT(police().Alarms(), Contains("ACKNOWLEDGEMENT_MISSING"));
}

// How many entries of an agency's shares the ledger says to be complaints of this kind.
int Complaints(TestAgent& agent, const std::string& share, const std::string& kind) {
  v1::GetReferralRequest ask;
  ask.set_name("agencies/police.derbys/referrals/" + share);
  const auto referral = agent.real->GetReferral(ask);
  EXPECT_OK(referral);
  int complaints = 0;
  for (const v1::ReferralRecipient& recipient : referral->recipients())
    complaints += recipient.reason() == kind ? 1 : 0;
  return complaints;
}

TEST_F(LyingBrokerTest, AReceiptOfSomethingElseIsNotBelievedAndComplainedOf) {
  police().broker->on_submit = [](absl::StatusOr<v1::SubmitReferralResponse>& answer) {
    if (answer.ok() && answer->receipts_size() > 1)
      answer->mutable_receipts()->SwapElements(0, answer->receipts_size() - 1);
    return absl::OkStatus();
  };
  const auto response = police().daemon->sender().Push(Sample());
  ASSERT_OK(response);
  const std::string share = response->shares(0).share_id();
  EXPECT_EQ(response->shares(0).state(), "QUEUED");
  EXPECT_THAT(police().Alarms(), Contains("RECEIPT_INVALID"));
  police().daemon->SendOnce().IgnoreError();
  EXPECT_EQ(Complaints(police(), share, "RECEIPT_INVALID"), 2) << "to each recipient, once";
  housing().CollectAll();
  EXPECT_THAT(housing().Alarms(), Contains("NOTICE_RECEIPT_INVALID"));
  police().broker->on_submit = nullptr;
  ASSERT_OK(police().daemon->sender().Drain());
  EXPECT_EQ(police().daemon->context().state.FindShare(share).value()->state, "STORED");
}

TEST_F(LyingBrokerTest, AnAnswerWithoutItsReceiptsIsComplainedOf) {
  police().broker->on_submit = [](absl::StatusOr<v1::SubmitReferralResponse>& answer) {
    if (answer.ok()) answer->clear_receipts();
    return absl::OkStatus();
  };
  const auto response = police().daemon->sender().Push(Sample());
  ASSERT_OK(response);
  police().daemon->SendOnce().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("RECEIPT_MISSING"));
  EXPECT_EQ(Complaints(police(), response->shares(0).share_id(), "RECEIPT_MISSING"), 2);
}

TEST_F(LyingBrokerTest, AReceiverComplainsInTheLedgerOfAWrongOrMissingReceipt) {
  const std::string share = Push();
  housing().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) delivery.clear_receipts();
  };
  housing().daemon->receiver().CollectOnce(absl::ZeroDuration()).status().IgnoreError();
  EXPECT_THAT(housing().Alarms(), Contains("RECEIPT_MISSING"));
  EXPECT_EQ(Complaints(police(), share, "RECEIPT_MISSING"), 1);
  adults().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      for (v1::Receipt& receipt : *delivery.mutable_receipts()) receipt.set_index(receipt.index() + 1);
    }
  };
  adults().daemon->receiver().CollectOnce(absl::ZeroDuration()).status().IgnoreError();
  EXPECT_THAT(adults().Alarms(), Contains("RECEIPT_INVALID"));
  EXPECT_EQ(Complaints(police(), share, "RECEIPT_INVALID"), 1);
  police().CollectAll();
  EXPECT_THAT(police().Alarms(), Contains("NOTICE_RECEIPT_MISSING"));
  EXPECT_THAT(police().Alarms(), Contains("NOTICE_RECEIPT_INVALID"));
  housing().broker->on_collect = nullptr;
  housing().CollectAll();
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr("Oakshott")) << "with its evidence it is taken";
}

TEST_F(LyingBrokerTest, APackageIsTakenOnlyWithAnEntryOfEachOfItsSubjects) {
  const std::string share = Push();
  housing().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      ASSERT_GT(delivery.receipts_size(), 1);
      const v1::Receipt first = delivery.receipts(0);
      delivery.clear_receipts();
      for (int times = 0; times < 3; ++times) *delivery.add_receipts() = first;
    }
  };
  housing().daemon->receiver().CollectOnce(absl::ZeroDuration()).status().IgnoreError();
  EXPECT_THAT(housing().Alarms(), Contains("RECEIPT_MISSING"));
  EXPECT_THAT(HandedOver(housing(), share), IsEmpty());
  housing().broker->on_collect = nullptr;
  housing().CollectAll();
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr("Oakshott"));
}

TEST_F(LyingBrokerTest, ADeliveryIdStaysAStringInWhatIsHandedOver) {
  const std::string share = Push();
  housing().broker->on_collect = [](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) delivery.set_delivery_id("one\",\"repeated\":\"two");
  };
  housing().daemon->receiver().CollectOnce(absl::ZeroDuration()).status().IgnoreError();
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr(R"("delivery_id":"one\",\"repeated\":\"two",)"));
}

TEST_F(LyingBrokerTest, AReceiverAccusesNobodyOfWhatItCouldNotCheck) {
  const std::string share = Push();
  for (const absl::Status& failure : {absl::DeadlineExceededError("slow"), absl::ResourceExhaustedError("full"),
                                      absl::CancelledError("gone"), absl::PermissionDeniedError("no")}) {
    housing().broker->refuse_proof = failure;
    housing().daemon->receiver().CollectOnce(absl::ZeroDuration()).status().IgnoreError();
    EXPECT_EQ(Complaints(police(), share, "RECEIPT_INVALID"), 0) << failure;
  }
  EXPECT_THAT(housing().Alarms(), IsEmpty());
  housing().broker->refuse_proof = absl::OkStatus();
  housing().CollectAll();
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr("Oakshott"));
}

TEST_F(LyingBrokerTest, APackageOfAPolicyNotKnownHereStaysUntilItIs) {
  const std::string share = Push();
  housing().broker->on_collect = [this](v1::CollectResponse& response) {
    for (v1::Delivery& delivery : *response.mutable_deliveries()) {
      v1::Manifest manifest = PeekManifest(delivery.package()).value();
      manifest.set_policy_digest(trust::Sha256("a policy of another day").bytes());
      *delivery.mutable_package()->mutable_manifest() =
          trust::SignMessage(trust::kManifestType, manifest, police().daemon->context().identity.keys->signing()->key)
              .value();
    }
  };
  housing().CollectAll();
  EXPECT_THAT(housing().Alarms(), ::testing::ElementsAre("POLICY_UNKNOWN"));
  EXPECT_EQ(HandedOver(housing(), share), "");
  housing().broker->on_collect = nullptr;
  housing().CollectAll();
  EXPECT_THAT(HandedOver(housing(), share), HasSubstr("Oakshott"));
}

TEST_F(LyingBrokerTest, AnOlderDirectoryIsNotBelievedThoughTheAgentStartedAgain) {
  const v1::ListDirectoriesResponse before = police().real->ListDirectories({}).value();
  std::string directory = ReadAll(housing().config.directory);
  directory.replace(directory.find("version: 1"), 10, "version: 2");
  housing().config.directory = consortium_.folder() + "/later.txtpb";
  std::ofstream(housing().config.directory) << directory;
  housing().Restart();
  for (int round = 0; round < 2; ++round) ASSERT_OK(housing().daemon->upkeep().RunAll());
  ASSERT_OK(police().daemon->upkeep().RunAll());
  ASSERT_EQ(police().daemon->context().policy.directory_version("rp.housing"), 2);
  police().Restart();
  police().broker->on_directories = [&](v1::ListDirectoriesResponse& response) { response = before; };
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("REGISTER_ROLLED_BACK"));
  EXPECT_EQ(police().daemon->context().policy.view()->directories->count("rp.housing"), 0u) << "nobody counts there";
}

TEST_F(LyingBrokerTest, ALogThatShrinksIsCaught) {
  const auto old = police().broker->GetCheckpoint({});
  ASSERT_OK(old);
  Push();
  ASSERT_OK(police().daemon->upkeep().RunAll());
  police().broker->on_checkpoint = [&](v1::GetCheckpointResponse& response) { response = *old; };
  police().daemon->upkeep().RunAll().IgnoreError();
  EXPECT_THAT(police().Alarms(), Contains("LEDGER_ROLLED_BACK"));
  // Both are kept as the log signed them.
  const std::string evidence = police().config.state_dir + "/evidence";
  const auto files = std::filesystem::directory_iterator(evidence);
  EXPECT_EQ(std::distance(std::filesystem::begin(files), std::filesystem::end(files)), 2);
}

}  // namespace
}  // namespace derwent::agents
