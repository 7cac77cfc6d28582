#include "agents/sdk/channel/rpc_error.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Details() {
  google::rpc::Status status;
  google::rpc::ErrorInfo reason;
  reason.set_reason("ROLE_NOT_ENTITLED");
  reason.set_domain("derwent");
  status.add_details()->PackFrom(reason);
  google::rpc::BadRequest bad;
  for (const char* field : {"area", "purpose"}) {
    bad.add_field_violations()->set_field(field);
    bad.mutable_field_violations(bad.field_violations_size() - 1)->set_description("missing");
  }
  status.add_details()->PackFrom(bad);
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(2);
  status.add_details()->PackFrom(retry);
  return status.SerializeAsString();
}

TEST(RpcErrorTest, KeepsReasonAllViolationsDelayAndCorrelationId) {
  const RpcError error =
      DescribeRpcError(MakeRpcStatus(absl::StatusCode::kInvalidArgument, "two fields", Details(), "c-1"));
  EXPECT_EQ(error.reason, "ROLE_NOT_ENTITLED");
  EXPECT_THAT(error.fields, ElementsAre(Violation{"area", "missing"}, Violation{"purpose", "missing"}));
  EXPECT_EQ(error.retry_after, absl::Seconds(2));
  EXPECT_EQ(error.correlation_id, "c-1");
}

TEST(RpcErrorTest, DropsDetailsThatDoNotParseAndKeepsCodeAndMessage) {
  const absl::Status status = MakeRpcStatus(absl::StatusCode::kAborted, "no", "\xff\xff\xff", "c-2");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "no");
  EXPECT_EQ(ReasonOf(status), "");
}

TEST(RpcErrorTest, AStatusOfOurOwnHasNoDetails) {
  EXPECT_THAT(DescribeRpcError(absl::NotFoundError("no file")).fields, IsEmpty());
}

}  // namespace
}  // namespace derwent::agents
