#include "agents/sdk/channel/channel.h"

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using derwent::testing::StatusIs;
using ::testing::HasSubstr;

TEST(ChannelTest, RefusesToConnectToNobodyInParticular) {
  EXPECT_THAT(Channel::Open({.target = "localhost:1", .peer = ""}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("SPIFFE")));
  EXPECT_THAT(Channel::Open({.target = "", .peer = "spiffe://d/broker/a"}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("target")));
}

TEST(ChannelTest, NamesTheFileThatIsMissing) {
  const ChannelOptions options{
      .target = "localhost:1", .peer = "spiffe://d/broker/a", .ca_file = "/nonexistent/ca.pem"};
  EXPECT_THAT(Channel::Open(options).status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nonexistent/ca.pem")));
}

TEST(ChannelTest, ACallHasADeadlineAndACorrelationIdOfItsOwn) {
  grpc::ClientContext first;
  grpc::ClientContext second;
  const std::string id = Channel::Prepare(first, {.timeout = absl::Seconds(5)});
  EXPECT_NE(id, Channel::Prepare(second, {}));
  EXPECT_LT(first.deadline(), second.deadline());
}

TEST(ChannelTest, AnErrorKeepsItsCodeAndAnOkStaysOk) {
  EXPECT_TRUE(Channel::ToAbsl(grpc::Status::OK, "c").ok());
  EXPECT_THAT(Channel::ToAbsl(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "full"), "c"),
              StatusIs(absl::StatusCode::kResourceExhausted, "full"));
}

}  // namespace
}  // namespace derwent::agents
