#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "derwent/v1/key.pb.h"
#include "tests/support/matchers.h"
#include "trust/message/envelope.h"
#include "trust/message/key_event_message.h"
#include "trust/message/timestamp.h"

namespace derwent::trust {
namespace {

using ::derwent::testing::StatusIs;

TEST(TimestampTest, GoesThereAndBackToTheNanosecond) {
  for (const int64_t nanos : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{1'790'000'000'123'456'789}}) {
    const absl::Time time = absl::UnixEpoch() + absl::Nanoseconds(nanos);
    EXPECT_EQ(FromTimestamp(ToTimestamp(time)), time) << nanos;
    EXPECT_GE(ToTimestamp(time).nanos(), 0) << nanos;
  }
}

TEST(TimestampTest, WhatNoTimestampMayHoldHasLongPassed) {
  google::protobuf::Timestamp bad;
  bad.set_nanos(1'000'000'000);
  EXPECT_EQ(FromTimestamp(bad), absl::InfinitePast());
  bad.set_nanos(-1);
  EXPECT_EQ(FromTimestamp(bad), absl::InfinitePast());
  bad.set_nanos(0);
  bad.set_seconds(INT64_MAX);
  EXPECT_EQ(FromTimestamp(bad), absl::InfinitePast());
  bad.set_seconds(253402300800);  // 10000-01-01.
  EXPECT_EQ(FromTimestamp(bad), absl::InfinitePast());
}

TEST(KeyEventMessageTest, AnActionOrPurposeOfALaterVersionIsRefused) {
  v1::KeyEvent event;
  event.set_action(v1::KEY_ACTION_PUBLISH);
  event.set_purpose(v1::KEY_PURPOSE_SIGNING);
  v1::DsseEnvelope envelope;
  envelope.set_payload(event.SerializeAsString());
  EXPECT_TRUE(ParseKeyEvent(envelope).ok());
  event.set_purpose(static_cast<v1::KeyPurpose>(9));
  envelope.set_payload(event.SerializeAsString());
  EXPECT_THAT(ParseKeyEvent(envelope), StatusIs(absl::StatusCode::kInvalidArgument));
  event.set_purpose(v1::KEY_PURPOSE_SEALING);
  event.set_action(static_cast<v1::KeyAction>(9));
  envelope.set_payload(event.SerializeAsString());
  EXPECT_THAT(ParseKeyEvent(envelope), StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace derwent::trust
