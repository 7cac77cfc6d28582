#include "agents/cli/session/exit_code.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "agents/sdk/channel/rpc_error.h"
#include "tests/support/matchers.h"

namespace derwent::cli {
namespace {

using absl::StatusCode;
using ::testing::HasSubstr;

absl::Status Remote(StatusCode code, const std::string& reason) {
  google::rpc::Status status;
  google::rpc::ErrorInfo details;
  details.set_reason(reason);
  status.add_details()->PackFrom(details);
  google::rpc::BadRequest bad;
  bad.add_field_violations()->set_field("area");
  bad.add_field_violations()->set_field("purpose");
  status.add_details()->PackFrom(bad);
  return agents::MakeRpcStatus(code, "why", status.SerializeAsString(), "c-77");
}

struct Case {
  std::string name;
  absl::Status status;
  int want;
};

class ExitCodeTest : public ::testing::TestWithParam<Case> {};

TEST_P(ExitCodeTest, IsThePublishedOne) { EXPECT_EQ(ExitCodeOf(GetParam().status), GetParam().want); }

INSTANTIATE_TEST_SUITE_P(
    Table, ExitCodeTest,
    ::testing::Values(Case{"Done", absl::OkStatus(), 0}, Case{"Internal", absl::InternalError("x"), 1},
                      Case{"BadInput", absl::InvalidArgumentError("x"), 2},
                      Case{"WrongForm", Remote(StatusCode::kInvalidArgument, "PAYLOAD_REJECTED"), 2},
                      Case{"Policy", Remote(StatusCode::kFailedPrecondition, "AGREEMENT_NOT_IN_FORCE"), 3},
                      Case{"NotEntitled", Remote(StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED"), 4},
                      Case{"NotAuthenticated", absl::UnauthenticatedError("x"), 4},
                      Case{"NotFound", absl::NotFoundError("x"), 5},
                      Case{"Conflict", Remote(StatusCode::kAborted, "REQUEST_ID_REUSED"), 6},
                      Case{"WrongState", absl::FailedPreconditionError("x"), 6},
                      Case{"Unavailable", absl::UnavailableError("x"), 7},
                      Case{"TimedOut", absl::DeadlineExceededError("x"), 7},
                      Case{"Full", absl::ResourceExhaustedError("x"), 7}, Case{"Tampered", absl::DataLossError("x"), 8},
                      Case{"Signature", Remote(StatusCode::kFailedPrecondition, "SIGNATURE_INVALID"), 8}),
    [](const ::testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(ReportFailureTest, SaysWhyEveryFieldAndTheCorrelationId) {
  ::testing::internal::CaptureStderr();
  ReportFailure(Remote(StatusCode::kInvalidArgument, "PAYLOAD"));
  const std::string said = ::testing::internal::GetCapturedStderr();
  for (const char* part : {"why [PAYLOAD]", "area", "purpose", "correlation id c-77"})
    EXPECT_THAT(said, HasSubstr(part));
}

}  // namespace
}  // namespace derwent::cli
