#include "agents/cli/policy/scenario_shape.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
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
  std::vector<Fault> wrong;

  void Object(const YAML::Node& node, const std::string& where, const std::vector<Field>& fields) {
    if (!node.IsMap()) return Wrong(node, where, "is no mapping");
    for (const auto& entry : node) {
      const std::string name = entry.first.Scalar();
      const bool known =
          std::any_of(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
      if (!known) Wrong(entry.first, Path(where, name), absl::StrCat("is no field of the format", Meant(name, fields)));
    }
    for (const Field& field : fields) {
      if (node[field.name])
        field.check(node[field.name], Path(where, field.name));
      else if (field.required)
        Wrong(node, Path(where, field.name), "is missing");
    }
  }
  Check Map(std::vector<Field> fields) {
    return [this, fields = std::move(fields)](const YAML::Node& node, const std::string& where) {
      Object(node, where, fields);
    };
  }
  Check Each(Check check) {
    return [this, check = std::move(check)](const YAML::Node& node, const std::string& where) {
      if (!node.IsSequence()) return Wrong(node, where, "is no list");
      for (size_t i = 0; i < node.size(); ++i) check(node[i], absl::StrCat(where, "[", i, "]"));
    };
  }
  // A mapping of any names, each with a value that passes.
  Check Table(Check check) {
    return [this, check = std::move(check)](const YAML::Node& node, const std::string& where) {
      if (!node.IsMap() || node.size() == 0) return Wrong(node, where, "is no mapping, or empty");
      for (const auto& entry : node) check(entry.second, Path(where, entry.first.Scalar()));
    };
  }
  Check OneOf(std::vector<std::string> allowed) {
    return [this, allowed = std::move(allowed)](const YAML::Node& node, const std::string& where) {
      const bool known = node.IsScalar() && std::find(allowed.begin(), allowed.end(), node.Scalar()) != allowed.end();
      if (!known) Wrong(node, where, absl::StrCat("is none of ", absl::StrJoin(allowed, ", ")));
    };
  }
  Check Word() {
    return [this](const YAML::Node& node, const std::string& where) {
      if (!node.IsScalar() || node.Scalar().empty()) Wrong(node, where, "is no word");
    };
  }
  Check Age() {
    return [this](const YAML::Node& node, const std::string& where) {
      int age = -1;
      if (!node.IsScalar() || !YAML::convert<int>::decode(node, age) || age < 0 || age > 150)
        Wrong(node, where, "is not 0 to 150");
    };
  }
  Check Truth() {
    return [this](const YAML::Node& node, const std::string& where) {
      bool truth = false;
      if (!node.IsScalar() || !YAML::convert<bool>::decode(node, truth))
        Wrong(node, where, "is neither true nor false");
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
  static std::string Meant(const std::string& name, const std::vector<Field>& fields) {
    std::vector<std::string> known;
    for (const Field& field : fields) known.emplace_back(field.name);
    const std::string closest = policy::Closest(name, known);
    return closest.empty() ? "" : absl::StrCat(": did you mean `", closest, "`?");
  }
  void Wrong(const YAML::Node& node, const std::string& where, absl::string_view what) {
    wrong.push_back({.line = node.Mark().line + 1, .what = absl::StrCat(where, " ", what)});
  }
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

std::vector<Fault> WrongInScenario(const YAML::Node& scenario) {
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

namespace {

constexpr char kFormat[] = "write it as the other worked decisions are";

void CheckFile(const std::string& path, const std::string& yaml, policy::Problems& problems) {
  const auto wrong = [&](int line, const char* rule, std::string message) {
    problems.At({.file = path, .line = line, .rule = rule, .message = std::move(message), .advice = kFormat});
  };
  try {  // yaml-cpp reports by exception; none leaves this function.
    const YAML::Node file = YAML::Load(yaml);
    if (!file.IsSequence()) return wrong(1, "scenario", "the file is not a list of scenarios");
    std::set<std::string> ids;
    for (const YAML::Node& scenario : file) {
      for (Fault& fault : WrongInScenario(scenario)) wrong(fault.line, "scenario", std::move(fault.what));
      if (!scenario.IsMap() || !scenario["id"] || !scenario["id"].IsScalar()) continue;
      if (!ids.insert(scenario["id"].Scalar()).second)
        wrong(scenario["id"].Mark().line + 1, "duplicate",
              absl::StrCat("`", scenario["id"].Scalar(), "` stands twice"));
    }
  } catch (const YAML::Exception& error) {
    wrong(error.mark.line + 1, "syntax", error.msg);
  }
}

}  // namespace

void CheckScenarios(const policy::Files& files, policy::Problems& problems) {
  for (const auto& [path, text] : files) {
    if (absl::StartsWith(path, "scenarios/") && absl::EndsWith(path, ".yaml")) CheckFile(path, text, problems);
  }
}

}  // namespace derwent::cli
