// Several AuthZEN evaluations in one request: each answered as it would be alone.
#include "agents/cli/policy/authzen_batch.h"

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"

#include "agents/cli/policy/authzen.h"
#include "tests/policy/derbyshire.h"

namespace derwent::cli {
namespace {

const OfflinePolicy& Offline() {
  static const OfflinePolicy& offline = *new OfflinePolicy(ReadPolicy("policy/derbyshire").value());
  return offline;
}

std::string Sample() {
  std::ifstream file("samples/authzen.json");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// The sample's request with `members` added to it.
std::string With(const std::string& members) {
  const std::string sample = Sample();
  return absl::StrCat(sample.substr(0, sample.rfind('}')), ",", members, "}");
}

absl::StatusOr<AccessEvaluations> Answer(const std::string& json) {
  return EvaluateAccesses(json, Offline(), policy::Midday());
}

// The sample releases `vulnerability.flag`; `intelligence` nobody of the profile receives.
constexpr char kYes[] = "{}";
constexpr char kNo[] = R"({"context": {"area": "E07000034", "caseLink": "NONE"}})";

std::string Batch(std::initializer_list<const char*> evaluations, const std::string& semantic = "") {
  std::string list;
  for (const char* next : evaluations) absl::StrAppend(&list, list.empty() ? "" : ",", next);
  return With(absl::StrCat(
      "\"evaluations\": [", list, "]",
      semantic.empty() ? "" : absl::StrCat(", \"options\": {\"evaluations_semantic\": \"", semantic, "\"}")));
}

// The order of a map's entries in JSON is any.
google::protobuf::Struct Read(const std::string& json) {
  google::protobuf::Struct message;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &message).ok()) << json;
  return message;
}

bool SameJson(const google::protobuf::Struct& a, const google::protobuf::Struct& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

google::protobuf::Struct Alone() { return Read(EvaluateAccess(Sample(), Offline(), policy::Midday()).value().json); }

TEST(AccessEvaluations, EachIsAnsweredInItsOrderAsItWouldBeAlone) {
  const AccessEvaluations all = Answer(Batch({kYes, kNo, kYes})).value();
  EXPECT_EQ(all.answered, 3);
  EXPECT_EQ(all.permitted, 2);
  const google::protobuf::Struct response = Read(all.json);
  const auto& list = response.fields().at("evaluations").list_value();
  ASSERT_EQ(list.values_size(), 3);
  EXPECT_TRUE(SameJson(list.values(0).struct_value(), Alone()));
  EXPECT_TRUE(SameJson(list.values(2).struct_value(), Alone()));
  EXPECT_FALSE(list.values(1).struct_value().fields().at("decision").bool_value());
  EXPECT_TRUE(absl::StrContains(all.json, "CASE_LINK_REQUIRED"));
}

TEST(AccessEvaluations, StopWhereTheSemanticSaysSo) {
  const auto answered = [](const std::string& semantic) {
    return Answer(Batch({kYes, kNo, kYes}, semantic)).value().answered;
  };
  EXPECT_EQ(answered("execute_all"), 3);
  EXPECT_EQ(answered("deny_on_first_deny"), 2);
  EXPECT_EQ(answered("permit_on_first_permit"), 1);
}

TEST(AccessEvaluations, WithoutAnyItIsOneEvaluation) {
  EXPECT_TRUE(SameJson(Read(Answer(Sample()).value().json), Alone()));
  EXPECT_TRUE(SameJson(Read(Answer(Batch({})).value().json), Alone()));
}

TEST(AccessEvaluations, AnEvaluationThatIsWrongIsAnsweredNo) {
  const AccessEvaluations all = Answer(Batch({kYes, R"({"evaluator": "me"})", R"({"resource": "all"})"})).value();
  EXPECT_EQ(all.answered, 3);
  EXPECT_EQ(all.permitted, 1);
  EXPECT_TRUE(absl::StrContains(all.json, "`evaluator` is not known"));
  EXPECT_TRUE(absl::StrContains(all.json, "resource is no object"));
}

TEST(AccessEvaluations, AMalformedRequestIsNotAnsweredAtAll) {
  std::string many = "{}";
  for (int i = 0; i < kMostEvaluations; ++i) absl::StrAppend(&many, ",{}");
  for (const std::string& members :
       {std::string(R"("evaluations": {})"), std::string(R"("evaluations": [1])"),
        std::string(R"("evaluations": [{}], "option": {})"), std::string(R"("evaluations": [{}], "options": [])"),
        std::string(R"("evaluations": [{}], "options": {"semantic": "execute_all"})"),
        std::string(R"("evaluations": [{}], "options": {"evaluations_semantic": "any"})"),
        absl::StrCat("\"evaluations\": [", many, "]")}) {
    EXPECT_EQ(Answer(With(members)).status().code(), absl::StatusCode::kInvalidArgument) << members.substr(0, 80);
  }
}

}  // namespace
}  // namespace derwent::cli
