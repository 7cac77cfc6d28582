#include "agents/daemon/context/config.h"

#include <sstream>

#include "absl/strings/str_replace.h"

#include "agents/daemon/context/log.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr char kGood[] = R"({"agency": "dfrs", "state_dir": "state",
  "broker": {"target": "localhost:1", "peer": "spiffe://derwent.example/broker/one"},
  "tls": {"key": "k", "certificate": "c"},
  "trust": {"domain": "derwent.example", "ca": "ca", "crl": "crl", "first_keys": "f", "log_key": "/l", "signatories": "s", "quorum": "q"},
  "signing": {"key": "k", "certificate": "c"}, "sealing": [{"key": "k", "certificate": "c"}]})";

TEST(ConfigTest, PathsStartAtTheFilesFolder) {
  const auto config = AgentConfig::Parse(kGood, "/etc/derwent");
  ASSERT_OK(config);
  EXPECT_EQ(config->state_dir, "/etc/derwent/state");
  EXPECT_EQ(config->anchors.log_key, "/l");
  EXPECT_EQ(config->listen, "127.0.0.1:0");
}

TEST(ConfigTest, NamesEveryMemberThatIsMissingUnknownOrWrong) {
  const auto config =
      AgentConfig::Parse(R"({"agency": 7, "colour": "blue", "sealing": [], "handover": {"scan_milis": 5}})", "/");
  ASSERT_THAT(config, StatusIs(absl::StatusCode::kInvalidArgument));
  const std::string message(config.status().message());
  for (const char* part : {"`agency` must be a string", "`colour` is not known", "`state_dir` is missing",
                           "`sealing` must be", "`handover.scan_milis` is not known"}) {
    EXPECT_THAT(message, HasSubstr(part));
  }
  EXPECT_THAT(AgentConfig::Parse("[", "/"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ConfigTest, ProofsThatAreAcceptedAreNames) {
  const std::string good(kGood);
  const std::string with = R"("quorum": "q", "accepted_forks": )";
  const auto config =
      AgentConfig::Parse(absl::StrReplaceAll(good, {{R"("quorum": "q")", with + R"(["7-ab", "9-cd"])"}}), "/");
  ASSERT_OK(config);
  EXPECT_THAT(config->accepted_forks, ::testing::ElementsAre("7-ab", "9-cd"));
  EXPECT_THAT(
      AgentConfig::Parse(absl::StrReplaceAll(good, {{R"("quorum": "q")", with + "[7]"}}), "/"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`trust.accepted_forks` must be a list of strings")));
}

TEST(ConfigTest, AParticipantStandsBesideAWitness) {
  const std::string good(kGood, sizeof(kGood) - 2);
  const std::string witness = R"(, "witness": {"key": "w", "name": "dfrs.example/witness"})";
  EXPECT_FALSE(AgentConfig::Parse(good + witness + "}", "/etc")->participant.has_value());
  const auto plain = AgentConfig::Parse(good + witness + R"(, "participant": {}})", "/etc");
  ASSERT_OK(plain);
  EXPECT_EQ(plain->participant->key, "/etc/state/participant.key");
  EXPECT_EQ(plain->participant->every, absl::Seconds(60));
  const auto full = AgentConfig::Parse(
      good + witness +
          R"(, "participant": {"key": "p", "every_millis": 5, "first_entry": 3, "accepted_entries": [7, 9]}})",
      "/etc");
  ASSERT_OK(full);
  EXPECT_EQ(full->participant->key, "/etc/p");
  EXPECT_EQ(full->participant->first_entry, 3u);
  EXPECT_THAT(full->participant->accepted_entries, ::testing::ElementsAre(7, 9));
  EXPECT_THAT(AgentConfig::Parse(good + R"(, "participant": {"accepted_entries": [-1], "every_millis": 0}})", "/etc"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("with a `witness` only"), HasSubstr("`participant.accepted_entries` must be"),
                             HasSubstr("over 0"))));
}

TEST(ConfigTest, TheOwnSystemIsAListOfFilesUnderMappings) {
  const std::string good(kGood, sizeof(kGood) - 2);
  const auto config = AgentConfig::Parse(
      good +
          R"(, "system": [{"file": "a.csv", "mapping": "a.json"}, {"file": "b.csv", "mapping": "b.json", "join": "c.csv"}]})",
      "/etc");
  ASSERT_OK(config);
  ASSERT_EQ(config->system.size(), 2u);
  EXPECT_EQ(config->system[0].file, "/etc/a.csv");
  EXPECT_EQ(config->system[0].join, "");
  EXPECT_EQ(config->system[1].join, "/etc/c.csv");
  EXPECT_THAT(AgentConfig::Parse(good + R"(, "system": [{"file": "a.csv", "maping": "a.json"}]})", "/etc"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`system.maping` is not known")));
  EXPECT_THAT(AgentConfig::Parse(good + R"(, "system": "a.csv"})", "/etc"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`system` must be a list")));
}

TEST(ConfigTest, AReadingOfTheOwnSystemCountsForADayUnlessOtherwiseSaid) {
  const std::string good(kGood, sizeof(kGood) - 2);
  EXPECT_EQ(AgentConfig::Parse(kGood, "/etc")->system_oldest, absl::Minutes(15));
  const auto hour = AgentConfig::Parse(good + R"(, "system_oldest_seconds": 3600})", "/etc");
  ASSERT_OK(hour);
  EXPECT_EQ(hour->system_oldest, absl::Hours(1));
  for (const char* members : {R"("system_oldest_seconds": 59)", R"("system_oldest_seconds": 604801)",
                              R"("system_oldest_seconds": 120, "sync_millis": 120000)"}) {
    EXPECT_THAT(AgentConfig::Parse(good + ", " + members + "}", "/etc"),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`system_oldest_seconds` must be 60 to 604800")))
        << members;
  }
}

TEST(ConfigTest, TheOwnSystemMayBeADatabase) {
  const std::string good(kGood, sizeof(kGood) - 2);
  const auto system = [&](const std::string& one) {
    return AgentConfig::Parse(good + R"(, "system": [{"mapping": "m.json", )" + one + "}]}", "/etc");
  };
  const auto lite = system(R"("sqlite": "own.db", "query": "SELECT * FROM shared")");
  ASSERT_OK(lite);
  EXPECT_EQ(lite->system[0].view.sqlite, "/etc/own.db");
  EXPECT_EQ(lite->system[0].view.timeout, absl::Seconds(10));
  const auto server =
      system(R"("postgres": "service=rms", "query": "SELECT 1", "version": "SELECT 2", "timeout_millis": 500)");
  ASSERT_OK(server);
  EXPECT_EQ(server->system[0].view.postgres, "service=rms");
  EXPECT_EQ(server->system[0].view.version, "SELECT 2");
  EXPECT_EQ(server->system[0].view.timeout, absl::Milliseconds(500));
}

TEST(ConfigTest, ADatabaseThatIsNotWholeOrTellsItsPasswordIsRefused) {
  const std::string good(kGood, sizeof(kGood) - 2);
  const std::pair<const char*, const char*> cases[] = {
      {R"("timeout_millis": 5)", "either `sqlite` or `postgres`"},
      {R"("sqlite": "own.db")", "needs a `query`"},
      {R"("sqlite": "own.db", "query": "SELECT 1", "join": "a.csv")", "`join` is for files"},
      {R"("file": "a.csv", "query": "SELECT 1")", "`file` stands without"},
      {R"("postgres": "host=db password=hunter-two", "query": "SELECT 1")", "must hold no password"},
  };
  for (const auto& [members, want] : cases) {
    const auto config = AgentConfig::Parse(good + R"(, "system": [{"mapping": "m.json", )" + members + "}]}", "/etc");
    EXPECT_THAT(config, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(want)));
    EXPECT_THAT(std::string(config.status().message()), Not(HasSubstr("hunter-two")));
  }
}

TEST(LogTest, WritesOneJsonObjectALineWhateverTheText) {
  std::ostringstream out;
  SystemClock clock;
  Log(out, clock, "dfrs").Write("info", "a \"quoted\"\nline", {{"share", "s"}, {"empty", ""}});
  EXPECT_THAT(out.str(), HasSubstr(R"("msg":"a \"quoted\"\u000aline")"));
  EXPECT_THAT(out.str(), Not(HasSubstr("empty")));
  EXPECT_EQ(out.str().find('\n'), out.str().size() - 1);
}

}  // namespace
}  // namespace derwent::agents
