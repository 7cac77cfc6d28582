// Holders whose own system cannot be read any more. Whoever it is about, all fare alike, and they say so.
#include <map>

#include "agents/daemon/services/server.h"
#include "tests/integration/request_fixture.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

using ::testing::Contains;

constexpr char kLead[] = "p-5f7a21";
constexpr char kKestrelsRow[] =
    "ASC-1,ASC,2026-06-30,,open,Abel,Kestrel,1949-05-02,,\"8 Sample Row\",S40 1XX,,tenant,,,J. Tansley,,N,\n";

// A lead asks two holders about somebody whom the first one has and the second has not.
class UnreadSystemTest : public RequestTest {
 protected:
  void SetUp() override {
    agents_ = consortium_.Agents({"dcc.community_safety", "dcc.adults", "cbc"});
    std::ofstream(Export(*agents_[1]), std::ios::app) << kKestrelsRow;
    for (TestAgent* holder : holders()) holder->daemon->ReadSystem();
  }
  TestAgent& lead() { return *agents_[0]; }
  std::vector<TestAgent*> holders() { return {agents_[1].get(), agents_[2].get()}; }

  static std::string DpoOf(const TestAgent& holder) { return holder.config.agency == "cbc" ? "p-b27684" : "p-84eb3a"; }
  static std::string Export(const TestAgent& holder) { return holder.config.system.front().file; }
  // Its export is none of the mapping's any more; `Mend` puts back what was there.
  void Break(TestAgent& holder) {
    exported_[&holder] = ReadAll(Export(holder));
    std::ofstream(Export(holder)) << "no export today\n";
  }
  void Mend(TestAgent& holder) { std::ofstream(Export(holder)) << exported_[&holder]; }
  static void RestartAndKnowWhoIsWho(TestAgent& holder) {
    holder.Restart();
    ASSERT_OK(holder.daemon->upkeep().RunAll());
  }

  v1::SendCaseRequestResponse Ask() {
    v1::SendCaseRequestRequest question =
        Question("tb.soce", "thematic_lead", {"household", "identity"}, {"dcc.adults", "cbc"});
    question.set_purpose("case.exploitation");
    question.set_board("tb.soce");
    question.set_subject_role("person_at_risk");
    question.set_case_id(OpenCase("dcc.community_safety", "p-c85e1f", "tb.soce", "tb.soce", question.area()));
    const auto sent = lead().daemon->requests().Send(Person(kLead), question);
    EXPECT_OK(sent);
    return sent.value_or(v1::SendCaseRequestResponse());
  }
  void WaitUntilPast(absl::Time slot) {
    while (absl::Now() < slot + absl::Seconds(1)) EXPECT_OK(lead().daemon->receiver().CollectOnce(absl::Seconds(1)));
  }
  int Answers(const std::string& request) {
    lead().CollectAll();
    return Show(lead(), kLead, request).answers_size();
  }

  // What health and the metric say of whether a holder's system can be read: they must agree.
  bool SaysItReads(TestAgent& holder) {
    const auto server = LocalServer::Start(holder.config, *holder.daemon);
    EXPECT_OK(server);
    const auto channel =
        Channel::Open({.target = absl::StrCat("localhost:", (*server)->port()),
                       .peer = absl::StrCat("spiffe://derwent.example/agency/", holder.config.agency, "/agent/*"),
                       .ca_file = holder.config.anchors.ca,
                       .certificate_file = holder.config.tls_certificate,
                       .key_file = holder.config.tls_key});
    EXPECT_OK(channel);
    const auto stub = grpc::health::v1::Health::NewStub((*channel)->grpc());
    grpc::health::v1::HealthCheckRequest request;
    request.set_service("system");
    const auto health = (*channel)->Call(*stub, &grpc::health::v1::Health::Stub::Check, request);
    EXPECT_OK(health);
    const bool says = health.ok() && health->status() == grpc::health::v1::HealthCheckResponse::SERVING;
    for (const auto& family : holder.daemon->context().metrics.registry()->Collect()) {
      if (family.name == "derwent_agent_system_read") {
        EXPECT_EQ(family.metric.at(0).gauge.value, says ? 1 : 0);
        return says;
      }
    }
    ADD_FAILURE() << "no metric";
    return says;
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::map<const TestAgent*, std::string> exported_;
};

// Both answer in the slot, neutrally: neither waits, which would tell them apart from who can read.
TEST_F(UnreadSystemTest, AHolderWhoHasThePersonAnswersLikeOneWhoHasNobody) {
  const v1::SendCaseRequestResponse sent = Ask();
  for (TestAgent* holder : holders()) {
    Step(*holder);
    Break(*holder);
    RestartAndKnowWhoIsWho(*holder);
  }
  WaitUntilPast(trust::FromTimestamp(sent.answer_time()));
  for (TestAgent* holder : holders()) {
    EXPECT_OK(holder->daemon->holder().Work()) << holder->config.agency;
    EXPECT_OK(holder->daemon->holder().Drain());
    EXPECT_THAT(holder->Alarms(), Contains("ANSWER_NOT_MADE")) << "its own officer alone is told";
  }
  EXPECT_EQ(Answers(sent.request_id()), 2);
  for (TestAgent* holder : holders()) {
    Mend(*holder);
    holder->daemon->ReadSystem();
    holder->clock.Move(absl::Seconds(5));  // When it is tried again.
    Step(*holder);
  }
  EXPECT_EQ(Answers(sent.request_id()), 2);
}

// Selectors that came while nobody can be looked up are taken like any other, and answered as if nobody were held.
TEST_F(UnreadSystemTest, WhatComesMeanwhileIsTakenAndHoldsUpNothing) {
  for (TestAgent* holder : holders()) {
    Break(*holder);
    RestartAndKnowWhoIsWho(*holder);
  }
  const v1::SendCaseRequestResponse first = Ask();
  const v1::SendCaseRequestResponse second = Ask();
  for (TestAgent* holder : holders()) Step(*holder);
  v1::CancelCaseRequestRequest cancel;
  cancel.set_request_id(first.request_id());
  ASSERT_OK(lead().daemon->requests().Cancel(Person(kLead), cancel));
  for (TestAgent* holder : holders()) {
    Step(*holder);
    const auto held = holder->daemon->requests().ListHeld(Person(DpoOf(*holder)), {});
    ASSERT_OK(held);
    ASSERT_EQ(held->requests_size(), 2);
    EXPECT_THAT(std::vector({held->requests(0).state(), held->requests(1).state()}),
                ::testing::UnorderedElementsAre("CANCELLED", "WAITING"))
        << holder->config.agency;
  }
  WaitUntilPast(trust::FromTimestamp(second.answer_time()));
  for (TestAgent* holder : holders()) {
    EXPECT_OK(holder->daemon->holder().Work()) << holder->config.agency;
    EXPECT_OK(holder->daemon->holder().Drain());
  }
  EXPECT_EQ(Answers(second.request_id()), 2);
  for (TestAgent* holder : holders()) {
    EXPECT_NE((*holder->daemon->context().state.FindReceived(second.request_id()))->content, "")
        << "nobody was looked up";
    Mend(*holder);
    holder->daemon->ReadSystem();
    holder->clock.Move(absl::Seconds(5));
    Step(*holder);
  }
  const auto content = [&](TestAgent& holder) {
    return (*holder.daemon->context().state.FindReceived(second.request_id()))->content;
  };
  EXPECT_NE(content(*holders()[0]), "") << "he is held, and an approver is asked";
  EXPECT_EQ(content(*holders()[1]), "") << "of whom nobody holds no selector is kept";
}

TEST_F(UnreadSystemTest, AReadingThatIsTooOldCountsNoMoreAndTheFaultIsSaidAsLongAsItLasts) {
  for (TestAgent* holder : holders()) {
    holder->config.system_oldest = absl::Seconds(10);
    RestartAndKnowWhoIsWho(*holder);
    holder->daemon->ReadSystem();
  }
  EXPECT_TRUE(SaysItReads(*holders()[0]));
  const v1::SendCaseRequestResponse sent = Ask();
  for (TestAgent* holder : holders()) {
    Step(*holder);
    Break(*holder);
    for (int round = 0; round < 2; ++round) holder->daemon->ReadSystem();
    EXPECT_FALSE(SaysItReads(*holder));
    EXPECT_THAT(holder->Alarms(), ElementsAre("SYSTEM_NOT_READ"));
    holder->clock.Move(absl::Seconds(15));
  }
  WaitUntilPast(trust::FromTimestamp(sent.answer_time()));
  for (TestAgent* holder : holders()) {
    EXPECT_OK(holder->daemon->holder().Work()) << holder->config.agency;
    EXPECT_OK(holder->daemon->holder().Drain());
    EXPECT_THAT(holder->Alarms(), Contains("ANSWER_NOT_MADE")) << "the old reading does not count";
  }
  EXPECT_EQ(Answers(sent.request_id()), 2);
  for (TestAgent* holder : holders()) {
    Mend(*holder);
    holder->daemon->ReadSystem();
    EXPECT_TRUE(SaysItReads(*holder));
    holder->clock.Move(absl::Seconds(5));
    Step(*holder);
  }
  EXPECT_EQ(Answers(sent.request_id()), 2);
}

}  // namespace
}  // namespace derwent::agents
