// What no release shows is compared field by field, and weighed.
#include "policy/space/handling.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/assertion.pb.h"
#include "derwent/v1/profile.pb.h"
#include "derwent/v1/vocabulary.pb.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Sets a field of `message` to another value than it has; a member of a list is added.
void Mutate(Message& message, const FieldDescriptor& field) {
  const auto* const reflection = message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.is_repeated()) return reflection->AddString(&message, &field, "another");
      return reflection->SetString(&message, &field, reflection->GetString(message, &field) + "another");
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->SetBool(&message, &field, !reflection->GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return reflection->SetInt32(&message, &field, reflection->GetInt32(message, &field) + 7);
    case FieldDescriptor::CPPTYPE_ENUM:
      return reflection->SetEnumValue(&message, &field, reflection->GetEnumValue(message, &field) == 1 ? 2 : 1);
    default:
      FAIL() << field.full_name() << " is of a kind that this test does not change";
  }
}

// Every way to change one field somewhere within `message`, its lists' first members included: each is done, told of
// and undone.
template <typename Told>
void EachMutation(Message& message, const Told& told) {
  const auto* const descriptor = message.GetDescriptor();
  const auto* const reflection = message.GetReflection();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor& field = *descriptor->field(i);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      const std::unique_ptr<Message> before(message.New());
      before->CopyFrom(message);
      Mutate(message, field);
      told(field);
      message.CopyFrom(*before);
    } else if (!field.is_repeated()) {
      EachMutation(*reflection->MutableMessage(&message, &field), told);
    } else {
      if (reflection->FieldSize(message, &field) == 0) reflection->AddMessage(&message, &field);
      EachMutation(*reflection->MutableRepeatedMessage(&message, &field, 0), told);
    }
  }
}

std::string Print(const Message& message) {
  std::string text;
  google::protobuf::TextFormat::PrintToString(message, &text);
  return text;
}

template <typename Text>
int MutationsSeen(const std::string& path) {
  Text text;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(DerbyshireFiles().at(path), &text)) << path;
  Text base = text;
  EachMutation(base, [](const FieldDescriptor&) {});  // So that every list has a member.
  int mutations = 0;
  Text changed = base;
  const std::string before = Print(base);
  EachMutation(changed, [&](const FieldDescriptor& field) {
    ++mutations;
    EXPECT_FALSE(CompareText({{path, before}}, {{path, Print(changed)}}).empty()) << field.full_name();
  });
  return mutations;
}

TEST(Handling, EveryFieldOfEveryTextIsCompared) {
  EXPECT_GT(MutationsSeen<v1::Profile>("profiles/marac.txtpb"), 65);
  EXPECT_GT(MutationsSeen<v1::Vocabulary>("vocabulary.txtpb"), 50);
  EXPECT_GT(MutationsSeen<v1::Organisations>("organisations.txtpb"), 15);
  EXPECT_GT(MutationsSeen<v1::Areas>("areas.txtpb"), 4);
  EXPECT_EQ(MutationsSeen<v1::Calendar>("calendar.txtpb"), 1);
  EXPECT_GT(MutationsSeen<v1::Gateways>("gateways.txtpb"), 15);
  EXPECT_GT(MutationsSeen<v1::Agreement>("agreements/marac.txtpb"), 20);
  EXPECT_GT(MutationsSeen<v1::Assertions>("assertions/law.txtpb"), 30);
}

TEST(Handling, OfATextFromItselfDiffersInNothing) {
  EXPECT_TRUE(CompareText(DerbyshireFiles(), DerbyshireFiles()).empty());
  Files commented = DerbyshireFiles();
  for (auto& [path, text] : commented) text = "# a remark\n" + text;
  for (const HandlingDifference& d : CompareText(DerbyshireFiles(), commented))
    EXPECT_EQ(d.what, "reads otherwise") << d.of;  // Only what is no text of messages.
}

struct Case {
  const char* name;
  const char* path;
  const char* from;
  const char* to;
  const char* weight;
  const char* says;
};

class Weighed : public ::testing::TestWithParam<Case> {};

TEST_P(Weighed, InWords) {
  const Case& c = GetParam();
  Files changed = DerbyshireFiles();
  std::string& text = changed.at(c.path);
  const size_t at = text.find(c.from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string(c.from).size(), c.to);
  const std::vector<HandlingDifference> found = CompareText(DerbyshireFiles(), changed);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(WeightName(found[0].weight), c.weight) << found[0].what;
  EXPECT_EQ(found[0].what, c.says);
}

constexpr char kMarac[] = "profiles/marac.txtpb";
constexpr char kWords[] = "vocabulary.txtpb";

INSTANTIATE_TEST_SUITE_P(
    Handling, Weighed,
    ::testing::Values(
        Case{"silence_gone", kMarac, "existence_sensitive: true", "existence_sensitive: false", "looser",
             "existence_sensitive (an answer must not tell whether somebody is known) was true, now false"},
        Case{"marking_down", kMarac, "marking: \"OS-MARAC\"", "marking: \"OS\"", "looser",
             "marking was \"OS-MARAC\", now \"OS\""},
        Case{"marking_up", "profiles/fire_safety.txtpb", "marking: \"OS\"", "marking: \"OS-MARAC\"", "tighter",
             "marking was \"OS\", now \"OS-MARAC\""},
        Case{"obligation_gone", kMarac, "obligations: \"onward_deny\"\n", "", "looser",
             "obligations no longer has \"onward_deny\""},
        Case{"convenor_more", kMarac, "convenors: \"marac_chair\"", "convenors: \"marac_chair\" convenors: \"spoc\"",
             "looser", "convenors (who may open a case) now has \"spoc\""},
        Case{"slot", kMarac, "answer_slot: \"1wd\"", "answer_slot: \"15m\"", "changed",
             "answer_slot was \"1wd\", now \"15m\""},
        Case{"payload_waits", kMarac, "collection_hours: 120", "collection_hours: 240", "looser",
             "collection_hours (how long a payload waits in the broker) was 120, now 240"},
        Case{"enclave_gone", "profiles/nrm.txtpb", "enclave: \"nrm\"", "", "looser",
             "enclave (whose reference key marks its subjects) was \"nrm\", now \"\""},
        Case{"retention", "profiles/fire_safety.txtpb", "until superseded or 6 years", "9 years", "looser",
             "retention was \"until superseded or 6 years\", now \"9 years\""},
        Case{"advice", kMarac, "decision_support: \"a named person decides\"\n", "", "looser",
             "decision_support no longer has \"a named person decides\""},
        Case{"clock", kMarac, "id: \"idva_contact\" working_days: 2", "id: \"idva_contact\" working_days: 9", "changed",
             "clocks \"idva_contact\", working_days was 2, now 9"},
        Case{"companion", kMarac, "agencies: \"derby.council\"\n}", "}", "looser",
             "companions \"victim_child_da\", agencies no longer has \"derby.council\""},
        Case{"owner_area", kMarac, "owners { agency: \"police.derbys\" areas: \"E23000018\" }",
             "owners { agency: \"police.derbys\" areas: \"E23000018\" areas: \"E12000004\" }", "looser",
             "owners \"police.derbys\", areas now has \"E12000004\""},
        Case{"footing", kMarac, "footings { parties: \"yot\" regime: \"UK_GDPR\" }\n", "", "looser",
             "footings (what its parties rest on in law) no longer has parties: \"yot\" regime: \"UK_GDPR\""},
        Case{"condition", kMarac, "when: \"risk factor\"", "when: \"useful\"", "looser",
             "conditional \"health.substance\", when was \"risk factor\", now \"useful\""},
        Case{"matrix", kMarac, "necessary: \"incident\"\n", "", "changed", "necessary no longer has \"incident\""},
        Case{"banner", kWords, "obligations: \"accuracy_banner\"", "", "looser",
             "flags \"restriction_art18\", obligations no longer has \"accuracy_banner\""}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(Handling, WhoAppointsIsWeighed) {
  v1::Vocabulary words;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(DerbyshireFiles().at(kWords), &words));
  for (v1::Role& role : *words.mutable_roles()) {
    if (role.id() == "marac_chair") role.set_appointer(v1::APPOINTER_OWN_AGENCY);
  }
  Files changed = DerbyshireFiles();
  changed[kWords] = Print(words);
  const std::vector<HandlingDifference> found = CompareText(DerbyshireFiles(), changed);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what,
            "roles \"marac_chair\", appointer (who appoints) was APPOINTER_BOARD_OWNER, now APPOINTER_OWN_AGENCY");
  EXPECT_TRUE(found[0].loosens());
  const std::vector<HandlingDifference> back = CompareText(changed, DerbyshireFiles());
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].weight, Weight::kTighter);
}

}  // namespace
}  // namespace derwent::policy
