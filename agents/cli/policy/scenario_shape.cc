#include "agents/cli/policy/scenario_shape.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace derwent::cli {
namespace {

using Check = std::function<void(const YAML::Node&, const std::string&)>;

struct Field {
  const char* name;
  bool required;
  Check check;
};

class Shape {
 public:
  std::vector<std::string> wrong;

  void Object(const YAML::Node& node, const std::string& where, const std::vector<Field>& fields) {
    if (!node.IsMap()) return Wrong(where, "is no mapping");
    for (const auto& entry : node) {
      const std::string name = entry.first.Scalar();
      const bool known =
          std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
      if (!known) Wrong(Path(where, name), "is no field of the format");
    }
    for (const Field& field : fields) {
      if (node[field.name])
        field.check(node[field.name], Path(where, field.name));
      else if (field.required)
        Wrong(Path(where, field.name), "is missing");
    }
  }
  Check Map(std::vector<Field> fields) {
    return [this, fields = std::move(fields)](const YAML::Node& node, const std::string& where) {
      Object(node, where, fields);
    };
  }
  Check Each(Check check) {
    return [this, check = std::move(check)](const YAML::Node& node, const std::string& where) {
      if (!node.IsSequence()) return Wrong(where, "is no list");
      for (size_t i = 0; i < node.size(); ++i) check(node[i], absl::StrCat(where, "[", i, "]"));
    };
  }
  // A mapping of any names, each with a value that passes.
  Check Table(Check check) {
    return [this, check = std::move(check)](const YAML::Node& node, const std::string& where) {
      if (!node.IsMap() || node.size() == 0) return Wrong(where, "is no mapping, or empty");
      for (const auto& entry : node) check(entry.second, Path(where, entry.first.Scalar()));
    };
  }
  Check OneOf(std::vector<std::string> allowed) {
    return [this, allowed = std::move(allowed)](const YAML::Node& node, const std::string& where) {
      const bool known = node.IsScalar() && std::find(allowed.begin(), allowed.end(), node.Scalar()) != allowed.end();
      if (!known) Wrong(where, absl::StrCat("is none of ", absl::StrJoin(allowed, ", ")));
    };
  }
  Check Word() {
    return [this](const YAML::Node& node, const std::string& where) {
      if (!node.IsScalar() || node.Scalar().empty()) Wrong(where, "is no word");
    };
  }
  Check Age() {
    return [this](const YAML::Node& node, const std::string& where) {
      int age = -1;
      if (!node.IsScalar() || !YAML::convert<int>::decode(node, age) || age < 0 || age > 150)
        Wrong(where, "is not 0 to 150");
    };
  }
  Check Truth() {
    return [this](const YAML::Node& node, const std::string& where) {
      bool truth = false;
      if (!node.IsScalar() || !YAML::convert<bool>::decode(node, truth)) Wrong(where, "is neither true nor false");
    };
  }
  // For people; not read.
  static Check Anything() {
    return [](const YAML::Node&, const std::string&) {};
  }

 private:
  static std::string Path(const std::string& where, const std::string& name) {
    return where.empty() ? name : absl::StrCat(where, ".", name);
  }
  void Wrong(const std::string& where, absl::string_view what) { wrong.push_back(absl::StrCat(where, " ", what)); }
};

std::vector<Field> Extras(Shape& s) {
  return {
      {"direction", false, s.OneOf({"request", "push"})},
      {"path", false,
       s.OneOf(
           {"ordinary", "break_glass", "statutory_request", "statistics", "rights_event", "audit", "push_referral"})},
      {"consents", false,
       s.Each(s.Map(
           {{"giver", true, s.OneOf({"subject", "guardian"})}, {"step", true, s.Word()}, {"given", true, s.Truth()}}))},
      {"step", false, s.Word()},
      {"product", false, s.Word()},
      {"document_reference", false, s.Truth()},
      {"exception", false,
       s.Map({{"flag", true, s.OneOf({"restriction_art18", "objection_art21"})}, {"ground", true, s.Word()}})},
      {"event", false,
       s.Map({{"type", true, s.OneOf({"access", "rectification", "erasure", "restriction"})},
              {"own", false, s.Each(s.Word())},
              {"mixed", false, s.Each(s.Word())},
              {"fan_out_to", false, s.Word()}})},
      {"onward", false,
       s.Map({{"org", true, s.Word()},
              {"as", true, s.OneOf({"processor", "controller"})},
              {"originator_approval", true, s.OneOf({"pending", "given", "refused"})}})},
      {"table", false, s.Map({{"topic", true, s.Word()}, {"geography", false, s.Word()}, {"period", false, s.Word()}})},
      {"payload", false, s.Each(s.Word())},
  };
}

}  // namespace

std::vector<std::string> WrongInScenario(const YAML::Node& scenario) {
  Shape s;
  std::vector<Field> fields = {
      {"id", true, s.Word()},
      {"requester", true, s.Map({{"org", true, s.Word()}, {"role", true, s.Word()}})},
      {"holder", true, s.Word()},
      {"profile", true, s.Word()},
      {"purpose", true, s.Word()},
      {"subject", true, s.Map({{"role", true, s.Word()}, {"age", true, s.Age()}, {"flags", false, s.Each(s.Word())}})},
      {"agreement", true, s.OneOf({"valid", "expired", "none", "bundle"})},
      {"area", false, s.Word()},
      {"grounds", false, s.Each(s.Word())},
      {"case_link", false, s.Truth()},
      {"expect", true, s.Table(s.OneOf({"permit", "redact", "approve", "deny"}))},
      {"transform", false,
       s.Table(s.OneOf({"none", "full", "summarise", "generalise", "mask", "pseudonymise", "aggregate", "flag_only",
                        "contact_owner", "relay"}))},
      {"overall", false, s.OneOf({"permit", "partial", "pending", "deny"})},
  };
  for (const char* for_people : {"title", "decided_by", "context", "reason", "basis", "obligations"})
    fields.push_back({for_people, false, Shape::Anything()});
  for (Field& extra : Extras(s)) fields.push_back(std::move(extra));
  s.Object(scenario, "", fields);
  return std::move(s.wrong);
}

}  // namespace derwent::cli
