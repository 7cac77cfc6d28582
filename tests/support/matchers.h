#pragma once

// Matchers every test uses: IsOk, StatusIs, IsOkAndHolds, EqualsProto. Abseil 20220623 ships none.

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

namespace derwent::testing {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename T>
const absl::Status& StatusOf(const absl::StatusOr<T>& result) {
  return result.status();
}

MATCHER(IsOk, negation ? "is an error" : "is OK") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).ok();
}

MATCHER_P2(StatusIs, code, message, "has the status code and a message that matches") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code &&
         ::testing::ExplainMatchResult(message, std::string(StatusOf(arg).message()), result_listener);
}

MATCHER_P(StatusIs, code, "has the status code") {
  *result_listener << StatusOf(arg).ToString();
  return StatusOf(arg).code() == code;
}

MATCHER_P(IsOkAndHolds, value, "is OK and holds a value that matches") {
  if (!arg.ok()) {
    *result_listener << arg.status().ToString();
    return false;
  }
  return ::testing::ExplainMatchResult(value, *arg, result_listener);
}

MATCHER_P(EqualsProto, text, "equals the text proto") {
  std::decay_t<decltype(arg)> want;
  if (!google::protobuf::TextFormat::ParseFromString(text, &want)) {
    *result_listener << "the expected text does not parse";
    return false;
  }
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  const bool same = differencer.Compare(want, arg);
  *result_listener << difference;
  return same;
}

}  // namespace derwent::testing

#define ASSERT_OK(expression) ASSERT_THAT(expression, ::derwent::testing::IsOk())
#define EXPECT_OK(expression) EXPECT_THAT(expression, ::derwent::testing::IsOk())
