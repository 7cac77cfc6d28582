#include "agents/cli/share/content_view.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace derwent::cli {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Records nest three messages deep; a deeper one is cut.
constexpr int kMaxDepth = 6;

std::string Words(absl::string_view name) { return absl::StrReplaceAll(name, {{"_", " "}}); }

// The end of an enumerator's name, after its enum's: `NAME_KIND_CURRENT` becomes `current`.
std::string EnumWords(const EnumValueDescriptor& value) {
  std::string prefix;
  for (const char c : value.type()->name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(c);
  }
  prefix += '_';
  absl::string_view name = value.name();
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  return Words(absl::AsciiStrToLower(name));
}

std::string MessageText(const Message& message, int depth);

std::string SingleText(const Message& message, const FieldDescriptor& field, int depth) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumWords(*reflection.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("(", MessageText(reflection.GetMessage(message, &field), depth + 1), ")");
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(message, &field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(message, &field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetInt64(message, &field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetUInt64(message, &field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetDouble(message, &field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(reflection.GetFloat(message, &field));
  }
  return "";
}

std::string ElementText(const Message& message, const FieldDescriptor& field, int index, int depth) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetRepeatedString(message, &field, index);
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumWords(*reflection.GetRepeatedEnum(message, &field, index));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return absl::StrCat("(", MessageText(reflection.GetRepeatedMessage(message, &field, index), depth + 1), ")");
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetRepeatedBool(message, &field, index) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetRepeatedInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetRepeatedUInt32(message, &field, index));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection.GetRepeatedInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection.GetRepeatedUInt64(message, &field, index));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return absl::StrCat(reflection.GetRepeatedDouble(message, &field, index));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return absl::StrCat(reflection.GetRepeatedFloat(message, &field, index));
  }
  return "";
}

std::string FieldText(const Message& message, const FieldDescriptor& field, int depth) {
  if (!field.is_repeated()) return absl::StrCat(Words(field.name()), " ", SingleText(message, field, depth));
  std::vector<std::string> values;
  const int count = message.GetReflection()->FieldSize(message, &field);
  for (int i = 0; i < count; ++i) values.push_back(ElementText(message, field, i, depth));
  return absl::StrCat(Words(field.name()), " ", absl::StrJoin(values, ", "));
}

std::string MessageText(const Message& message, int depth) {
  if (depth > kMaxDepth) return "…";
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  std::vector<std::string> parts;
  for (const FieldDescriptor* field : fields) {
    if (field->name() != "provenance") parts.push_back(FieldText(message, *field, depth));
  }
  return absl::StrJoin(parts, "; ");
}

std::string ProvenanceText(const v1::Provenance& from) {
  std::vector<std::string> parts;
  if (from.disputed()) parts.emplace_back("DISPUTED");
  if (from.nature() != v1::FACT_NATURE_UNSPECIFIED)
    parts.push_back(EnumWords(*v1::FactNature_descriptor()->FindValueByNumber(from.nature())));
  if (!from.origin_system().empty() || !from.origin_organisation_type().empty()) {
    parts.push_back(from.origin_system().empty()
                        ? from.origin_organisation_type()
                        : absl::StrCat(from.origin_system(), " (", from.origin_organisation_type(), ")"));
  }
  if (!from.as_at().empty()) parts.push_back(from.as_at());
  if (!from.source_pointer().empty()) parts.push_back(from.source_pointer());
  return absl::StrJoin(parts, ", ");
}

FactLine LineOf(const Message& fact) {
  FactLine line{.text = MessageText(fact, 0), .provenance = ""};
  const FieldDescriptor* const field = fact.GetDescriptor()->FindFieldByName("provenance");
  if (field == nullptr || !fact.GetReflection()->HasField(fact, field)) return line;
  const Message& provenance = fact.GetReflection()->GetMessage(fact, field);
  if (provenance.GetDescriptor() == v1::Provenance::descriptor())
    line.provenance = ProvenanceText(static_cast<const v1::Provenance&>(provenance));
  return line;
}

}  // namespace

std::vector<FactLine> FactLines(const v1::UnitContent& content) {
  if (content.content_case() == v1::UnitContent::kNeutral) return {{.text = content.neutral(), .provenance = ""}};
  const Reflection& reflection = *v1::UnitContent::GetReflection();
  const FieldDescriptor* const set =
      reflection.GetOneofFieldDescriptor(content, v1::UnitContent::descriptor()->FindOneofByName("content"));
  if (set == nullptr) return {};
  const Message& message = reflection.GetMessage(content, set);
  const FieldDescriptor* const facts = message.GetDescriptor()->FindFieldByName("facts");
  if (facts == nullptr || !facts->is_repeated()) return {LineOf(message)};
  std::vector<FactLine> lines;
  for (int i = 0; i < message.GetReflection()->FieldSize(message, facts); ++i)
    lines.push_back(LineOf(message.GetReflection()->GetRepeatedMessage(message, facts, i)));
  return lines;
}

}  // namespace derwent::cli
