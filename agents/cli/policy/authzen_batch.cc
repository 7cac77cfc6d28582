#include "agents/cli/policy/authzen_batch.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/policy/authzen.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

constexpr const char* kEntities[] = {"subject", "action", "resource", "context"};

enum class Semantic { kAll, kFirstDeny, kFirstPermit };

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the request is malformed: ", what));
}

absl::StatusOr<Semantic> SemanticOf(const Struct& request) {
  const auto options = request.fields().find("options");
  if (options == request.fields().end()) return Semantic::kAll;
  if (!options->second.has_struct_value()) return Malformed("`options` is no object");
  Semantic semantic = Semantic::kAll;
  for (const auto& [name, value] : options->second.struct_value().fields()) {
    if (name != "evaluations_semantic") return Malformed(absl::StrCat("`options.", name, "` is not known"));
    const std::string& wanted = value.string_value();
    if (wanted == "deny_on_first_deny") {
      semantic = Semantic::kFirstDeny;
    } else if (wanted == "permit_on_first_permit") {
      semantic = Semantic::kFirstPermit;
    } else if (wanted != "execute_all") {
      return Malformed("`options.evaluations_semantic` is execute_all, deny_on_first_deny or permit_on_first_permit");
    }
  }
  return semantic;
}

bool IsEntity(const std::string& name) {
  return std::find(std::begin(kEntities), std::end(kEntities), name) != std::end(kEntities);
}

// One evaluation as a request of its own. What it has besides the entities stays, to be found wrong.
absl::StatusOr<std::string> Single(const Struct& request, const Struct& evaluation) {
  Struct single = evaluation;
  for (const char* name : kEntities) {
    const auto common = request.fields().find(name);
    if (common != request.fields().end() && !evaluation.fields().contains(name))
      (*single.mutable_fields())[name] = common->second;
  }
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(single, &json).ok())
    return absl::InternalError("cannot print an evaluation");
  return json;
}

absl::Status CheckForm(const Struct& request) {
  for (const auto& [name, value] : request.fields()) {
    if (!IsEntity(name) && name != "evaluations" && name != "options")
      return Malformed(absl::StrCat("`", name, "` is not known"));
  }
  const Value& evaluations = request.fields().at("evaluations");
  if (!evaluations.has_list_value()) return Malformed("`evaluations` is no list");
  if (evaluations.list_value().values_size() > kMostEvaluations)
    return Malformed(absl::StrCat("more than ", kMostEvaluations, " evaluations"));
  for (const Value& next : evaluations.list_value().values()) {
    if (!next.has_struct_value()) return Malformed("an evaluation is no object");
  }
  return absl::OkStatus();
}

absl::StatusOr<AccessEvaluations> AnswerOne(const std::string& json, const OfflinePolicy& offline, absl::Time now) {
  ASSIGN_OR_RETURN(AccessEvaluation one, EvaluateAccess(json, offline, now));
  return AccessEvaluations{.answered = 1, .permitted = one.decision ? 1 : 0, .json = std::move(one.json)};
}

}  // namespace

absl::StatusOr<AccessEvaluations> EvaluateAccesses(const std::string& json, const OfflinePolicy& offline,
                                                   absl::Time now) {
  Struct request;
  if (const auto parsed = google::protobuf::util::JsonStringToMessage(json, &request); !parsed.ok())
    return Malformed(std::string(parsed.message()));
  if (!request.fields().contains("evaluations")) return AnswerOne(json, offline, now);
  RETURN_IF_ERROR(CheckForm(request));
  ASSIGN_OR_RETURN(const Semantic semantic, SemanticOf(request));
  const auto& evaluations = request.fields().at("evaluations").list_value().values();
  if (evaluations.empty()) {
    ASSIGN_OR_RETURN(const std::string single, Single(request, Struct()));
    return AnswerOne(single, offline, now);
  }
  AccessEvaluations all{.json = "{\"evaluations\":["};
  for (const Value& next : evaluations) {
    ASSIGN_OR_RETURN(const std::string single, Single(request, next.struct_value()));
    ASSIGN_OR_RETURN(const AccessEvaluation one, EvaluateAccess(single, offline, now));
    absl::StrAppend(&all.json, all.answered++ == 0 ? "" : ",", one.json);
    all.permitted += one.decision ? 1 : 0;
    if (semantic == (one.decision ? Semantic::kFirstPermit : Semantic::kFirstDeny)) break;
  }
  absl::StrAppend(&all.json, "]}");
  return all;
}

}  // namespace derwent::cli
