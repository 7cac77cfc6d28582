#include "agents/connectors/record_path.h"

#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace derwent::connectors {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kMostElements = 50;

struct Step {
  std::string name;
  int index = 0;
};

std::optional<Step> StepOf(const std::string& part) {
  const size_t bracket = part.find('[');
  if (bracket == std::string::npos) return Step{.name = part};
  Step step{.name = part.substr(0, bracket)};
  if (part.back() != ']' || !absl::SimpleAtoi(part.substr(bracket + 1, part.size() - bracket - 2), &step.index))
    return std::nullopt;
  if (step.index < 0 || step.index >= kMostElements) return std::nullopt;
  return step;
}

std::optional<bool> ReadBool(const std::string& text) {
  for (const char* yes : {"Y", "y", "yes", "true", "1"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"N", "n", "no", "false", "0"}) {
    if (text == no) return false;
  }
  return std::nullopt;
}

absl::Status SetScalar(Message& message, const FieldDescriptor& field, const std::string& text) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      field.is_repeated() ? reflection.AddString(&message, &field, text) : reflection.SetString(&message, &field, text);
      return absl::OkStatus();
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return absl::InvalidArgumentError("must be a whole number");
      reflection.SetInt32(&message, &field, number);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      const std::optional<bool> value = ReadBool(text);
      if (!value.has_value()) return absl::InvalidArgumentError("must be Y or N");
      reflection.SetBool(&message, &field, *value);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = field.enum_type()->FindValueByName(text);
      if (value == nullptr || value->number() == 0)
        return absl::InvalidArgumentError("must be a word that the mapping knows");
      field.is_repeated() ? reflection.AddEnum(&message, &field, value) : reflection.SetEnum(&message, &field, value);
      return absl::OkStatus();
    }
    default:
      return absl::InvalidArgumentError("cannot be set from text");
  }
}

}  // namespace

std::vector<std::string> SplitPath(absl::string_view path) { return absl::StrSplit(path, '.'); }

absl::Status CheckPath(const std::vector<std::string>& path) {
  const Descriptor* descriptor = v1::CaseRecord::descriptor();
  for (size_t i = 0; i < path.size(); ++i) {
    const std::optional<Step> step = StepOf(path[i]);
    const FieldDescriptor* field =
        step.has_value() && descriptor != nullptr ? descriptor->FindFieldByName(step->name) : nullptr;
    if (field == nullptr)
      return absl::InvalidArgumentError(absl::StrCat("`", path[i], "` is no field of the case record there"));
    const bool last = i + 1 == path.size();
    if (last != (field->message_type() == nullptr))
      return absl::InvalidArgumentError(absl::StrCat("`", path[i], "` is not a value"));
    descriptor = field->message_type();
  }
  return absl::OkStatus();
}

absl::Status SetAt(v1::CaseRecord& record, const std::vector<std::string>& path, const std::string& text) {
  Message* message = &record;
  for (size_t i = 0; i + 1 < path.size(); ++i) {
    const std::optional<Step> step = StepOf(path[i]);
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(step->name);
    const google::protobuf::Reflection& reflection = *message->GetReflection();
    if (!field->is_repeated()) {
      message = reflection.MutableMessage(message, field);
      continue;
    }
    while (reflection.FieldSize(*message, field) <= step->index) reflection.AddMessage(message, field);
    message = reflection.MutableRepeatedMessage(message, field, step->index);
  }
  return SetScalar(*message, *message->GetDescriptor()->FindFieldByName(StepOf(path.back())->name), text);
}

}  // namespace derwent::connectors
