// Which deliveries may be handled at once.
#include "agents/daemon/context/turns.h"

#include "agents/sdk/messages.h"
#include "derwent/v1/message.pb.h"
#include "derwent/v1/package.pb.h"
#include "tests/support/matchers.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr char kRequest[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b10";
constexpr char kOther[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b11";

void AddPackage(const std::string& share, const std::string& reply_to, const std::string& sender,
                v1::CollectResponse& response) {
  v1::Manifest manifest;
  manifest.set_share_id(share);
  manifest.set_reply_to_share_id(reply_to);
  manifest.set_sender_agency(sender);
  v1::Delivery& delivery = *response.add_deliveries();
  delivery.set_delivery_id("delivery of " + share);
  delivery.mutable_package()->mutable_manifest()->set_payload(manifest.SerializeAsString());
}

void AddProgress(const std::string& share, const std::string& from, v1::CollectResponse& response) {
  v1::Progress progress;
  progress.mutable_head()->set_share_id(share);
  progress.mutable_head()->set_from_agency(from);
  progress.mutable_head()->set_to_agency("dfrs");
  progress.mutable_head()->set_sequence(1);
  v1::Delivery& delivery = *response.add_deliveries();
  delivery.set_delivery_id("progress of " + share);
  delivery.mutable_message()->set_payload_type(std::string(trust::kProgressType));
  delivery.mutable_message()->set_payload(progress.SerializeAsString());
}

TEST(TurnsTest, WhatOneAgencySendsAboutOneRequestKeepsItsOrder) {
  v1::CollectResponse response;
  AddProgress(kRequest, "cbc", response);
  AddPackage("other answer", kRequest, "dcc.adults", response);
  AddPackage("answer", kRequest, "cbc", response);
  AddPackage("supplement", kRequest, "cbc", response);
  response.add_deliveries()->set_delivery_id("empty");
  const auto turns = ByTurn(response);
  ASSERT_EQ(turns.size(), 3u);
  ASSERT_EQ(turns[0].size(), 3u) << "progress, answer, supplement";
  EXPECT_EQ(turns[0][1]->delivery_id(), "delivery of answer");
  EXPECT_EQ(turns[0][2]->delivery_id(), "delivery of supplement");
  EXPECT_EQ(turns[1].size(), 1u);
  EXPECT_EQ(turns[2].size(), 1u);
}

TEST(TurnsTest, AWithdrawalComesAfterItsShareNotAfterOthers) {
  v1::CollectResponse response;
  AddPackage(kRequest, "", "dfrs", response);
  AddPackage(kOther, "", "dfrs", response);
  AddProgress(kRequest, "dfrs", response);
  const auto turns = ByTurn(response);
  ASSERT_EQ(turns.size(), 2u);
  EXPECT_EQ(turns[0].size(), 2u);
}

}  // namespace
}  // namespace derwent::agents
