// The folder of the hand-over: whatever is put in, a result lies beside it and the other files go on.
#include <sys/stat.h>

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
    agents_ = consortium_->Agents({"police.derbys", "rp.housing", "dcc.adults", "dfrs"});
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

TEST_F(HandoverTest, WhatIsNoPlainFileIsRefusedUnread) {
  const std::string elsewhere = Path("elsewhere.json");
  std::ofstream(elsewhere) << Referral("RMS-ELSEWHERE");
  fs::create_symlink(elsewhere, Path("inbox/link.json"));
  fs::create_symlink(elsewhere, Path("taken/linked-when-taken.json"));
  fs::create_symlink(Path("nowhere"), Path("inbox/dangling.json"));
  fs::create_directory(Path("inbox/folder.json"));
  ASSERT_EQ(mkfifo(Path("inbox/pipe.json").c_str(), 0600), 0);
  Put("plain.json", Referral("RMS-PLAIN"));
  EXPECT_EQ(Scan(), 6);
  for (const char* name : {"link", "linked-when-taken", "dangling", "folder", "pipe"}) {
    const std::string result = ReadAll(Path(absl::StrCat("failed/", name, ".json.result.json")));
    EXPECT_THAT(result, AllOf(HasSubstr("must be a plain file"), HasSubstr("\"state\":\"FAILED\""))) << name;
    EXPECT_TRUE(fs::exists(fs::symlink_status(Path(absl::StrCat("failed/", name, ".json"))))) << name;
  }
  EXPECT_TRUE(fs::is_symlink(Path("failed/link.json"))) << "the link was put away, not what it names";
  EXPECT_EQ(ReadAll(elsewhere), Referral("RMS-ELSEWHERE"));
  EXPECT_THAT(ReadAll(Path("done/plain.json.result.json")), HasSubstr("\"state\":\"DONE\""));
  EXPECT_EQ(Scan(), 0);
}

TEST_F(HandoverTest, AReferralThatCannotBeSaysEveryFieldAndRule) {
  Put("line.json", "{\n\"profile\": \"marac\",\n\"purpose\" 1}");
  Put("unknown.json", R"({"colour": 1, "subjects": [{"shoe": 2}]})");
  v1::PushReferralRequest wrong = Sample("RMS-WRONG");
  wrong.mutable_recipients(0)->add_grounds("marac.nonsense");
  wrong.mutable_subjects(0)->mutable_record()->set_date_of_birth("31/12/1999");
  std::string json;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(wrong, &json).ok());
  Put("wrong.json", json);
  EXPECT_EQ(Scan(), 3);
  EXPECT_THAT(ReadAll(Path("failed/line.json.result.json")), HasSubstr("line 3 is not JSON"));
  const std::string unknown = ReadAll(Path("failed/unknown.json.result.json"));
  EXPECT_THAT(unknown, AllOf(HasSubstr("\"colour\""), HasSubstr("\"subjects[0].shoe\"")));
  EXPECT_THAT(ReadAll(Path("failed/wrong.json.result.json")),
              AllOf(HasSubstr("recipients[0].grounds"), HasSubstr("subjects[0].record.date_of_birth"),
                    HasSubstr("must be an ISO 8601 date"), Not(HasSubstr("1999"))));
}

// The fire referrals of adults' services, whose export holds again what it held before.
class ExportTest : public HandoverTest {
 protected:
  static void SetUpTestSuite() {
    HandoverTest::SetUpTestSuite();
    adults().config.mappings = {{".csv", "samples/dcc.adults/hfsv-referral.mapping.json"}};
    adults().Restart();
    ASSERT_OK(adults().daemon->upkeep().RunAll());
    const std::string sample = ReadAll("samples/dcc.adults/hfsv-referral.csv");
    const size_t header = sample.find('\n') + 1;
    header_ = sample.substr(0, header);
    row_ = sample.substr(header, sample.find('\n', header) + 1 - header);
  }
  static TestAgent& adults() { return *agents_[2]; }

  // The text of a file's result, or of what else lies in the folder.
  static std::string At(const std::string& rest) { return ReadAll(adults().config.handover_folder + "/" + rest); }
  static void Take(const std::string& name, const std::string& content) {
    std::ofstream(adults().config.handover_folder + "/inbox/" + name, std::ios::binary) << content;
    EXPECT_EQ(adults().daemon->intake()->Scan().value_or(-1), 1);
  }
  // The sample's row with another reference, and one value changed.
  static std::string Row(const std::string& reference, const std::string& value = "", const std::string& other = "") {
    std::string row = row_;
    row.replace(0, row.find(','), reference);
    if (!value.empty()) row.replace(row.rfind(value), value.size(), other);
    return row;
  }

  static std::string header_, row_;
};
std::string ExportTest::header_, ExportTest::row_;

TEST_F(ExportTest, ARowThatAnEarlierExportHeldIsADuplicateWhereverItStands) {
  Take("day1.csv", header_ + Row("DCA-1"));
  EXPECT_THAT(At("done/day1.csv.result.json"), AllOf(HasSubstr("\"state\":\"DONE\""), Not(HasSubstr("duplicate"))));
  Take("day2.csv", header_ + Row("DCA-2") + Row("DCA-1"));
  const std::string second = At("done/day2.csv.result.json");
  EXPECT_THAT(second, HasSubstr("\"state\":\"DONE\""));
  EXPECT_THAT(second, HasSubstr(R"({"duplicate":true,"referral_ref":"DCA-1","row":3,)"));
  Take("day3.csv", header_ + Row("DCA-1") + Row("DCA-2"));
  EXPECT_THAT(At("done/day3.csv.result.json"), HasSubstr("\"state\":\"DUPLICATE\""));
  Take("day4.csv", header_ + Row("DCA-1", ",1,Y,", ",2,N,"));
  EXPECT_THAT(At("failed/day4.csv.result.json"), HasSubstr("REQUEST_ID_REUSED"));
}

TEST_F(ExportTest, ARowThatIsRefusedWhenSentComesBackWithAllItsRules) {
  std::string wrong = Row("DCA-WRONG", ",1,Y,", ",-5,Y,");
  wrong.replace(wrong.find("1951-04-30"), 10, "2051-04-30");
  Take("values.csv", header_ + Row("DCA-3") + wrong);
  const std::string result = At("done/values.csv.result.json");
  EXPECT_THAT(result, HasSubstr("\"state\":\"PARTIAL\""));
  EXPECT_THAT(result, HasSubstr("occupants_total\",\"row\":3,\"rule\":\"must be 0 or more\""));
  EXPECT_THAT(At("failed/values.csv.rejects.csv"), AllOf(HasSubstr("DCA-WRONG"), HasSubstr("must not be after today; "),
                                                         HasSubstr("must be 0 or more"), Not(HasSubstr("DCA-3"))));
}

TEST_F(ExportTest, AFileWithoutAMappedColumnIsRefusedAndOneWithoutRowsIsDone) {
  std::string renamed = header_;
  renamed.replace(renamed.find("forename"), 8, "given");
  Take("renamed.csv", renamed + Row("DCA-4"));
  EXPECT_THAT(At("failed/renamed.csv.result.json"), HasSubstr("lacks columns of the mapping: `forename`"));
  Take("nothing.csv", header_);
  EXPECT_THAT(At("done/nothing.csv.result.json"), HasSubstr("\"state\":\"DONE\""));
}

}  // namespace
}  // namespace derwent::agents
