#include "agents/daemon/config.h"

#include <sstream>

#include "agents/daemon/log.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusIs;

constexpr char kGood[] = R"({"agency": "dfrs", "state_dir": "state",
  "broker": {"target": "localhost:1", "peer": "spiffe://derwent.example/broker/one"},
  "tls": {"key": "k", "certificate": "c"},
  "trust": {"domain": "derwent.example", "ca": "ca", "crl": "crl", "first_keys": "f", "log_key": "/l", "signatories": "s"},
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
