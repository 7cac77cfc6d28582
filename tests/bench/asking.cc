#include "tests/bench/asking.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "agents/daemon/context/config.h"
#include "agents/daemon/state/sql.h"
#include "agents/sdk/channel/channel.h"
#include "derwent/v1/agent_request.grpc.pb.h"
#include "tests/bench/load.h"
#include "trust/base/mutex.h"
#include "trust/base/status_macros.h"
#include "trust/secret/random.h"

namespace derwent::bench {
namespace {

constexpr absl::Duration kLongest = absl::Seconds(60);
constexpr absl::Duration kLook = absl::Microseconds(500);  // Far below what a request takes.

struct Asked {
  std::string request_id;
  absl::Time start;
  absl::Time end;
};

// How many answers each request has, as the asker's agent keeps them.
class Replies {
 public:
  explicit Replies(std::unique_ptr<agents::Sql> store) : store_(std::move(store)) {}

  absl::Status Look() {
    agents::Sql::Statement query(*store_, "SELECT row, request_id FROM replies WHERE row > ? ORDER BY row");
    query.Bind(last_);
    bool more = true;
    MutexLock lock(mutex_);
    while (true) {
      ASSIGN_OR_RETURN(more, query.Next());
      if (!more) return absl::OkStatus();
      last_ = query.Int(0);
      ++count_[query.Text(1)];
      changed_.NotifyAll();
    }
  }

  bool WaitFor(const std::string& request_id, int answers) {
    MutexLock lock(mutex_);
    const absl::Time until = absl::Now() + kLongest;
    while (count_[request_id] < answers && absl::Now() < until) changed_.WaitFor(mutex_, std::chrono::seconds(1));
    return count_[request_id] >= answers;
  }

 private:
  const std::unique_ptr<agents::Sql> store_;
  int64_t last_ = 0;
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, int> count_ GUARDED_BY(mutex_);
};

// A person's connection to the agency's own agent.
struct Client {
  std::unique_ptr<agents::Channel> channel;
  std::unique_ptr<v1::AgentRequestService::Stub> stub;

  static absl::StatusOr<Client> Open(const std::string& run, const std::string& agency, const std::string& person) {
    std::string port;
    std::getline(std::ifstream(absl::StrCat(run, "/agents/", agency, "/port")) >> std::ws, port);
    const std::string stem = absl::StrCat(run, "/pki/agencies/", agency, "/people/", person);
    Client client;
    ASSIGN_OR_RETURN(client.channel, agents::Channel::Open(
                                         {.target = "localhost:" + port,
                                          .peer = absl::StrCat("spiffe://derwent.example/agency/", agency, "/agent/*"),
                                          .ca_file = run + "/pki/trust/ca.pem",
                                          .certificate_file = stem + ".pem",
                                          .key_file = stem + ".key"}));
    client.stub = v1::AgentRequestService::NewStub(client.channel->grpc());
    return client;
  }
};

absl::StatusOr<Asked> AskOnce(const Client& client, v1::SendCaseRequestRequest question, Replies& replies) {
  Asked asked{.start = absl::Now()};
  ASSIGN_OR_RETURN(const v1::SendCaseRequestResponse sent,
                   client.channel->Call(*client.stub, &v1::AgentRequestService::Stub::SendCaseRequest, question,
                                        {.timeout = kLongest}));
  if (sent.state() != "STORED")
    return absl::FailedPreconditionError(absl::StrCat("a request is ", sent.state(), ": ", sent.reason()));
  asked.request_id = sent.request_id();
  if (!replies.WaitFor(asked.request_id, question.holders_size()))
    return absl::DeadlineExceededError("a request was not answered by all");
  asked.end = absl::Now();
  return asked;
}

// Every holder released every category asked.
absl::Status CheckAnswers(const Client& client, const v1::SendCaseRequestRequest& question, const std::string& id) {
  v1::ShowCaseRequestRequest show;
  show.set_request_id(id);
  ASSIGN_OR_RETURN(
      const v1::ShowCaseRequestResponse shown,
      client.channel->Call(*client.stub, &v1::AgentRequestService::Stub::ShowCaseRequest, show, {.timeout = kLongest}));
  if (shown.answers_size() != question.holders_size()) return absl::FailedPreconditionError("an answer does not open");
  for (const v1::OpenedAnswer& answer : shown.answers()) {
    const bool released = std::ranges::all_of(
        answer.answers(), [](const v1::CategoryAnswer& category) { return category.outcome() == "RELEASED"; });
    if (!released || answer.units_size() != question.categories_size() || answer.receipts().empty())
      return absl::FailedPreconditionError(absl::StrCat("`", answer.agency(), "` did not release what was asked"));
  }
  return absl::OkStatus();
}

// What the asking threads share.
struct Run {
  const Client& client;
  const v1::SendCaseRequestRequest& question;
  Replies& replies;
  std::string prefix;
  int count = 0;
  Mutex mutex;
  int begun GUARDED_BY(mutex) = 0;
  std::vector<Asked> asked GUARDED_BY(mutex);
  absl::Status failure GUARDED_BY(mutex);

  void Work() {
    while (true) {
      v1::SendCaseRequestRequest next = question;
      {
        MutexLock lock(mutex);
        if (begun == count || !failure.ok()) return;
        next.set_request_ref(absl::StrCat(prefix, "-", begun++));
      }
      absl::StatusOr<Asked> one = AskOnce(client, std::move(next), replies);
      MutexLock lock(mutex);
      if (one.ok()) asked.push_back(*std::move(one));
      if (!one.ok()) failure = one.status();
    }
  }
};

}  // namespace

absl::StatusOr<AskResult> Ask(const std::string& run, const std::string& agency, const std::string& person,
                              const v1::SendCaseRequestRequest& question, int count, int outstanding) {
  ASSIGN_OR_RETURN(const agents::AgentConfig config,
                   agents::AgentConfig::Load(absl::StrCat(run, "/agents/", agency, "/agent.json")));
  ASSIGN_OR_RETURN(auto store, agents::Sql::Open(config.state_dir + "/agent.db"));
  Replies replies(std::move(store));
  ASSIGN_OR_RETURN(const Client client, Client::Open(run, agency, person));
  trust::SystemRandom random;
  Run work{
      .client = client, .question = question, .replies = replies, .prefix = random.NewUuid().text(), .count = count};
  const absl::Time start = absl::Now();
  absl::Status looked;
  {
    std::jthread looking([&](const std::stop_token& stop) {
      while (!stop.stop_requested() && looked.ok()) {
        looked = replies.Look();
        absl::SleepFor(kLook);  // Another process's file: there is nothing to wait on.
      }
    });
    std::vector<std::jthread> threads;
    for (int i = 0; i < outstanding; ++i) threads.emplace_back([&work] { work.Work(); });
    threads.clear();  // Joins.
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  RETURN_IF_ERROR(looked);
  MutexLock lock(work.mutex);
  RETURN_IF_ERROR(work.failure);
  std::vector<absl::Duration> times;
  for (const Asked& one : work.asked) {
    RETURN_IF_ERROR(CheckAnswers(client, question, one.request_id));
    times.push_back(one.end - one.start);
  }
  std::sort(times.begin(), times.end());
  return AskResult{
      .requests_a_second = count / seconds, .p50_ms = Percentile(times, 0.5), .p99_ms = Percentile(times, 0.99)};
}

}  // namespace derwent::bench
