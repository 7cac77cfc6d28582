#include "agents/sdk/channel/peer_check.h"

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using derwent::testing::IsOk;
using derwent::testing::StatusIs;

constexpr absl::string_view kBroker = "spiffe://derwent.example/broker/one";

TEST(PeerCheckTest, AcceptsTheServerThatWasAskedFor) { EXPECT_THAT(CheckPeer({kBroker}, kBroker), IsOk()); }

TEST(PeerCheckTest, AcceptsAnyOneNameInPlaceOfTheStar) {
  EXPECT_THAT(CheckPeer({kBroker}, "spiffe://derwent.example/broker/*"), IsOk());
}

TEST(PeerCheckTest, RefusesAnAgencyInPlaceOfTheBroker) {
  EXPECT_THAT(CheckPeer({"spiffe://derwent.example/agency/dfrs/agent/a"}, "spiffe://derwent.example/broker/*"),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(PeerCheckTest, TheStarStandsForOnePartOnly) {
  EXPECT_THAT(CheckPeer({"spiffe://derwent.example/agency/dfrs/agent/a"}, "spiffe://derwent.example/agency/*"),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(PeerCheckTest, RefusesACertificateWithoutOrWithTwoNames) {
  EXPECT_THAT(CheckPeer({}, kBroker), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(CheckPeer({kBroker, kBroker}, kBroker), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST(PeerCheckTest, RefusesANameThatIsNoSpiffeId) {
  EXPECT_THAT(CheckPeer({"https://derwent.example/broker/one"}, "https://derwent.example/broker/one"),
              StatusIs(absl::StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace derwent::agents
