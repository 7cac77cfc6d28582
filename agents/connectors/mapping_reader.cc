#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/util/json_util.h"

#include "agents/connectors/mapping.h"
#include "agents/connectors/record_path.h"
#include "nlohmann/json.hpp"

namespace derwent::connectors {
namespace {

using nlohmann::json;
using Names = std::set<std::string>;

const Names& MembersOf(bool is_register) {
  static const Names& both = *new Names{"encoding", "items", "each", "only", "join", "provenance", "from", "fields"};
  static const Names& referral = *new Names{"encoding",   "items", "each",   "only",     "join",
                                            "provenance", "from",  "fields", "referral", "subject_role"};
  return is_register ? both : referral;
}

const Names& HeadsOf(bool is_register) {
  static const Names& person = *new Names{"record_ref", "as_at"};
  static const Names& referral = *new Names{"referral_ref", "justification", "area", "acting_person", "as_at"};
  return is_register ? person : referral;
}

// The protective flags (brief C.2). A flag of another name would protect nobody.
const Names& Flags() {
  static const Names& flags = *new Names{"lao_restricted",
                                         "lao_excluded",
                                         "address_protected",
                                         "restriction_art18",
                                         "objection_art21",
                                         "rectification_pending",
                                         "erasure_due",
                                         "consent_withdrawn",
                                         "witness_protection",
                                         "live_investigation",
                                         "ct_sensitive",
                                         "legal_privilege",
                                         "court_order_reporting",
                                         "family_proceedings",
                                         "counselling_notes",
                                         "perpetrator_linked_staff",
                                         "child_placement_confidential",
                                         "deceased",
                                         "do_not_contact"};
  return flags;
}

std::string Text(const json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

// Reads one mapping file and remembers everything wrong with it.
class MappingReader {
 public:
  absl::StatusOr<Mapping> Read(absl::string_view text) {
    const json object = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return absl::InvalidArgumentError("a mapping is a JSON object");
    const json head = object.value("from", json::object());
    mapping_.is_register_ = head.is_object() && head.contains("record_ref");
    for (const auto& [key, value] : object.items()) {
      if (!MembersOf(mapping_.is_register_).contains(key)) Wrong(absl::StrCat("`", key, "` is not known"));
    }
    mapping_.items_ = Text(object, "items");
    mapping_.each_ = Text(object, "each");
    if (object.contains("encoding")) ReadEncoding(Text(object, "encoding"));
    if (!mapping_.is_register_) ReadReferral(object);
    ReadHead(head);
    ReadOnly(object.value("only", json::object()));
    ReadJoin(object.value("join", json::object()));
    if (object.contains("provenance")) ReadProvenance(object["provenance"]);
    if (mapping_.is_register_ &&
        (!mapping_.provenance_.has_value() || mapping_.provenance_->nature() == v1::FACT_NATURE_UNSPECIFIED)) {
      Wrong("a register needs `provenance` with a nature: nothing is shared without");
    }
    const json fields = object.value("fields", json::array());
    if (!fields.is_array() || fields.empty()) Wrong("`fields` must be a list of at least one");
    for (const json& field : fields) ReadField(field);
    if (!problems_.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems_, "; "));
    return std::move(mapping_);
  }

 private:
  void Wrong(std::string problem) { problems_.push_back(std::move(problem)); }

  void ReadEncoding(const std::string& encoding) {
    mapping_.windows_1252_ = encoding == "windows-1252";
    if (!mapping_.windows_1252_) Wrong("`encoding` must be `windows-1252`, or left out: all else is UTF-8");
  }

  void ReadReferral(const json& object) {
    if (!google::protobuf::util::JsonStringToMessage(object.value("referral", json::object()).dump(), &mapping_.fixed_)
             .ok() ||
        mapping_.fixed_.subjects_size() > 0) {
      Wrong("`referral` must be a PushReferralRequest without subjects");
      mapping_.fixed_.Clear();
    }
    const std::string role = Text(object, "subject_role");
    if (role.empty()) Wrong("`subject_role` must be a subject role");
    mapping_.fixed_.add_subjects()->set_role(role);
  }

  void ReadHead(const json& head) {
    if (!mapping_.is_register_ && !(head.is_object() && head.contains("referral_ref")))
      Wrong("`from` must name a source of `referral_ref` or `record_ref`");
    for (const auto& [member, source] : head.items()) {
      const bool known = HeadsOf(mapping_.is_register_).contains(member);
      if (!known || !source.is_string()) Wrong(absl::StrCat("`from.", member, "` is not known or not a source"));
      if (known && source.is_string()) mapping_.head_[member] = source.get<std::string>();
    }
  }

  void ReadOnly(const json& only) {
    if (!only.is_object()) return Wrong("`only` must be an object");
    for (const auto& [source, words] : only.items()) {
      const bool list = words.is_array() && !words.empty() &&
                        std::ranges::all_of(words, [](const json& word) { return word.is_string(); });
      if (!list && !words.is_boolean())
        Wrong(absl::StrCat("`only.", source, "` must be a list of words, or whether it is given"));
      Mapping::Only& only = mapping_.only_.emplace_back(Mapping::Only{.source = source});
      if (words.is_boolean()) only.given = words.get<bool>();
      if (list) only.words = words.get<Names>();
    }
  }

  void ReadJoin(const json& join) {
    if (!join.is_object()) return Wrong("`join` must be an object");
    for (const auto& [key, value] : join.items()) {
      if (!(key == "on" && value.is_string()) && !(key == "optional" && value.is_boolean()))
        Wrong(absl::StrCat("`join.", key, "` is not known or not right"));
    }
    mapping_.join_on_ = Text(join, "on");
    mapping_.join_optional_ = join.contains("optional") && join["optional"] == true;
    if (!join.empty() && mapping_.join_on_.empty()) Wrong("`join.on` must name a column");
  }

  void ReadProvenance(const json& provenance) {
    mapping_.provenance_.emplace();
    const bool right = provenance.is_object() &&
                       google::protobuf::util::JsonStringToMessage(provenance.dump(), &*mapping_.provenance_).ok();
    if (!right) Wrong("`provenance` must be a Provenance");
  }

  // A flag must come from words that the mapping lists, each the id of a flag.
  void CheckFlags(const Mapping::Field& field, const std::string& name) {
    if (!absl::StartsWith(field.to.front(), "subject_flags")) return;
    if (field.constant.empty() && field.values.empty())
      Wrong(absl::StrCat(name, " needs `values`: which word is which flag"));
    if (!field.constant.empty() && !Flags().contains(field.constant))
      Wrong(absl::StrCat(name, " has a constant that is no flag"));
    for (const auto& [word, flag] : field.values) {
      if (!flag.empty() && !Flags().contains(flag)) Wrong(absl::StrCat(name, " has a meaning that is no flag"));
    }
  }

  void ReadField(const json& object) {
    if (!object.is_object()) return Wrong("each of `fields` must be an object");
    Mapping::Field field{.from = Text(object, "from"),
                         .constant = Text(object, "const"),
                         .when = Text(object, "when"),
                         .to = SplitPath(Text(object, "to"))};
    const std::string name = absl::StrCat("the field to `", Text(object, "to"), "`");
    if (const absl::Status path = CheckPath(field.to); !path.ok()) Wrong(absl::StrCat(name, ": ", path.message()));
    if (field.from.empty() == field.constant.empty()) Wrong(absl::StrCat(name, " needs either `from` or `const`"));
    const std::optional<Rule> rule = RuleNamed(Text(object, "rule"));
    if (!rule.has_value()) Wrong(absl::StrCat(name, " has an unknown `rule`"));
    field.rule = rule.value_or(Rule::kText);
    field.needed = object.contains("needed") && object["needed"] == true;
    field.optional = object.contains("optional") && object["optional"] == true;
    if (field.needed && field.optional) Wrong(absl::StrCat(name, " cannot be both `needed` and `optional`"));
    const json values = object.value("values", json::object());
    for (const auto& [word, meaning] : values.items()) {
      if (!meaning.is_string()) Wrong(absl::StrCat(name, " has a value that is not text"));
      if (meaning.is_string()) field.values[word] = meaning.get<std::string>();
    }
    CheckFlags(field, name);
    mapping_.fields_.push_back(std::move(field));
  }

  Mapping mapping_;
  std::vector<std::string> problems_;
};

absl::StatusOr<Mapping> Mapping::Parse(absl::string_view json) { return MappingReader().Read(json); }

}  // namespace derwent::connectors
