#include "agents/cli/policy/authzen.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "policy/engine/decide.h"
#include "policy/loader/record.h"
#include "policy/loader/request.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Where a field of DecisionRequest stands in the request.
struct Place {
  absl::string_view entity, property;
  const char* field;
};
constexpr Place kPlaces[] = {
    {"subject", "role", "receivingRole"},
    {"subject", "board", "board"},
    {"action", "purpose", "purpose"},
    {"action", "profile", "profile"},
    {"action", "route", "route"},
    {"action", "step", "step"},
    {"action", "product", "product"},
    {"action", "documentReference", "documentReference"},
    {"resource", "holder", "releasingAgency"},
    {"resource", "subject", "subject"},
    {"resource", "consents", "consents"},
    {"resource", "event", "event"},
    {"resource", "table", "table"},
    {"resource", "payload", "payload"},
    {"context", "area", "area"},
    {"context", "time", "time"},
    {"context", "caseLink", "caseLink"},
    {"context", "justification", "justification"},
    {"context", "grounds", "grounds"},
    {"context", "exception", "exception"},
    {"context", "onward", "onward"},
};

// The request on its way to a question; what is wrong with it is collected.
class Reading {
 public:
  explicit Reading(const Struct& request) {
    for (const auto& [name, value] : request.fields()) {
      if (name != "subject" && name != "action" && name != "resource" && name != "context") Unknown(name);
    }
    const Struct& subject = Entity(request, "subject", {"type", "id", "properties"});
    const Struct& action = Entity(request, "action", {"name", "properties"});
    const Struct& resource = Entity(request, "resource", {"type", "id", "properties"});
    Type("subject", subject, "agency");
    Type("resource", resource, "category");
    Put("receivingAgency", Text("subject", subject, "id"));
    const std::string name = Text("action", action, "name");
    if (name != "request" && name != "push") wrong_.push_back("action.name is neither `request` nor `push`");
    Put("direction", absl::AsciiStrToUpper(name));
    (*question_.mutable_fields())["categories"].mutable_list_value()->add_values()->set_string_value(
        Text("resource", resource, "id"));
    Properties("subject", Properties(subject, "subject"));
    Properties("action", Properties(action, "action"));
    Properties("resource", Properties(resource, "resource"));
    if (request.fields().contains("context")) Properties("context", Entity(request, "context", {}));
  }

  const Struct& question() const { return question_; }
  const std::string& form() const { return form_; }
  const std::vector<std::string>& wrong() const { return wrong_; }

 private:
  void Unknown(const std::string& member) { wrong_.push_back(absl::StrCat("`", member, "` is not known")); }
  void Put(const char* field, const std::string& text) { (*question_.mutable_fields())[field].set_string_value(text); }

  // A member that is an object with `members` alone; with none named, with any.
  const Struct& Entity(const Struct& request, const std::string& name, const std::vector<std::string>& members) {
    const auto found = request.fields().find(name);
    if (found == request.fields().end() || !found->second.has_struct_value()) {
      wrong_.push_back(absl::StrCat(name, " is no object"));
      return Struct::default_instance();
    }
    for (const auto& [member, value] : found->second.struct_value().fields()) {
      if (!members.empty() && std::find(members.begin(), members.end(), member) == members.end())
        Unknown(absl::StrCat(name, ".", member));
    }
    return found->second.struct_value();
  }

  std::string Text(const std::string& entity, const Struct& members, const std::string& name) {
    const auto found = members.fields().find(name);
    if (found != members.fields().end() && !found->second.string_value().empty()) return found->second.string_value();
    wrong_.push_back(absl::StrCat(entity, ".", name, " is no text"));
    return "";
  }

  void Type(const std::string& entity, const Struct& members, const std::string& type) {
    if (Text(entity, members, "type") != type) wrong_.push_back(absl::StrCat(entity, ".type is not `", type, "`"));
  }

  const Struct& Properties(const Struct& members, const std::string& entity) {
    if (!members.fields().contains("properties")) return Struct::default_instance();
    const Value& properties = members.fields().at("properties");
    if (!properties.has_struct_value()) wrong_.push_back(absl::StrCat(entity, ".properties is no object"));
    return properties.struct_value();
  }

  void Properties(absl::string_view entity, const Struct& properties) {
    for (const auto& [name, value] : properties.fields()) {
      if (entity == "action" && name == "form") {
        form_ = value.string_value();
        continue;
      }
      const auto* const place = std::find_if(std::begin(kPlaces), std::end(kPlaces), [&, &name = name](const Place& p) {
        return p.entity == entity && p.property == name;
      });
      if (place == std::end(kPlaces))
        Unknown(entity == "context" ? absl::StrCat("context.", name) : absl::StrCat(entity, ".properties.", name));
      else
        (*question_.mutable_fields())[place->field] = value;
    }
  }

  Struct question_;
  std::string form_ = "full";
  std::vector<std::string> wrong_;
};

absl::StatusOr<std::string> Json(const google::protobuf::Message& message) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok())
    return absl::InternalError("cannot print the answer");
  return json;
}

// `record` is JSON, or empty: no decision was made.
absl::StatusOr<AccessEvaluation> Answer(bool decision, const std::vector<std::string>& reasons,
                                        absl::string_view record) {
  google::protobuf::ListValue list;
  for (const std::string& reason : reasons) list.add_values()->set_string_value(reason);
  ASSIGN_OR_RETURN(const std::string printed, Json(list));
  return AccessEvaluation{
      .decision = decision,
      .json = absl::StrCat("{\"decision\":", decision ? "true" : "false", ",\"context\":{\"reasons\":", printed,
                           record.empty() ? "" : ",\"record\":", record, "}}")};
}

// What keeps the category from being released now in the form wanted; empty: nothing.
std::vector<std::string> Against(const policy::Decision& decision, const std::string& wanted,
                                 const policy::Policy& policy) {
  const policy::CategoryOutcome& outcome = decision.categories.front();
  std::vector<std::string> against;
  if (outcome.denied) {
    for (const policy::Reason& reason : outcome.reasons) {
      if (!policy::StandsAgainst(reason.code)) continue;
      const policy::ReasonEntry& entry = policy::Describe(reason.code);
      against.push_back(absl::StrCat(entry.name, ": ", entry.sentence, " (", reason.rule, ")"));
    }
    if (against.empty()) against.push_back("it is not released");
    return against;
  }
  const std::optional<policy::Form> form = policy::ParseForm(wanted);
  const bool full = form.has_value() && *form == policy::Form::kFull && outcome.form_is_full;
  const bool within = form.has_value() && policy.FindCategory(outcome.category)->Meet(outcome.form, *form) == *form;
  if (!full && !within)
    against.push_back(
        absl::StrCat("it is released in form `", policy::FormName(outcome.form), "`, not in form `", wanted, "`"));
  if (!outcome.approvers.empty())
    against.push_back(absl::StrCat("it waits until these roles agree: ", absl::StrJoin(outcome.approvers, ", ")));
  if (!outcome.open.empty())
    against.push_back(absl::StrCat("only its holder can say: ", absl::StrJoin(outcome.open, ", ")));
  for (const std::string& payload : decision.payload_refused)
    against.push_back(absl::StrCat("payload `", payload, "` is refused"));
  return against;
}

}  // namespace

absl::StatusOr<AccessEvaluation> EvaluateAccess(const std::string& json, const OfflinePolicy& offline, absl::Time now) {
  Struct request;
  if (const auto parsed = google::protobuf::util::JsonStringToMessage(json, &request); !parsed.ok())
    return absl::InvalidArgumentError(absl::StrCat("the request is malformed: ", std::string(parsed.message())));
  const Reading reading(request);
  if (!reading.wrong().empty()) return Answer(false, reading.wrong(), "");
  ASSIGN_OR_RETURN(const std::string fields, Json(reading.question()));
  v1::DecisionRequest message;
  if (const auto parsed = google::protobuf::util::JsonStringToMessage(fields, &message); !parsed.ok())
    return Answer(false, {std::string(parsed.message())}, "");
  const absl::StatusOr<policy::DecisionRequest> question = policy::FromProto(message);
  if (!question.ok()) return Answer(false, {std::string(question.status().message())}, "");
  const absl::StatusOr<absl::Time> time = policy::TimeOf(message, now);
  if (!time.ok()) return Answer(false, {std::string(time.status().message())}, "");
  const policy::Decision decision = policy::Decide(*question, offline.snapshot(), *time);
  const std::vector<std::string> against = Against(decision, reading.form(), *offline.policy);
  ASSIGN_OR_RETURN(const std::string record, Json(policy::ToProto(decision, offline.policy->digest)));
  return Answer(against.empty(), against, record);
}

}  // namespace derwent::cli
