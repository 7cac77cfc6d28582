#include "agents/connectors/mapping.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "agents/connectors/record_path.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"
#include "trust/base/london.h"

namespace derwent::connectors {
namespace {

using nlohmann::json;

constexpr const char* kHeadMembers[] = {"referral_ref", "justification", "area", "acting_person"};

// The check digit of an NHS number, modulus 11 (NHS Data Dictionary).
bool IsNhsNumber(const std::string& value) {
  if (value.size() != 10 || !std::ranges::all_of(value, absl::ascii_isdigit)) return false;
  if (std::ranges::all_of(value, [&](char c) { return c == value.front(); })) return false;
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (value[static_cast<size_t>(i)] - '0') * (10 - i);
  return (11 - sum % 11) % 11 == value.back() - '0';
}

// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, a day that exists; a time of day is cut off.
std::optional<std::string> ReadDate(std::string text) {
  if (const size_t time = text.find('T'); time != std::string::npos) text.resize(time);
  const std::string whole = text.size() == 4 ? text + "-01-01" : text.size() == 7 ? text + "-01" : text;
  if (!ParseDay(whole).ok()) return std::nullopt;
  return text;
}

std::optional<std::string> ReadNhsNumber(const std::string& text) {
  std::string digits = text;
  std::erase_if(digits, [](char c) { return c == ' ' || c == '-'; });
  if (!IsNhsNumber(digits)) return std::nullopt;
  return digits;
}

// Upper case with one space before the inward part.
std::optional<std::string> ReadPostcode(const std::string& text) {
  std::string code = absl::AsciiStrToUpper(text);
  std::erase_if(code, [](char c) { return c == ' '; });
  if (code.size() < 5 || code.size() > 7) return std::nullopt;
  const size_t inward = code.size() - 3;
  const bool fits = absl::ascii_isalpha(static_cast<unsigned char>(code[0])) && absl::ascii_isdigit(static_cast<unsigned char>(code[inward])) &&
                    absl::ascii_isalpha(static_cast<unsigned char>(code[inward + 1])) && absl::ascii_isalpha(static_cast<unsigned char>(code[inward + 2]));
  if (!fits || !std::ranges::all_of(code, absl::ascii_isalnum)) return std::nullopt;
  return absl::StrCat(code.substr(0, inward), " ", code.substr(inward));
}

// Adds a problem once: one source may fill several fields.
void Add(Problem problem, std::vector<Problem>& problems) {
  const bool known = std::ranges::any_of(problems, [&](const Problem& other) {
    return other.row == problem.row && other.column == problem.column && other.rule == problem.rule;
  });
  if (!known) problems.push_back(std::move(problem));
}

}  // namespace

// Reads one mapping file and remembers everything wrong with it.
class MappingReader {
 public:
  absl::StatusOr<Mapping> Read(absl::string_view text) {
    const json object = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return absl::InvalidArgumentError("a mapping is a JSON object");
    for (const auto& [key, value] : object.items()) {
      static const std::set<std::string> known = {"items", "referral", "subject_role", "from", "fields"};
      if (!known.contains(key)) Wrong(absl::StrCat("`", key, "` is not known"));
    }
    mapping_.items_ = object.value("items", json("")).is_string() ? object.value("items", json("")).get<std::string>() : "";
    ReadFixed(object.value("referral", json::object()));
    if (object.contains("subject_role") && object["subject_role"].is_string()) {
      mapping_.fixed_.add_subjects()->set_role(object["subject_role"].get<std::string>());
    } else {
      Wrong("`subject_role` must be a subject role");
    }
    ReadHead(object.value("from", json::object()));
    const json fields = object.value("fields", json::array());
    if (!fields.is_array() || fields.empty()) Wrong("`fields` must be a list of at least one");
    for (const json& field : fields) ReadField(field);
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "; "));
    return std::move(mapping_);
  }

 private:
  void Wrong(std::string problem) { problems_.push_back(std::move(problem)); }

  void ReadFixed(const json& fixed) {
    if (!google::protobuf::util::JsonStringToMessage(fixed.dump(), &mapping_.fixed_).ok() || mapping_.fixed_.subjects_size() > 0) {
      Wrong("`referral` must be a PushReferralRequest without subjects");
      mapping_.fixed_.Clear();
    }
  }

  void ReadHead(const json& head) {
    if (!head.is_object() || !head.contains("referral_ref")) Wrong("`from.referral_ref` must name a source");
    for (const auto& [member, source] : head.items()) {
      const bool known = std::ranges::find(kHeadMembers, member) != std::end(kHeadMembers);
      if (!known || !source.is_string()) Wrong(absl::StrCat("`from.", member, "` is not known or not a source"));
      if (known && source.is_string()) mapping_.head_[member] = source.get<std::string>();
    }
  }

  static std::string Text(const json& field, const char* key) {
    const auto found = field.find(key);
    return found != field.end() && found->is_string() ? found->get<std::string>() : "";
  }

  void ReadField(const json& object) {
    if (!object.is_object()) return Wrong("each of `fields` must be an object");
    Mapping::Field field{.from = Text(object, "from"), .constant = Text(object, "const"), .when = Text(object, "when"), .to = SplitPath(Text(object, "to"))};
    const std::string name = absl::StrCat("the field to `", Text(object, "to"), "`");
    if (const absl::Status path = CheckPath(field.to); !path.ok()) Wrong(absl::StrCat(name, ": ", path.message()));
    if (field.from.empty() == field.constant.empty()) Wrong(absl::StrCat(name, " needs either `from` or `const`"));
    const auto rule = Mapping::RuleNamed(Text(object, "rule"));
    if (!rule.has_value()) Wrong(absl::StrCat(name, " has an unknown `rule`"));
    field.rule = rule.value_or(Mapping::Rule::kText);
    const json values = object.value("values", json::object());
    for (const auto& [word, meaning] : values.items()) {
      if (!meaning.is_string()) Wrong(absl::StrCat(name, " has a value that is not text"));
      if (meaning.is_string()) field.values[word] = meaning.get<std::string>();
    }
    mapping_.fields_.push_back(std::move(field));
  }

  Mapping mapping_;
  std::vector<std::string> problems_;
};

absl::StatusOr<Mapping> Mapping::Parse(absl::string_view json) { return MappingReader().Read(json); }

std::optional<Mapping::Rule> Mapping::RuleNamed(absl::string_view name) {
  if (name.empty() || name == "text") return Rule::kText;
  if (name == "date") return Rule::kDate;
  if (name == "nhs") return Rule::kNhsNumber;
  if (name == "postcode") return Rule::kPostcode;
  return std::nullopt;
}

v1::PushReferralRequest Mapping::Apply(const Lookup& lookup, int64_t row, std::vector<Problem>& problems) const {
  v1::PushReferralRequest referral = fixed_;
  for (const auto& [member, source] : head_) {
    const std::string value = lookup(source).value_or("");
    if (value.empty() && member == "referral_ref") Add({row, source, "must be given"}, problems);
    if (value.empty()) continue;
    if (member == "referral_ref") referral.set_referral_ref(value);
    if (member == "justification") referral.set_justification(value);
    if (member == "area") referral.set_area(value);
    if (member == "acting_person") referral.set_acting_person(value);
  }
  v1::CaseRecord& record = *referral.mutable_subjects(0)->mutable_record();
  for (const Field& field : fields_) {
    if (!field.constant.empty()) {
      const bool wanted = field.when.empty() || !lookup(field.when).value_or("").empty();
      if (wanted && !SetAt(record, field.to, field.constant).ok()) Add({row, field.when, "the mapping's constant does not fit"}, problems);
      continue;
    }
    std::optional<std::string> value = lookup(field.from);
    if (!value.has_value() || value->empty()) continue;
    if (!field.values.empty()) {
      const auto meaning = field.values.find(*value);
      if (meaning == field.values.end()) {
        Add({row, field.from, "must be a word that the mapping knows"}, problems);
        continue;
      }
      if (meaning->second.empty()) continue;  // A word that says nothing.
      value = meaning->second;
    }
    const char* rule = "";
    switch (field.rule) {
      case Rule::kText: break;
      case Rule::kDate: rule = "must be an ISO date"; value = ReadDate(*value); break;
      case Rule::kNhsNumber: rule = "must be an NHS number with a right check digit"; value = ReadNhsNumber(*value); break;
      case Rule::kPostcode: rule = "must be a postcode"; value = ReadPostcode(*value); break;
    }
    if (!value.has_value()) {
      Add({row, field.from, rule}, problems);
      continue;
    }
    if (const absl::Status set = SetAt(record, field.to, *value); !set.ok()) Add({row, field.from, std::string(set.message())}, problems);
  }
  return referral;
}

}  // namespace derwent::connectors
