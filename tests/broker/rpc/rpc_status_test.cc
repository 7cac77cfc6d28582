#include "broker/rpc/rpc_status.h"

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

#include "broker/exchange/command/refusal.h"
#include "tests/support/matchers.h"

namespace derwent::rpc {
namespace {

template <typename Detail>
int Count(const google::rpc::Status& status, Detail* last = nullptr) {
  int count = 0;
  for (const auto& any : status.details()) {
    Detail detail;
    if (!any.UnpackTo(&detail)) continue;
    ++count;
    if (last != nullptr) *last = detail;
  }
  return count;
}

google::rpc::Status DetailsOf(const absl::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(ToGrpc(status).error_details()));
  return details;
}

TEST(RpcStatusTest, ARefusalHasOneErrorInfoOfDomainDerwent) {
  const google::rpc::Status details =
      DetailsOf(exchange::Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID", "no"));
  google::rpc::ErrorInfo info;
  EXPECT_EQ(Count(details, &info), 1);
  EXPECT_EQ(info.domain(), "derwent");
  EXPECT_EQ(info.reason(), "SIGNATURE_INVALID");
  EXPECT_EQ(details.code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
}

TEST(RpcStatusTest, AllViolationsAreInOneBadRequest) {
  exchange::Violations violations;
  violations.Add("a", "is one");
  violations.Add("b", "is two");
  google::rpc::BadRequest bad;
  EXPECT_EQ(Count(DetailsOf(violations.ToStatus()), &bad), 1);
  ASSERT_EQ(bad.field_violations_size(), 2);
  EXPECT_EQ(bad.field_violations(1).field(), "b");
}

TEST(RpcStatusTest, ViolationsBeyondThoseThatAStatusHoldsAreCounted) {
  exchange::Violations violations;
  for (int i = 0; i < 100000; ++i) violations.Add("a", "b");
  google::rpc::BadRequest bad;
  EXPECT_EQ(Count(DetailsOf(violations.ToStatus()), &bad), 1);
  ASSERT_LT(bad.field_violations_size(), 512);
  const int told = bad.field_violations_size() - 1;
  EXPECT_EQ(bad.field_violations(told).description(), absl::StrCat("breaks ", 100000 - told, " more rules"));
}

TEST(RpcStatusTest, WhatMayBeTriedAgainSaysWhen) {
  EXPECT_EQ(Count<google::rpc::RetryInfo>(DetailsOf(absl::ResourceExhaustedError("full"))), 1);
  EXPECT_EQ(Count<google::rpc::RetryInfo>(DetailsOf(absl::UnavailableError("down"))), 1);
  EXPECT_EQ(Count<google::rpc::RetryInfo>(DetailsOf(absl::NotFoundError("no"))), 0);
}

TEST(RpcStatusTest, OurOwnFaultIsToldWithoutItsInside) {
  const grpc::Status status = ToGrpc(absl::InternalError("row 7 of table share"));
  EXPECT_EQ(status.error_message().find("share"), std::string::npos);
  EXPECT_EQ(status.error_details().find("share"), std::string::npos);
}

TEST(RpcStatusTest, WhatTheRequestIsToBlameForIsARefusalWithAReasonOrWithout) {
  for (const auto& why :
       {absl::InvalidArgumentError("no code"), absl::NotFoundError("none"), absl::FailedPreconditionError("not so")}) {
    EXPECT_TRUE(IsRefusal(exchange::Refuse(why.code(), "SOME_REASON", why.message()))) << why;
    EXPECT_TRUE(IsRefusal(why)) << why;
  }
  EXPECT_TRUE(IsRefusal(exchange::Refuse(absl::StatusCode::kUnavailable, "LEDGER_NOT_WITNESSED", "not now")));
}

TEST(RpcStatusTest, OurOwnFailuresAndLostRacesAreNoRefusals) {
  EXPECT_FALSE(IsRefusal(absl::InternalError("ours")));
  EXPECT_FALSE(IsRefusal(absl::DataLossError("ours")));
  EXPECT_FALSE(IsRefusal(exchange::Refuse(absl::StatusCode::kUnavailable, "LEDGER_UNAVAILABLE", "full")));
  EXPECT_FALSE(IsRefusal(exchange::Refuse(absl::StatusCode::kCancelled, "CANCELLED", "gone")));
}

TEST(RpcStatusTest, CodesAreOneToOne) {
  for (int code = 0; code <= 16; ++code)
    EXPECT_EQ(static_cast<int>(ToGrpc(absl::Status(static_cast<absl::StatusCode>(code), "x")).error_code()), code);
}

}  // namespace
}  // namespace derwent::rpc
