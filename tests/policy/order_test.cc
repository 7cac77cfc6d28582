// The order of lines says nothing: the bundle with every list reversed decides as it does now. What is an order by
// itself (weight.h, IsOrdered) stays.
#include <memory>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/profile.pb.h"
#include "derwent/v1/vocabulary.pb.h"
#include "policy/engine/decide.h"
#include "policy/loader/compile.h"
#include "policy/space/weight.h"
#include "tests/policy/derbyshire.h"
#include "tests/policy/random_request.h"

namespace derwent::policy {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

void Reverse(Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (!field->is_repeated()) {
      if (nested) Reverse(*reflection.MutableMessage(&message, field));
      continue;
    }
    const int size = reflection.FieldSize(message, field);
    for (int i = 0; nested && i < size; ++i) Reverse(*reflection.MutableRepeatedMessage(&message, field, i));
    for (int i = 0; !IsOrdered(*field) && i < size / 2; ++i) reflection.SwapElements(&message, field, i, size - 1 - i);
  }
}

// Nullptr: it is no text that the policy is compiled from.
std::unique_ptr<Message> TextOf(const std::string& path) {
  if (path == "vocabulary.txtpb") return std::make_unique<v1::Vocabulary>();
  if (path == "organisations.txtpb") return std::make_unique<v1::Organisations>();
  if (path == "areas.txtpb") return std::make_unique<v1::Areas>();
  if (path == "calendar.txtpb") return std::make_unique<v1::Calendar>();
  if (path == "gateways.txtpb") return std::make_unique<v1::Gateways>();
  if (absl::StartsWith(path, "profiles/")) return std::make_unique<v1::Profile>();
  if (absl::StartsWith(path, "agreements/") && absl::EndsWith(path, ".txtpb")) return std::make_unique<v1::Agreement>();
  return nullptr;
}

Files Reversed() {
  Files files = DerbyshireFiles();
  for (auto& [path, text] : files) {
    const std::unique_ptr<Message> message = TextOf(path);
    if (message == nullptr) continue;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, message.get())) << path;
    Reverse(*message);
    EXPECT_TRUE(google::protobuf::TextFormat::PrintToString(*message, &text)) << path;
  }
  return files;
}

void ExpectSame(const Decision& now, const Decision& reversed, const std::string& about) {
  for (size_t i = 0; i < now.categories.size(); ++i) {
    const CategoryOutcome& a = now.categories[i];
    const CategoryOutcome& b = reversed.categories[i];
    ASSERT_EQ(a.denied, b.denied) << about << a.category;
    ASSERT_EQ(a.form, b.form) << about << a.category;
    ASSERT_EQ(a.approvers, b.approvers) << about << a.category;
    ASSERT_EQ(a.open, b.open) << about << a.category;
    ASSERT_TRUE(a.reasons == b.reasons) << about << a.category;
  }
  ASSERT_EQ(now.gateways, reversed.gateways) << about;
  ASSERT_EQ(now.bases, reversed.bases) << about;
  ASSERT_EQ(now.conditions, reversed.conditions) << about;
  ASSERT_EQ(now.regimes, reversed.regimes) << about;
  ASSERT_EQ(now.confidence, reversed.confidence) << about;
  ASSERT_EQ(now.obligations, reversed.obligations) << about;
  ASSERT_EQ(now.marking, reversed.marking) << about;
  ASSERT_EQ(now.agreement, reversed.agreement) << about;
}

TEST(Order, OfLinesDecidesNothing) {
  const Files files = Reversed();
  Problems problems(files);
  const std::unique_ptr<Policy> policy = Compile(files, problems);
  for (const Problem& problem : problems.list()) ASSERT_NE(problem.severity, Severity::kError) << problem.ToString();
  ASSERT_NE(policy, nullptr);
  for (const auto& [id, category] : Derbyshire().categories) {
    const Category& other = policy->categories.at(id);
    EXPECT_EQ(category.health, other.health) << id;
    EXPECT_EQ(category.confidential, other.confidential) << id;
  }
  std::mt19937 random(20261201);
  for (int round = 0; round < 5000 && !::testing::Test::HasFatalFailure(); ++round) {
    const DecisionRequest q = RandomRequest(Derbyshire(), random);
    ExpectSame(DecideHere(q), DecideUnder(*policy, q), absl::StrCat("round ", round, ", ", q.profile, ", "));
  }
}

}  // namespace
}  // namespace derwent::policy
