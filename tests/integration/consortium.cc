#include "tests/integration/consortium.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

extern char** environ;

namespace derwent::testing {
namespace {

namespace fs = std::filesystem;

void Run(const std::string& command) {
  const int code = std::system(command.c_str());
  if (code != 0) ADD_FAILURE() << "failed: " << command;
}

// Laid out once for the process, copied for each consortium, removed at its end: making keys and signatures takes
// seconds.
const std::string& Template() {
  static const std::string& folder = *[] {
    std::string name = ::testing::TempDir() + "derwent_layout_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    Run(absl::StrCat("DERWENT_QUORUM=none deploy/example/lay_out.sh '", name,
                     "' '" DERWENT_BIN_DIR "/derwent' 0 >/dev/null"));
    return new std::string(name);
  }();
  static const int registered = std::atexit([] {
    std::error_code error;
    fs::remove_all(Template(), error);
  });
  EXPECT_EQ(registered, 0);
  return folder;
}

std::string WaitForLine(const std::string& path) {
  for (int i = 0; i < 3000; ++i) {
    std::string line;
    if (std::ifstream file(path); std::getline(file, line) && !line.empty()) return line;
    absl::SleepFor(absl::Milliseconds(10));  // Another process's start: there is nothing to wait on but its file.
  }
  ADD_FAILURE() << "no `" << path << "`";
  return "";
}

}  // namespace

std::vector<std::string> TestAgent::Alarms() {
  std::vector<std::string> codes;
  const absl::StatusOr<std::vector<agents::AlarmRow>> alarms = daemon->context().state.Alarms(100);
  EXPECT_TRUE(alarms.ok()) << alarms.status();
  for (const agents::AlarmRow& alarm : alarms.value_or(std::vector<agents::AlarmRow>())) codes.push_back(alarm.code);
  return codes;
}

void TestAgent::Restart() {
  daemon.reset();
  auto created = agents::AgentDaemon::Create(
      config, {.broker = *broker, .clock = clock, .random = random, .log = *log, .records = records.get()});
  ASSERT_TRUE(created.ok()) << created.status();
  daemon = *std::move(created);
}

void TestAgent::CollectAll() {
  for (int round = 0; round < 10; ++round) {
    const auto taken = daemon->receiver().CollectOnce(absl::ZeroDuration());
    ASSERT_TRUE(taken.ok()) << taken.status();
    if (*taken == 0) return;
  }
}

Consortium::Consortium(const std::string& broker) {
  folder_ = ::testing::TempDir() + "derwent_consortium_XXXXXX";
  if (mkdtemp(folder_.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
  Run(absl::StrCat("cp -R '", Template(), "/.' '", folder_, "'"));
  const std::string log = folder_ + "/broker.log";
  const std::string config = folder_ + "/broker/broker.yaml";
  std::ofstream(config, std::ios::app) << broker;
  const std::string program = DERWENT_BIN_DIR "/derwent-broker";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  std::vector<std::string> words = {program, "serve", "--config", config};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  if (posix_spawn(&broker_, program.c_str(), &actions, nullptr, argv.data(), environ) != 0)
    ADD_FAILURE() << "no broker";
  posix_spawn_file_actions_destroy(&actions);
  target_ = absl::StrCat("localhost:", WaitForLine(folder_ + "/broker/port"));
}

Consortium::~Consortium() {
  if (broker_ > 0) {
    kill(broker_, SIGKILL);  // It must stand that at any time, and a graceful end takes seconds.
    waitpid(broker_, nullptr, 0);
  }
  std::error_code error;
  fs::remove_all(folder_, error);
}

void Consortium::ChangePolicy(const std::string& edit, const std::string& agreement) {
  Run(absl::StrCat("cd '", folder_, "' && cp -R policy next && (cd next/profiles && ", edit,
                   ") && '" DERWENT_BIN_DIR "/derwent' policy manifest next >/dev/null && ",
                   "while read -r agency person; do at=pki/agencies/$agency/people/$person; '" DERWENT_BIN_DIR
                   "/derwent' policy sign next --bundle --agreement ",
                   agreement, " --certificate $at.pem --key $at.key 2>/dev/null || exit 1; done <signatories && ",
                   "mv policy old && mv next policy"));
}

void Consortium::ChangeDirectory(TestAgent& agent, const std::string& edit) {
  const int64_t version = agent.daemon->context().policy.directory_version(agent.config.agency) + 1;
  const std::string changed = absl::StrCat(folder_, "/", agent.config.agency, ".", version, ".txtpb");
  Run(absl::StrCat("sed -e 's/^version: .*/version: ", version, "/' -e '", edit, "' '", agent.config.directory, "' >'",
                   changed, "'"));
  agent.config.directory = changed;
  agent.Restart();
  EXPECT_TRUE(agent.daemon->upkeep().RunAll().ok());
}

void Consortium::EndAgreement(const std::string& agreement, const std::string& agency, TestAgent& taken_by) {
  Run(absl::StrCat("cd '", folder_, "' && at=pki/agencies/", agency, "/people/$(awk '$1 == \"", agency,
                   "\" {print $2; exit}' signatories) && '" DERWENT_BIN_DIR "/derwent' policy end policy --agreement ",
                   agreement, " --from 2026-01-01 --certificate $at.pem --key $at.key 2>/dev/null"));
  const agents::PolicyCache& known = taken_by.daemon->context().policy;
  const std::string before = known.governance_digest();
  const absl::Time end = absl::Now() + absl::Seconds(30);
  while (known.governance_digest() == before && absl::Now() < end) EXPECT_TRUE(taken_by.daemon->upkeep().RunAll().ok());
  EXPECT_NE(known.governance_digest(), before);
}

std::unique_ptr<TestAgent> Consortium::Agent(const std::string& agency) {
  auto agent = std::make_unique<TestAgent>();
  auto config = agents::AgentConfig::Load(absl::StrCat(folder_, "/agents/", agency, "/agent.json"));
  EXPECT_TRUE(config.ok()) << config.status();
  agent->config = *config;
  agent->config.broker_target = target_;
  agent->log = std::make_unique<agents::Log>(std::cerr, agent->clock, agency);
  agent->channel = agents::Channel::Open({.target = target_,
                                          .peer = agent->config.broker_peer,
                                          .ca_file = agent->config.anchors.ca,
                                          .certificate_file = agent->config.tls_certificate,
                                          .key_file = agent->config.tls_key})
                       .value();
  agent->real = std::make_unique<agents::GrpcBroker>(*agent->channel);
  agent->broker = std::make_unique<LyingBroker>(*agent->real);
  agent->Restart();
  return agent;
}

std::vector<std::unique_ptr<TestAgent>> Consortium::Agents(const std::vector<std::string>& agencies) {
  std::vector<std::unique_ptr<TestAgent>> agents;
  for (const std::string& agency : agencies) agents.push_back(Agent(agency));
  // Twice: the first round publishes, the second reads what the others published.
  for (int round = 0; round < 2; ++round) {
    for (const auto& agent : agents) {
      const absl::Status status = agent->daemon->upkeep().RunAll();
      EXPECT_TRUE(status.ok()) << status;
    }
  }
  return agents;
}

}  // namespace derwent::testing
