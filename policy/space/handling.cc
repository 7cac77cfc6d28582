#include "policy/space/handling.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/message.h"
#include "google/protobuf/text_format.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/assertion.pb.h"
#include "derwent/v1/profile.pb.h"
#include "derwent/v1/vocabulary.pb.h"

namespace derwent::policy {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// An empty message of the kind that the file holds; null: it is no text of messages.
std::unique_ptr<Message> KindOf(absl::string_view path) {
  if (path == "vocabulary.txtpb") return std::make_unique<v1::Vocabulary>();
  if (path == "organisations.txtpb") return std::make_unique<v1::Organisations>();
  if (path == "areas.txtpb") return std::make_unique<v1::Areas>();
  if (path == "calendar.txtpb") return std::make_unique<v1::Calendar>();
  if (path == "gateways.txtpb") return std::make_unique<v1::Gateways>();
  if (!absl::EndsWith(path, ".txtpb")) return nullptr;
  if (absl::StartsWith(path, "profiles/")) return std::make_unique<v1::Profile>();
  if (absl::StartsWith(path, "agreements/")) return std::make_unique<v1::Agreement>();
  if (absl::StartsWith(path, "assertions/")) return std::make_unique<v1::Assertions>();
  return nullptr;
}

// Null: the file is missing or does not read.
std::unique_ptr<Message> Read(const Files& files, const std::string& path) {
  std::unique_ptr<Message> message = KindOf(path);
  const auto file = files.find(path);
  if (message == nullptr || file == files.end()) return nullptr;
  return google::protobuf::TextFormat::ParseFromString(file->second, message.get()) ? std::move(message) : nullptr;
}

std::vector<std::string> MarkingsOf(const Files& files) {
  std::vector<std::string> markings;
  const std::unique_ptr<Message> read = Read(files, "vocabulary.txtpb");
  if (read == nullptr) return markings;
  for (const v1::Term& marking : static_cast<const v1::Vocabulary&>(*read).markings()) markings.push_back(marking.id());
  return markings;
}

// The value of a field as its text shows it: on one line, without what only shows a default.
std::string ValueOf(const Message& message, const FieldDescriptor& field, int index = -1) {
  std::string text;
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  printer.PrintFieldValueToString(message, &field, index, &text);
  absl::StripAsciiWhitespace(&text);
  return text;
}

// One file of both policies, field by field.
class TextComparison {
 public:
  TextComparison(std::string of, const std::vector<std::string>& markings, std::vector<HandlingDifference>& found)
      : of_(std::move(of)), markings_(markings), found_(found) {}

  // `place`: which message it is, in words that a field follows; may be empty.
  void Messages(const Message& was, const Message& now, const std::string& place) {
    const auto* const descriptor = now.GetDescriptor();
    for (int i = 0; i < descriptor->field_count(); ++i) {
      const FieldDescriptor& field = *descriptor->field(i);
      if (field.is_repeated())
        Repeated(was, now, field, place);
      else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
        Messages(was.GetReflection()->GetMessage(was, &field), now.GetReflection()->GetMessage(now, &field),
                 absl::StrCat(place, field.name(), ", "));
      else
        Single(was, now, field, place);
    }
  }

  void Say(std::string what, Weight weight, bool decided = false) {
    found_.push_back({.of = of_, .what = std::move(what), .weight = weight, .decided = decided, .givers = {}});
  }

 private:
  using Values = std::vector<std::pair<std::string, int>>;  // Key or value, and where it stands.

  static std::string Named(const FieldDescriptor& field, const std::string& place) {
    const absl::string_view meaning = MeaningOf(field);
    return absl::StrCat(place, field.name(), meaning.empty() ? "" : absl::StrCat(" (", meaning, ")"));
  }

  void Single(const Message& was, const Message& now, const FieldDescriptor& field, const std::string& place) {
    const std::string before = ValueOf(was, field);
    const std::string after = ValueOf(now, field);
    if (before == after) return;
    Say(absl::StrCat(Named(field, place), " was ", before, ", now ", after), WeightOf(was, now, field),
        WeighingOf(field) == Weighing::kDecided);
  }

  Weight WeightOf(const Message& was, const Message& now, const FieldDescriptor& field) const {
    const Weighing weighing = WeighingOf(field);
    if (weighing == Weighing::kLessStrictLoosens)
      return WeighMarking(was.GetReflection()->GetString(was, &field), now.GetReflection()->GetString(now, &field),
                          markings_);
    return Weigh(weighing, NumberOf(now, field) > NumberOf(was, field));
  }

  // Of a number, a yes or no, a member of an enumeration; else 0.
  static int NumberOf(const Message& message, const FieldDescriptor& field) {
    const auto* const reflection = message.GetReflection();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return reflection->GetBool(message, &field) ? 1 : 0;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return reflection->GetEnumValue(message, &field);
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_INT32) return 0;
    const int number = reflection->GetInt32(message, &field);
    return number == 0 && field.name() == "request_hours" ? 120 : number;
  }

  // Members by their key where each has one of its own: the first field, a word. Else by all they say.
  static bool HaveKeys(const FieldDescriptor& field) {
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return false;
    const FieldDescriptor* const key = field.message_type()->FindFieldByNumber(1);
    return key != nullptr && !key->is_repeated() && key->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  }

  static Values ValuesOf(const Message& message, const FieldDescriptor& field, bool by_key) {
    Values values;
    const auto* const reflection = message.GetReflection();
    for (int i = 0; i < reflection->FieldSize(message, &field); ++i) {
      if (by_key) {
        const Message& member = reflection->GetRepeatedMessage(message, &field, i);
        values.emplace_back(ValueOf(member, *member.GetDescriptor()->FindFieldByNumber(1)), i);
      } else {
        values.emplace_back(ValueOf(message, field, i), i);
      }
    }
    return values;
  }

  static bool Distinct(Values values) {
    std::sort(values.begin(), values.end());
    return std::adjacent_find(values.begin(), values.end(),
                              [](const auto& a, const auto& b) { return a.first == b.first; }) == values.end();
  }

  void Repeated(const Message& was, const Message& now, const FieldDescriptor& field, const std::string& place) {
    bool by_key = HaveKeys(field);
    by_key = by_key && Distinct(ValuesOf(was, field, true)) && Distinct(ValuesOf(now, field, true));
    const Values before = ValuesOf(was, field, by_key);
    const Values after = ValuesOf(now, field, by_key);
    Missing(before, after, field, place, false);
    Missing(after, before, field, place, true);
    const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (IsOrdered(field) && before.size() == after.size() &&
        !std::equal(before.begin(), before.end(), after.begin(), same))
      Say(absl::StrCat(Named(field, place), " stand in another order"), Weight::kLooser);
    if (!by_key) return;
    for (const auto& [key, index] : before) {
      const auto other = std::find_if(after.begin(), after.end(), [&](const auto& next) { return next.first == key; });
      if (other == after.end()) continue;
      Members(was.GetReflection()->GetRepeatedMessage(was, &field, index),
              now.GetReflection()->GetRepeatedMessage(now, &field, other->second),
              absl::StrCat(place, field.name(), " ", key));
    }
  }

  void Members(const Message& was, const Message& now, const std::string& place) {
    if (now.GetDescriptor() != v1::Assertion::descriptor()) return Messages(was, now, place + ", ");
    if (was.SerializeAsString() != now.SerializeAsString()) Say(place + " states something else", Weight::kChanged);
  }

  // Members of `these` that `others` lack.
  void Missing(const Values& these, const Values& others, const FieldDescriptor& field, const std::string& place,
               bool added) {
    std::map<std::string, int> left;
    for (const auto& [value, index] : others) ++left[value];
    for (const auto& [value, index] : these) {
      if (left[value]-- > 0) continue;
      Say(absl::StrCat(Named(field, place), added ? " now has " : " no longer has ", value),
          Weigh(WeighingOf(field), added), WeighingOf(field) == Weighing::kDecided);
    }
  }

  const std::string of_;
  const std::vector<std::string>& markings_;
  std::vector<HandlingDifference>& found_;
};

std::string SectionOf(absl::string_view path) {
  absl::ConsumeSuffix(&path, ".txtpb");
  absl::ConsumePrefix(&path, "profiles/");
  return std::string(path);
}

// MANIFEST follows from the rest; who signed and who gave notice is no text.
bool IsText(absl::string_view path) {
  return path != "MANIFEST" && !absl::StartsWith(path, "signatures/") && !absl::StartsWith(path, "notices/");
}

void CompareFile(const std::string& path, const Files& was, const Files& now, const std::vector<std::string>& markings,
                 std::vector<HandlingDifference>& found) {
  const auto before = was.find(path);
  const auto after = now.find(path);
  if (before != was.end() && after != now.end() && before->second == after->second) return;
  TextComparison comparison(SectionOf(path), markings, found);
  const bool decided = KindOf(path) != nullptr && !absl::StartsWith(path, "assertions/");
  if (before == was.end()) return comparison.Say("is new", Weight::kChanged, decided);
  if (after == now.end()) return comparison.Say("is gone", Weight::kChanged, decided);
  const std::unique_ptr<Message> old_text = Read(was, path);
  const std::unique_ptr<Message> new_text = Read(now, path);
  if (old_text != nullptr && new_text != nullptr) return comparison.Messages(*old_text, *new_text, "");
  comparison.Say("reads otherwise", KindOf(path) == nullptr ? Weight::kChanged : Weight::kLooser);
}

}  // namespace

std::vector<HandlingDifference> CompareText(const Files& was, const Files& now) {
  std::set<std::string> paths;
  for (const Files* files : {&was, &now}) {
    for (const auto& [path, text] : *files) {
      if (IsText(path)) paths.insert(path);
    }
  }
  std::vector<HandlingDifference> found;
  const std::vector<std::string> markings = MarkingsOf(now);
  for (const std::string& path : paths) CompareFile(path, was, now, markings, found);
  return found;
}

}  // namespace derwent::policy
