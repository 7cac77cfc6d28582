// The agent's local service over its real server: how much one caller may take, and until when one may come in.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "google/protobuf/text_format.h"

#include "agents/daemon/services/server.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "derwent/v1/agent_request.grpc.pb.h"
#include "tests/integration/request_fixture.h"
#include "trust/message/envelope.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

using Requests = v1::AgentRequestService;
using ::testing::Not;

constexpr char kOfficer[] = "p-23f9a8";  // Asks, at the fire service.
constexpr char kSpoc[] = "p-7be041";     // Of the fire service.
constexpr char kDpo[] = "p-0d96c5";      // Of the fire service.

class LocalServerTest : public RequestTest {
 protected:
  LocalServerTest() : agents_(consortium_.Agents({"dfrs", "dcc.adults"})) {}
  TestAgent& fire() { return *agents_[0]; }

  void Serve(const LocalLimits& limits = {}) {
    AgentConfig config = fire().config;
    config.limits = limits;
    config.listen = "localhost:0";
    config.port_file.clear();
    config.metrics_listen.clear();
    auto server = LocalServer::Start(config, *fire().daemon);
    ASSERT_OK(server);
    server_ = *std::move(server);
  }

  std::string CertificateOf(const std::string& person) {
    return absl::StrCat(consortium_.folder(), "/pki/agencies/dfrs/people/", person, ".pem");
  }
  std::unique_ptr<Channel> As(const std::string& person) {
    const std::string certificate = CertificateOf(person);
    auto channel = Channel::Open({.target = absl::StrCat("localhost:", server_->port()),
                                  .peer = "spiffe://derwent.example/agency/dfrs/agent/*",
                                  .ca_file = consortium_.folder() + "/pki/trust/ca.pem",
                                  .certificate_file = certificate,
                                  .key_file = certificate.substr(0, certificate.size() - 4) + ".key"});
    EXPECT_OK(channel);
    return channel.ok() ? *std::move(channel) : nullptr;
  }
  absl::Status List(const Channel& channel) {
    const auto stub = Requests::NewStub(channel.grpc());
    return channel.Call(*stub, &Requests::Stub::ListSentRequests, v1::ListSentRequestsRequest()).status();
  }
  absl::Status ListHeld(const Channel& channel) {
    const auto stub = Requests::NewStub(channel.grpc());
    return channel.Call(*stub, &Requests::Stub::ListHeldRequests, v1::ListHeldRequestsRequest()).status();
  }
  absl::Status Watch(const Channel& channel, const std::string& request, int seconds) {
    v1::WatchCaseRequestRequest watch;
    watch.set_request_id(request);
    watch.set_wait_seconds(seconds);
    const auto stub = Requests::NewStub(channel.grpc());
    return channel.Call(*stub, &Requests::Stub::WatchCaseRequest, watch, {.timeout = absl::Seconds(30)}).status();
  }
  // A request that nobody answers.
  std::string Ask() {
    v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
    question.set_case_id(OpenCase("dfrs", kSpoc, "fire_safety", "", question.area()));
    const auto sent = fire().daemon->requests().Send(Person(kOfficer), question);
    EXPECT_OK(sent);
    return sent.ok() ? sent->request_id() : "";
  }

  // The fire service's directory without a person, as a system beside its agent would publish it.
  void Remove(const std::string& person) {
    std::ifstream file(fire().config.directory);
    v1::Directory directory;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
        std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()), &directory));
    directory.set_version(directory.version() + 1);
    auto& people = *directory.mutable_entries();
    const int before = people.size();
    people.erase(std::remove_if(people.begin(), people.end(), [&](const auto& one) { return one.id() == person; }),
                 people.end());
    ASSERT_EQ(people.size(), before - 1);
    v1::ApplyDirectoryRequest apply;
    apply.set_request_id(trust::SystemRandom().NewUuid().text());
    *apply.mutable_directory() =
        trust::SignMessage(trust::kDirectoryType, directory, fire().daemon->context().identity.keys->signing()->key)
            .value();
    ASSERT_OK(fire().real->ApplyDirectory(apply));
  }

  // How long after `since` a call is refused with `code`.
  absl::Duration RefusedWith(absl::StatusCode code, const Channel& channel, absl::Time since) {
    while (absl::Now() < since + absl::Seconds(10)) {
      if (List(channel).code() == code) break;
    }
    return absl::Now() - since;
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::unique_ptr<LocalServer> server_;
};

TEST_F(LocalServerTest, ACallOverItsSizeIsRefused) {
  Serve({.call_octets = 4096});
  v1::PushReferralRequest push;
  push.set_justification(std::string(8192, 'x'));
  const auto channel = As(kSpoc);
  const auto stub = v1::AgentService::NewStub(channel->grpc());
  EXPECT_THAT(channel->Call(*stub, &v1::AgentService::Stub::PushReferral, push),
              StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_OK(List(*channel)) << "the connection goes on";
}

TEST_F(LocalServerTest, DearCallsOfOnePersonAreCountedByTheMinute) {
  Serve({.dear_calls_a_minute = 2});
  const auto officer = As(kDpo);
  EXPECT_OK(ListHeld(*officer));
  EXPECT_OK(ListHeld(*officer));
  const absl::Status refused = ListHeld(*officer);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_EQ(ReasonOf(refused), "QUOTA_EXCEEDED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("limits.dear_calls_a_minute"));
  EXPECT_OK(List(*officer)) << "what is not dear is not counted";
  EXPECT_THAT(ListHeld(*As(kSpoc)), Not(StatusIs(absl::StatusCode::kResourceExhausted))) << "a quota is a person's";
  fire().clock.Move(absl::Minutes(1));
  EXPECT_OK(ListHeld(*officer));
  double counted = 0;
  for (const auto& family : fire().daemon->context().metrics.registry()->Collect()) {
    if (family.name != "derwent_agent_refused_calls_total") continue;
    for (const auto& metric : family.metric) counted += metric.counter.value;
  }
  EXPECT_EQ(counted, 1);
}

TEST_F(LocalServerTest, OnePersonsCallsAtOnceAreBounded) {
  Serve({.calls_at_once = 2});
  const std::string request = Ask();
  std::vector<absl::Status> watched(3);
  std::vector<std::thread> waiting;
  for (absl::Status& one : watched) waiting.emplace_back([&] { one = Watch(*As(kOfficer), request, 8); });
  for (std::thread& one : waiting) one.join();
  EXPECT_EQ(std::ranges::count_if(watched, &absl::Status::ok), 2) << "the third came while both were in";
  for (const absl::Status& one : watched) {
    if (one.ok()) continue;
    EXPECT_THAT(one, StatusIs(absl::StatusCode::kResourceExhausted));
    EXPECT_THAT(std::string(one.message()), HasSubstr("limits.calls_at_once"));
  }
  EXPECT_OK(List(*As(kOfficer))) << "who is done makes room";
}

TEST_F(LocalServerTest, WhoIsRemovedFromTheDirectoryIsOutWithinASecondThoughTheyWait) {
  Serve();
  const std::string request = Ask();
  const auto channel = As(kOfficer);
  ASSERT_OK(List(*channel));
  std::atomic<bool> watching = true;
  absl::Status watched;
  absl::Time ended;
  std::thread waits([&] {
    watched = Watch(*As(kOfficer), request, 25);
    ended = absl::Now();
    watching = false;
  });
  ASSERT_OK(Watch(*channel, request, 1));
  ASSERT_TRUE(watching);
  Remove(kOfficer);
  const absl::Time removed = absl::Now();
  EXPECT_LT(RefusedWith(absl::StatusCode::kPermissionDenied, *channel, removed), absl::Seconds(1));
  waits.join();
  EXPECT_THAT(watched, StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_LT(ended - removed, absl::Seconds(1));
  EXPECT_OK(List(*As(kSpoc)));
}

TEST_F(LocalServerTest, WhoseCertificateIsRevokedIsOutWithinASecondThoughTheyWait) {
  Serve();
  const std::string request = Ask();
  const auto channel = As(kOfficer);
  ASSERT_OK(List(*channel));
  absl::Status watched;
  absl::Time ended;
  std::thread waits([&] {
    watched = Watch(*As(kOfficer), request, 25);
    ended = absl::Now();
  });
  ASSERT_OK(Watch(*channel, request, 1));
  const std::string revoke = absl::StrCat("certs-example/revoke.sh '", consortium_.folder(), "/pki' '",
                                          CertificateOf(kOfficer), "' >/dev/null 2>&1");
  ASSERT_EQ(std::system(revoke.c_str()), 0);
  const absl::Time revoked = absl::Now();
  EXPECT_LT(RefusedWith(absl::StatusCode::kUnauthenticated, *channel, revoked), absl::Seconds(1));
  waits.join();
  EXPECT_THAT(watched, StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_LT(ended - revoked, absl::Seconds(1));
}

}  // namespace
}  // namespace derwent::agents
