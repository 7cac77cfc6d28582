#include "tests/support/test_postgres.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

extern char** environ;

namespace derwent::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kOwnerPassword[] = "owner-of-the-test";
constexpr char kReaderPassword[] = "reader-of-the-test";
constexpr char kDatabaseUser[] = "postgres";  // PostgreSQL refuses to run as root.

// Where Debian puts the newest server that is here; empty: nowhere.
std::string Programs() {
  std::string newest;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    if (fs::exists(entry.path() / "bin/initdb") && entry.path().string() > newest) newest = entry.path().string();
  }
  return newest.empty() ? "" : newest + "/bin/";
}

// As the user that PostgreSQL runs as, and no longer than this process.
std::vector<std::string> Wrapped(std::vector<std::string> command) {
  std::vector<std::string> words = {"setpriv", "--pdeathsig", "INT"};
  if (getuid() == 0) {
    const std::string user = kDatabaseUser;
    words.insert(words.end(), {"--reuid", user, "--regid", user, "--init-groups"});
  }
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

pid_t Start(std::vector<std::string> words, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = -1;
  if (posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

void WriteFor(const std::string& path, const std::string& text, const passwd* owner) {
  std::ofstream(path) << text;
  static_cast<void>(chmod(path.c_str(), 0600));
  EXPECT_TRUE(owner == nullptr || chown(path.c_str(), owner->pw_uid, owner->pw_gid) == 0);
}

}  // namespace

TestPostgres* TestPostgres::Get() {
  static const std::unique_ptr<TestPostgres> server = [] {
    std::unique_ptr<TestPostgres> made(new TestPostgres);
    return made->Start() ? std::move(made) : nullptr;
  }();
  if (server == nullptr) ADD_FAILURE() << "there is no PostgreSQL to test with; the first test that asked says why";
  return server.get();
}

bool TestPostgres::Start() {
  const std::string programs = Programs();
  if (programs.empty()) {
    ADD_FAILURE() << "PostgreSQL is not installed: `deploy/packages.sh test` installs it (postgresql-15)";
    return false;
  }
  folder_ = "/tmp/derwent_postgres_XXXXXX";  // Short: the path of a socket has 107 characters at most.
  if (mkdtemp(folder_.data()) == nullptr) {
    ADD_FAILURE() << "no temporary folder";
    return false;
  }
  if (!Init(programs) || !Spawn(programs)) return false;
  Execute(absl::StrCat("CREATE ROLE reader LOGIN PASSWORD '", kReaderPassword, "'"));
  return true;
}

bool TestPostgres::Init(const std::string& programs) {
  const passwd* user = getuid() == 0 ? getpwnam(kDatabaseUser) : nullptr;
  if (getuid() == 0 && user == nullptr) {
    ADD_FAILURE() << "there is no user `postgres` to run PostgreSQL as: `deploy/packages.sh test` installs it";
    return false;
  }
  EXPECT_TRUE(user == nullptr || chown(folder_.c_str(), user->pw_uid, user->pw_gid) == 0);
  WriteFor(folder_ + "/owner", kOwnerPassword, user);
  WriteFor(folder_ + "/passfile",
           absl::StrCat("*:*:*:owner:", kOwnerPassword, "\n*:*:*:reader:", kReaderPassword, "\n"), nullptr);
  const std::string log = folder_ + "/init.log";
  const int output = open(log.c_str(), O_WRONLY | O_CREAT, 0600);
  const pid_t pid = testing::Start(
      Wrapped({programs + "initdb", "--pgdata", folder_ + "/data", "--username", "owner", "--pwfile",
               folder_ + "/owner", "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"}),
      output);
  close(output);
  int status = -1;
  if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0) return true;
  ADD_FAILURE() << "initdb failed: " << std::ifstream(log).rdbuf();
  return false;
}

bool TestPostgres::Spawn(const std::string& programs) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  log_ = ends[0];
  // What it says at the level of LOG is little: nothing fills the pipe that is read until it is ready.
  server_ = testing::Start(Wrapped({programs + "postgres", "-D", folder_ + "/data", "-k", folder_, "-c",
                                    "listen_addresses=", "-c", "fsync=off", "-c", "log_min_messages=log"}),
                           ends[1]);
  close(ends[1]);
  std::string said;
  char octets[512];
  for (ssize_t size = 1; size > 0 && said.find("ready to accept connections") == std::string::npos;) {
    size = read(log_, octets, sizeof(octets));
    if (size > 0) said.append(octets, static_cast<size_t>(size));
  }
  if (said.find("ready to accept connections") != std::string::npos) return true;
  ADD_FAILURE() << "PostgreSQL did not start: " << said;
  return false;
}

TestPostgres::~TestPostgres() {
  if (server_ > 0) {
    kill(server_, SIGINT);  // Its fast shutdown.
    waitpid(server_, nullptr, 0);
  }
  if (log_ >= 0) close(log_);
  std::error_code error;
  fs::remove_all(folder_, error);
}

void TestPostgres::Execute(const std::string& statements) {
  const std::string owner =
      absl::StrCat("host=", folder_, " dbname=postgres user=owner passfile=", folder_, "/passfile");
  PGconn* connection = PQconnectdb(owner.c_str());
  PGresult* result = PQexec(connection, absl::StrCat("SET client_min_messages = warning; ", statements).c_str());
  const ExecStatusType status = PQresultStatus(result);
  EXPECT_TRUE(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) << PQerrorMessage(connection);
  PQclear(result);
  PQfinish(connection);
}

std::string TestPostgres::connection() const {
  return absl::StrCat("host=", folder_, " dbname=postgres user=reader passfile=", folder_, "/passfile");
}

const char* TestPostgres::password() { return kReaderPassword; }

}  // namespace derwent::testing
