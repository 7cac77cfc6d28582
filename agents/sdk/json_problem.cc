#include "agents/sdk/json_problem.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

#include "nlohmann/json.hpp"

namespace derwent::agents {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

constexpr size_t kMostUnknown = 50;

const FieldDescriptor* FieldOf(const Descriptor& message, const std::string& name) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->json_name() == name || message.field(i)->name() == name) return message.field(i);
  }
  return nullptr;
}

// As deep as the message's schema: what lies under an unknown member is not looked at. Types of protobuf's own, and
// maps, have a JSON form of their own.
void FindUnknown(const json& value, const Descriptor& message, const std::string& path,
                 std::vector<FieldProblem>& unknown) {
  if (!value.is_object() || absl::StartsWith(message.full_name(), "google.protobuf.")) return;
  for (const auto& [name, member] : value.items()) {
    if (unknown.size() >= kMostUnknown) return;
    const std::string here = absl::StrCat(path, path.empty() ? "" : ".", name);
    const FieldDescriptor* field = FieldOf(message, name);
    if (field == nullptr) unknown.push_back({here, "is not known"});
    if (field == nullptr || field->message_type() == nullptr || field->is_map()) continue;
    if (!member.is_array()) FindUnknown(member, *field->message_type(), here, unknown);
    for (size_t i = 0; member.is_array() && i < member.size(); ++i)
      FindUnknown(member[i], *field->message_type(), absl::StrCat(here, "[", i, "]"), unknown);
  }
}

}  // namespace

FieldProblem JsonProblem(absl::string_view complaint) {
  std::string text(complaint.substr(0, complaint.find('\n')));  // What follows shows the file.
  // From the first quote to the last: a value may hold quotes of its own.
  const size_t first = text.find('"');
  if (first != std::string::npos) text.erase(first, text.rfind('"') - first + 1);
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(": ", 1));
  if (parts.size() == 1) return {.field = "", .rule = text};
  return {.field = absl::StrReplaceAll(parts[0], {{"(", ""}, {") ", "."}, {")", ""}}),
          .rule = std::string(absl::StripAsciiWhitespace(parts[1]))};
}

std::vector<FieldProblem> UnknownMembers(absl::string_view text, const Descriptor& message) {
  std::vector<FieldProblem> unknown;
  const json parsed = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_discarded()) FindUnknown(parsed, message, "", unknown);
  return unknown;
}

}  // namespace derwent::agents
