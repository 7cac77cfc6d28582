#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/util/json_util.h"

#include "tests/integration/consortium.h"
#include "tests/support/matchers.h"

namespace derwent::agents {

using testing::Consortium;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using testing::StatusIs;
using testing::TestAgent;

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline constexpr char kSpoc[] = "p-58b2d1";  // Of the police.

inline LocalCaller Person(const std::string& id) { return {.kind = trust::CallerKind::kPerson, .name = id}; }

// The sample domestic-abuse referral to two recipients.
inline v1::PushReferralRequest Sample(const std::string& reference = "RMS-1") {
  v1::PushReferralRequest request;
  EXPECT_TRUE(
      google::protobuf::util::JsonStringToMessage(ReadAll("samples/police.derbys/da-referral.json"), &request).ok());
  request.set_referral_ref(reference);
  request.clear_recipients();
  for (const char* agency : {"rp.housing", "dcc.adults"}) {
    v1::ReferralRecipientChoice& recipient = *request.add_recipients();
    recipient.set_agency(agency);
    recipient.set_role("practitioner");
  }
  // In this role a child sets off no share of its own.
  for (v1::ReferralSubject& subject : *request.mutable_subjects()) {
    if (subject.role() == "victim_child_da") subject.set_role("child");
  }
  return request;
}

// The same, its child a victim of domestic abuse: policy sets off a share for the child.
inline v1::PushReferralRequest SampleWithChild() {
  v1::PushReferralRequest request = Sample();
  for (v1::ReferralSubject& subject : *request.mutable_subjects()) {
    if (subject.role() == "child") subject.set_role("victim_child_da");
  }
  return request;
}

// Four agencies over real TLS to a real broker, driven step by step.
class ReferralTest : public ::testing::Test {
 protected:
  ReferralTest() : agents_(consortium_.Agents({"police.derbys", "rp.housing", "dcc.adults", "dcc.childrens"})) {}

  TestAgent& police() { return *agents_[0]; }
  TestAgent& housing() { return *agents_[1]; }
  TestAgent& adults() { return *agents_[2]; }
  TestAgent& childrens() { return *agents_[3]; }

  // Pushes and returns the share's id.
  std::string Push(const v1::PushReferralRequest& request = Sample()) {
    const auto response = police().daemon->sender().Push(request);
    EXPECT_OK(response);
    if (!response.ok() || response->shares().empty()) return "";
    EXPECT_EQ(response->shares(0).state(), "STORED") << response->shares(0).reason();
    return response->shares(0).share_id();
  }

  // As a crash between the file of a share and the note that it was written would leave housing's agent.
  void ForgetHandover() {
    ASSERT_OK((*Sql::Open(housing().config.state_dir + "/agent.db"))->Execute("UPDATE inbox SET handed_over = 0"));
  }

  std::string HandedOver(const TestAgent& agent, const std::string& share) {
    return ReadAll(agent.config.handover_folder + "/handover/" + share + ".json");
  }

  absl::StatusOr<v1::ReportReceivedResponse> Report(TestAgent& agent, const std::string& share, v1::ProgressState state,
                                                    const std::string& reason, const std::string& note = "") {
    v1::ReportReceivedRequest request;
    request.set_share_id(share);
    request.set_state(state);
    request.set_reason(reason);
    request.set_note(note);
    return agent.daemon->desk().Report({.kind = trust::CallerKind::kConsole, .name = "one"}, request);
  }

  // Ids of the shares sent, as a caller finds them, newest first.
  std::vector<std::string> SentSeenBy(const LocalCaller& caller) {
    const auto outbox = police().daemon->desk().ListOutbox(caller, {});
    EXPECT_OK(outbox);
    std::vector<std::string> shares;
    if (!outbox.ok()) return shares;
    for (const v1::OutboxItem& item : outbox->items()) shares.push_back(item.referral().share_id());
    return shares;
  }

  v1::OutboxItem Sent() {
    auto outbox = police().daemon->desk().ListOutbox({.kind = trust::CallerKind::kConsole, .name = "one"}, {});
    EXPECT_OK(outbox);
    return outbox.ok() && !outbox->items().empty() ? outbox->items(0) : v1::OutboxItem();
  }

  Consortium consortium_;
  std::vector<std::unique_ptr<TestAgent>> agents_;
};

}  // namespace derwent::agents
