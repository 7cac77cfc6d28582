// The folder of the hand-over: whatever is put in, a result lies beside it and the other files go on.
#include <filesystem>
#include <fstream>

#include "tests/integration/referral_fixture.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

// One agent for all: each test has its own file names and references.
class HandoverTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    consortium_ = std::make_unique<Consortium>();
    agents_ = consortium_->Agents({"police.derbys", "rp.housing", "dcc.adults"});
  }
  static void TearDownTestSuite() {
    agents_.clear();
    consortium_.reset();
  }

  static TestAgent& police() { return *agents_[0]; }
  std::string Path(const std::string& rest) { return police().config.handover_folder + "/" + rest; }
  bool Exists(const std::string& rest) { return fs::exists(Path(rest)); }
  void Put(const std::string& name, const std::string& content) {
    std::ofstream(Path("inbox/" + name), std::ios::binary) << content;
  }
  static std::string Referral(const std::string& reference) {
    std::string json;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(Sample(reference), &json).ok());
    return json;
  }
  int Scan() { return police().daemon->intake()->Scan().value_or(-1); }

  static std::unique_ptr<Consortium> consortium_;
  static std::vector<std::unique_ptr<TestAgent>> agents_;
};
std::unique_ptr<Consortium> HandoverTest::consortium_;
std::vector<std::unique_ptr<TestAgent>> HandoverTest::agents_;

TEST_F(HandoverTest, AFileWhoseNameBreaksTheRuleIsRefusedUnderAnother) {
  Put("a-\xff\xfe.json", Referral("RMS-NAME"));
  Put(std::string(245, 'a') + ".json", "long");
  std::ofstream(Path("taken/\xff.json"), std::ios::binary) << "left by a crash";
  Put(std::string(195, 'b') + ".json", Referral("RMS-FITS"));
  EXPECT_EQ(Scan(), 4);
  std::vector<std::string> refused;
  for (const char* name : {"failed/file.misnamed", "failed/2-file.misnamed", "failed/3-file.misnamed"}) {
    refused.push_back(ReadAll(Path(name)));
    EXPECT_THAT(ReadAll(Path(name + std::string(".result.json"))), HasSubstr("must be UTF-8 and have 200 octets"));
  }
  EXPECT_THAT(refused, ::testing::UnorderedElementsAre(Referral("RMS-NAME"), "long", "left by a crash"));
  EXPECT_THAT(ReadAll(Path("done/" + std::string(195, 'b') + ".json.result.json")), HasSubstr("\"state\":\"DONE\""));
}

TEST_F(HandoverTest, ANameThatWasUsedIsTakenUnderANumber) {
  fs::create_directories(Path("done/way.json"));
  Put("way.json", "{}");
  Put("same.json", Referral("RMS-FIRST"));
  EXPECT_EQ(Scan(), 2);
  EXPECT_TRUE(Exists("failed/2-way.json.result.json"));
  const std::string first = ReadAll(Path("done/same.json.result.json"));
  Put("same.json", "not the same");
  EXPECT_EQ(Scan(), 1);
  EXPECT_EQ(ReadAll(Path("done/same.json.result.json")), first);
  EXPECT_EQ(ReadAll(Path("done/same.json")), Referral("RMS-FIRST"));
  EXPECT_EQ(ReadAll(Path("failed/2-same.json")), "not the same");
  EXPECT_TRUE(Exists("failed/2-same.json.result.json"));
}

TEST_F(HandoverTest, AFileThatCannotBePutAwayLeavesTheOthersAlone) {
  std::ofstream(Path("taken/stuck.json")) << "{";
  fs::create_directories(Path("failed/stuck.json"));
  Put("then.json", Referral("RMS-THEN"));
  EXPECT_THAT(police().daemon->intake()->Scan(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(ReadAll(Path("done/then.json.result.json")), HasSubstr("\"state\":\"DONE\""));
  EXPECT_TRUE(Exists("taken/stuck.json"));
  fs::remove(Path("failed/stuck.json"));
  EXPECT_EQ(Scan(), 1);
}

}  // namespace
}  // namespace derwent::agents
