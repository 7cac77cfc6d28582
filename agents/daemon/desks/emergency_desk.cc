#include "agents/daemon/desks/emergency_desk.h"

#include <algorithm>
#include <set>

#include "agents/daemon/context/fault.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::agents {
namespace {

template <typename A, typename B>
bool Same(const A& a, const B& b) {
  return std::ranges::equal(a, b);
}

// What a declaration says that the request does not, field by field.
std::vector<FieldProblem> Differences(const v1::EmergencyCommand& command, const v1::SendCaseRequestRequest& request) {
  std::vector<FieldProblem> problems;
  const auto require = [&](bool same, const char* field) {
    if (!same) problems.push_back({field, "is what was declared"});
  };
  require(command.officer() == request.acting_person(), "request.acting_person");
  require(command.profile() == request.profile(), "request.profile");
  require(command.area() == request.area(), "request.area");
  require(command.subject_role() == request.subject_role(), "request.subject_role");
  const std::set<std::string> categories(request.categories().begin(), request.categories().end());
  const std::set<std::string> holders(request.holders().begin(), request.holders().end());
  require(Same(command.categories(), categories), "request.categories");
  require(Same(command.holders(), holders), "request.holders");
  return problems;
}

}  // namespace

absl::StatusOr<v1::SendCaseRequestResponse> EmergencyDesk::Request(const LocalCaller& caller,
                                                                   const v1::RequestEmergencyRequest& request) {
  if (caller.kind != trust::CallerKind::kPerson)
    return Fault(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "a duty officer asks as themselves");
  v1::SendCaseRequestRequest asked = request.request();
  asked.set_purpose(policy::kEmergencyPurpose);
  asked.set_role(policy::kDutyOfficer);
  asked.set_acting_person(caller.name);
  v1::EmergencyCommand command;
  std::vector<FieldProblem> problems;
  const std::string& declared = request.declaration().command().payload();
  if (declared.empty() || !command.ParseFromString(declared))
    problems.push_back({"declaration", "is a signed EmergencyCommand"});
  else
    problems = Differences(command, asked);
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
                 problems);
  v1::DeclareEmergencyRequest declare;
  declare.set_request_id(context_.random.NewUuid().text());
  *declare.mutable_declaration() = request.declaration();
  if (!asked.validate_only()) RETURN_IF_ERROR(context_.broker.DeclareEmergency(declare).status());
  ASSIGN_OR_RETURN(v1::SendCaseRequestResponse response,
                   asker_.SendDeclared(asked, {.document_reference = command.emergency_id(),
                                               .expire_by = trust::FromTimestamp(command.expire_time())}));
  if (response.state() == "STORED" || response.state() == "QUEUED")
    context_.Alarm("EMERGENCY_REQUESTED", response.request_id(), context_.identity.agency);
  return response;
}

}  // namespace derwent::agents
