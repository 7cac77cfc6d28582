#include "agents/sdk/json_problem.h"

#include "google/protobuf/util/json_util.h"

#include "derwent/v1/agent.pb.h"
#include "tests/support/matchers.h"

namespace derwent::agents {
namespace {

FieldProblem ProblemOf(const std::string& json) {
  v1::PushReferralRequest request;
  return JsonProblem(std::string(google::protobuf::util::JsonStringToMessage(json, &request).message()));
}

TEST(JsonProblemTest, NamesTheFieldAndTheRule) {
  EXPECT_EQ(ProblemOf(R"({"subjects":[{"record":{"identity":{"facts":[{"nickname":"Oakshott"}]}}}]})").field,
            "subjects[0].record.identity.facts[0].nickname");
  EXPECT_EQ(ProblemOf(R"({"subjects":[{"record":{"identity":{"facts":[{"kind":"Oakshott"}]}}}]})").field,
            "subjects[0].record.identity.facts[0].kind");
  EXPECT_EQ(ProblemOf(R"({"profile":["Oakshott"]})").field, "profile");
  EXPECT_EQ(ProblemOf("").field, "");
}

TEST(JsonProblemTest, RepeatsNoValue) {
  for (const char* json : {R"({"subjects":[{"record":{"identity":{"facts":[{"kind":"Oakshott"}]}}}]})",
                           R"({"companionChildReferral":"x\" Oakshott"})", R"({"subjects":["Oakshott"]})",
                           R"({"profile":"marac" "Oakshott"})", R"({"profile":["Oakshott"]})", R"(Oakshott)"}) {
    const FieldProblem problem = ProblemOf(json);
    EXPECT_NE(problem.rule, "") << json;
    EXPECT_THAT(problem.field + problem.rule, ::testing::Not(::testing::HasSubstr("Oakshott"))) << json;
  }
}

TEST(JsonProblemTest, EveryUnknownMemberIsNamed) {
  const auto unknown = UnknownMembers(
      R"({"colour": {"deep": 1}, "referralRef": "x", "subjects": [{"role": "victim", "shoe": 1, "record": {"identity": {"facts": [{"nickname": "x"}]}}}]})",
      *v1::PushReferralRequest::descriptor());
  std::vector<std::string> fields;
  for (const FieldProblem& problem : unknown) fields.push_back(problem.field);
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("colour", "subjects[0].shoe",
                                                      "subjects[0].record.identity.facts[0].nickname"));
}

}  // namespace
}  // namespace derwent::agents
