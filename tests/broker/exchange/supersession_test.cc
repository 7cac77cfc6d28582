#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/referral/referrals.h"
#include "tests/broker/exchange/exchange_fixture.h"

// A later version of a referral takes the place of an earlier one.

namespace derwent::exchange {
namespace {

constexpr char kLaterId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b50";
constexpr char kLatestId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b51";

class SupersessionTest : public ExchangeTest {
 protected:
  // The second version of the sample share.
  v1::SubmitReferralRequest Later(const ShareChange& change = nullptr, const std::string& id = kLaterId) {
    return MakeShare({.share_id = id,
                      .now = now_,
                      .policy_digest = world().bundle->policy_digest,
                      .sealing_key_id = sealing_.at(kRecipient)},
                     signing_.at(kSender), [&](v1::Manifest& manifest, v1::SenderStatement& statement) {
                       manifest.set_version(2);
                       manifest.set_supersedes_share_id(kShareId);
                       if (change) change(manifest, statement);
                     });
  }
  std::string Refused(const v1::SubmitReferralRequest& request) { return ReasonOf(Submit(request).status()); }
  void Stored(const v1::SubmitReferralRequest& request) {
    const auto response = Submit(request);
    ASSERT_OK(response);
    ASSERT_EQ(response->outcome(), v1::SUBMIT_OUTCOME_STORED) << response->DebugString();
  }
  // The shares of the packages that wait for the recipient.
  std::vector<std::string> Collected() {
    const auto collected = CollectAs(kRecipient);
    EXPECT_OK(collected);
    std::vector<std::string> shares;
    for (const v1::Delivery& delivery : collected->deliveries()) {
      v1::Manifest manifest;
      if (manifest.ParseFromString(delivery.package().manifest().payload())) shares.push_back(manifest.share_id());
    }
    return shares;
  }
  v1::Referral Seen(const std::string& agency, const std::string& share) {
    v1::GetReferralRequest request;
    request.set_name("agencies/" + agency + "/referrals/" + share);
    return GetReferral(AgentOf(agency), request, *store_->Read().value()).value_or(v1::Referral());
  }
  void WithdrawFirst() {
    v1::WithdrawReferralResponse response;
    ASSERT_OK(Run([&](Batch& batch) { return WithdrawReferral(AgentOf(kSender), Withdrawal(1), response, batch); }));
  }
};

TEST_F(SupersessionTest, OnlyTheLaterVersionIsHandedOut) {
  Stored(Share());
  Stored(Later());
  EXPECT_THAT(Collected(), ::testing::ElementsAre(kLaterId));
  EXPECT_EQ(StateOf(), v1::RECIPIENT_STATE_WITHDRAWN);
  EXPECT_EQ(EntriesOf(kSender, "supersession"), 1u);
  EXPECT_EQ(EntriesOf(kRecipient, "supersession"), 1u);
}

TEST_F(SupersessionTest, BothPartiesSeeWhichTookWhosePlace) {
  HandOver();
  Stored(Later());
  for (const char* agency : {kSender, kRecipient}) {
    EXPECT_EQ(Seen(agency, kShareId).superseded_by_share_id(), kLaterId) << agency;
    EXPECT_EQ(Seen(agency, kShareId).recipients(0).reason(), "SUPERSEDED") << agency;
    EXPECT_EQ(Seen(agency, kLaterId).supersedes_share_id(), kShareId) << agency;
    EXPECT_EQ(Seen(agency, kLaterId).version(), 2u) << agency;
  }
}

TEST_F(SupersessionTest, NothingMoreIsReportedOnTheEarlierOne) {
  HandOver();
  Stored(Later());
  v1::ReportProgressResponse response;
  EXPECT_EQ(ReasonOf(Run([&](Batch& batch) {
              return ReportProgress(AgentOf(kRecipient), ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 2), response,
                                    batch);
            })),
            "STATE_NOT_ALLOWED");
}

TEST_F(SupersessionTest, AVersionThatPolicyRefusesLeavesTheEarlierOne) {
  Stored(Share());
  const auto refused = Submit(Later([](v1::Manifest& manifest, v1::SenderStatement& statement) {
    manifest.mutable_units(1)->set_category("intelligence");
    statement.mutable_subjects(0)->set_categories(1, "intelligence");
  }));
  ASSERT_OK(refused);
  EXPECT_EQ(refused->outcome(), v1::SUBMIT_OUTCOME_REFUSED);
  EXPECT_THAT(Collected(), ::testing::ElementsAre(kShareId));
  EXPECT_EQ(Seen(kSender, kShareId).superseded_by_share_id(), "");
}

TEST_F(SupersessionTest, TheSameVersionAgainTakesEffectOnce) {
  Stored(Share());
  Stored(Later());
  Stored(Later());
  EXPECT_EQ(EntriesOf(kSender, "supersession"), 1u);
}

TEST_F(SupersessionTest, AShareIsSupersededOnce) {
  Stored(Share());
  Stored(Later());
  EXPECT_EQ(Refused(Later(nullptr, kLatestId)), "STATE_NOT_ALLOWED");
  Stored(Later(
      [](v1::Manifest& manifest, v1::SenderStatement&) {
        manifest.set_version(3);
        manifest.set_supersedes_share_id(kLaterId);
      },
      kLatestId));
}

TEST_F(SupersessionTest, AWithdrawnShareIsNotSuperseded) {
  Stored(Share());
  WithdrawFirst();
  EXPECT_EQ(Refused(Later()), "STATE_NOT_ALLOWED");
}

TEST_F(SupersessionTest, ItGoesToNobodyWhoDidNotHaveTheEarlierOne) {
  Stored(Share());
  EXPECT_EQ(Refused(Later([&](v1::Manifest& manifest, v1::SenderStatement&) {
              manifest.set_recipient_agency(kStranger);
              manifest.set_sealing_key_id(sealing_.at(kStranger));
            })),
            "SHARE_UNKNOWN");
}

struct Departs {
  std::string name;
  ShareChange change;
};

class OtherVersionTest : public SupersessionTest, public ::testing::WithParamInterface<Departs> {};

TEST_P(OtherVersionTest, IsRejected) {
  Stored(Share());
  EXPECT_EQ(Refused(Later(GetParam().change)), "PAYLOAD_REJECTED");
  EXPECT_EQ(Seen(kSender, kShareId).superseded_by_share_id(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Of, OtherVersionTest,
    ::testing::Values(
        Departs{"AnotherArea", [](v1::Manifest& m, v1::SenderStatement&) { m.set_area("E07000035"); }},
        Departs{"AnotherProfile", [](v1::Manifest& m, v1::SenderStatement&) { m.set_profile("marac"); }},
        Departs{"AVersionLeftOut", [](v1::Manifest& m, v1::SenderStatement&) { m.set_version(3); }},
        Departs{"TheFirstVersion", [](v1::Manifest& m, v1::SenderStatement&) { m.set_version(1); }},
        Departs{"ItselfSuperseded",
                [](v1::Manifest& m, v1::SenderStatement&) { m.set_supersedes_share_id(m.share_id()); }},
        Departs{"NothingSuperseded", [](v1::Manifest& m, v1::SenderStatement&) { m.clear_supersedes_share_id(); }},
        Departs{"AnAddition", [](v1::Manifest& m, v1::SenderStatement&) { m.set_adds_to_share_id(kShareId); }}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace derwent::exchange
