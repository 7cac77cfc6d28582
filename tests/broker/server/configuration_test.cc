#include "broker/server/configuration.h"

#include <fstream>

#include "tests/broker/store/temp_folder.h"
#include "tests/support/matchers.h"

namespace derwent::server {
namespace {

using ::derwent::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ConfigurationTest : public ::testing::Test {
 protected:
  absl::StatusOr<Configuration> Read(const std::string& text) {
    std::ofstream(folder_.path() + "/broker.yaml") << text;
    return ReadConfiguration(folder_.path() + "/broker.yaml");
  }
  const std::string whole_ =
      "certificate: a.pem\nkey: a.key\nca: ca.pem\ncrl: crl.pem\ndatabase: d.db\nlog_key: l.key\norigin: "
      "example/log\nindex_key: i.key\npolicy: policy\nsignatories: s\nanchors: a.json\nquorum: q\n";
  store::TempFolder folder_;
};

TEST_F(ConfigurationTest, PathsAreRelativeToTheFile) {
  ASSERT_OK(Read(whole_));
  EXPECT_EQ(Read(whole_)->certificate, folder_.path() + "/a.pem");
}

TEST_F(ConfigurationTest, EveryWrongAndMissingKeyIsNamedAtOnce) {
  EXPECT_THAT(Read("certificate: a\nworkers: many\ncolour: red\n"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("`colour` is not a key"), HasSubstr("`workers` has a value of the wrong kind"),
                             HasSubstr("`policy` is missing"))));
}

TEST_F(ConfigurationTest, WhatIsNotYamlIsSaid) {
  EXPECT_THAT(Read("a: [b\n"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not YAML")));
}

TEST_F(ConfigurationTest, LimitsHaveNames) {
  const auto read = Read(whole_ + "share_octets: 1048576\nrecipients: 5\nclock_skew_seconds: 10\n");
  ASSERT_OK(read);
  EXPECT_EQ(read->limits.share_octets, 1u << 20);
  EXPECT_EQ(read->limits.recipients, 5);
  EXPECT_EQ(read->limits.clock_skew, absl::Seconds(10));
}

TEST_F(ConfigurationTest, AMissingFileIsNotFound) {
  EXPECT_THAT(ReadConfiguration(folder_.path() + "/none.yaml"), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace derwent::server
