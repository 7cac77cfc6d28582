// An AuthZEN evaluation says yes only to what would be released now; what it does not know makes it say no.
#include "agents/cli/policy/authzen.h"

#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"

#include "tests/policy/derbyshire.h"

namespace derwent::cli {
namespace {

const OfflinePolicy& Offline() {
  static const OfflinePolicy& offline = *new OfflinePolicy(ReadPolicy("policy/derbyshire").value());
  return offline;
}

const std::string& Sample() {
  static const std::string& sample = *[] {
    std::ifstream file("samples/authzen.json");
    return new std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  }();
  return sample;
}

// The sample with `from` replaced, answered.
AccessEvaluation With(const std::string& from, const std::string& to) {
  const std::string changed = absl::StrReplaceAll(Sample(), {{from, to}});
  EXPECT_NE(changed, Sample()) << from;
  const absl::StatusOr<AccessEvaluation> answer = EvaluateAccess(changed, Offline(), policy::Midday());
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.value_or(AccessEvaluation{.decision = true, .json = ""});
}

struct No {
  const char* name;
  std::string from, to, reason;
};

class SaysNo : public ::testing::TestWithParam<No> {};

TEST_P(SaysNo, AndWhy) {
  const AccessEvaluation answer = With(GetParam().from, GetParam().to);
  EXPECT_FALSE(answer.decision) << answer.json;
  EXPECT_TRUE(absl::StartsWith(answer.json, "{\"decision\":false,\"context\":{\"reasons\":[\"")) << answer.json;
  EXPECT_TRUE(absl::StrContains(answer.json, GetParam().reason)) << answer.json;
}

INSTANTIATE_TEST_SUITE_P(
    AccessEvaluation, SaysNo,
    ::testing::Values(No{"ToWhatPolicyDenies", "vulnerability.flag", "intelligence", "CATEGORY_NOT_PERMITTED: "},
                      No{"WithoutACase", "\"ASSERTED\"", "\"NONE\"", "CASE_LINK_REQUIRED"},
                      No{"WithoutAnArea", "\"area\": \"E07000034\",", "", "AREA_NOT_COVERED"},
                      No{"AfterTheAgreement", "2026-12-01T10", "2028-12-01T10", "AGREEMENT_NOT_IN_FORCE"},
                      No{"ToAFlag", "\"flags\": []", "\"flags\": [\"ct_sensitive\"]", "SUBJECT_FLAG"},
                      No{"ToAFlagNobodyKnows", "\"flags\": []", "\"flags\": [\"ct_sensitiv\"]", "FACTS_UNKNOWN"},
                      No{"WithoutTheHoldersFacts", ", \"age\": 74, \"flags\": []", "", "only its holder can say: "},
                      No{"WithoutTheGround", "\"vulnerability.flag\"", "\"health.physical\"", "GROUND_NOT_ASSERTED"},
                      No{"ToAnAgencyNobodyKnows", "\"dfrs\"", "\"dfrz\"", "UNKNOWN_NAME"},
                      No{"ToACategoryNobodyKnows", "\"vulnerability.flag\"", "\"vulnerability\"", "UNKNOWN_NAME"},
                      No{"ToARoleNobodyKnows", "\"practitioner\"", "\"practicioner\"", "ROLE_NOT_ENTITLED"},
                      No{"ToAMemberNobodyKnows", "\"subject\": {\"type\"",
                         "\"evaluations\": [], \"subject\": {\"type\"", "`evaluations` is not known"},
                      No{"ToAPropertyNobodyKnows", "\"role\": \"practitioner\"",
                         "\"role\": \"practitioner\", \"rank\": 1", "`subject.properties.rank` is not known"},
                      No{"ToAPropertyOutOfPlace", "\"area\": \"E07000034\"",
                         "\"holder\": \"dcc.adults\", \"area\": \"E07000034\"", "`context.holder` is not known"},
                      No{"ToAFactNobodyKnows", "\"age\": 74", "\"age\": 74, \"height\": 2", "height"},
                      No{"ToAnotherKindOfSubject", "\"agency\"", "\"user\"", "subject.type is not `agency`"},
                      No{"ToAnotherKindOfResource", "\"type\": \"category\"", "\"type\": \"record\"",
                         "resource.type is not `category`"},
                      No{"ToAnotherAction", "\"name\": \"request\"", "\"name\": \"delete\"", "action.name is neither"},
                      No{"ToAFormNobodyKnows",
                         "\"purpose\":", "\"form\": \"blurred\", \"purpose\":", "not in form `blurred`"},
                      No{"WithoutASubject",
                         "\"subject\": {\"type\": \"agency\", \"id\": \"dfrs\", \"properties\": {\"role\": "
                         "\"practitioner\"}},",
                         "", "subject is no object"},
                      No{"ToANumberForText", "\"id\": \"dfrs\"", "\"id\": 7", "subject.id is no text"},
                      No{"ToATimeThatIsNone", "2026-12-01T10:00:00Z", "tomorrow", "time is not"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(AccessEvaluation, SaysYesToWhatIsReleased) {
  const AccessEvaluation answer = EvaluateAccess(Sample(), Offline(), policy::Midday()).value();
  EXPECT_TRUE(answer.decision) << answer.json;
  EXPECT_TRUE(absl::StartsWith(answer.json, "{\"decision\":true,\"context\":{\"reasons\":[],\"record\":{"));
  google::protobuf::Struct read;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(answer.json, &read).ok()) << answer.json;
  const auto& record = read.fields().at("context").struct_value().fields().at("record").struct_value().fields();
  EXPECT_EQ(record.at("overall").string_value(), "PERMIT");
  EXPECT_EQ(record.at("digest").string_value(), Offline().policy->digest);
}

// `housing` goes to fire in general terms.
TEST(AccessEvaluation, SaysYesOnlyToTheFormThatWouldBeReleased) {
  const auto wanted = [](const std::string& form) {
    return EvaluateAccess(absl::StrReplaceAll(Sample(), {{"vulnerability.flag", "housing"},
                                                         {"\"justification\"",
                                                          "\"grounds\": [\"fire_safety.housing\"], "
                                                          "\"justification\""},
                                                         {"\"purpose\":", absl::StrCat(form, "\"purpose\":")}}),
                          Offline(), policy::Midday())
        .value();
  };
  EXPECT_TRUE(absl::StrContains(wanted("").json, "released in form `generalise`, not in form `full`"));
  EXPECT_FALSE(wanted("").decision);
  EXPECT_TRUE(wanted("\"form\": \"generalise\", ").decision);
  EXPECT_TRUE(wanted("\"form\": \"flag_only\", ").decision) << "less than would be released";
  EXPECT_FALSE(wanted("\"form\": \"mask\", ").decision) << "no less, no more: another form";
}

TEST(AccessEvaluation, SaysNoWhileSomebodyMustAgree) {
  const std::string json = absl::StrReplaceAll(
      Sample(), {{"vulnerability.flag", "health.physical"},
                 {"\"justification\"", "\"grounds\": [\"fire_safety.health.physical\"], \"justification\""},
                 {"\"purpose\":", "\"form\": \"flag_only\", \"purpose\":"}});
  const AccessEvaluation answer = EvaluateAccess(json, Offline(), policy::Midday()).value();
  EXPECT_FALSE(answer.decision);
  EXPECT_TRUE(absl::StrContains(answer.json, "it waits until these roles agree: spoc")) << answer.json;
}

TEST(AccessEvaluation, IsAboutAJsonObject) {
  for (const char* malformed : {"", "{", "[]", "7", "{\"subject\": }", "{\"action\": {}, \"action\": {}}"})
    EXPECT_EQ(EvaluateAccess(malformed, Offline(), policy::Midday()).status().code(),
              absl::StatusCode::kInvalidArgument)
        << malformed;
}

// Every question worded both ways is answered alike.
TEST(AccessEvaluation, AgreesWithTheDecision) {
  for (const auto& [id, category] : policy::Derbyshire().categories) {
    const policy::Decision decision = policy::DecideHere(policy::HomeVisit({id}));
    EXPECT_EQ(EvaluateAccess(absl::StrReplaceAll(Sample(), {{"vulnerability.flag", id}}), Offline(), policy::Midday())
                  .value()
                  .decision,
              decision.categories[0].Shown() == "PERMIT")
        << id;
  }
}

}  // namespace
}  // namespace derwent::cli
