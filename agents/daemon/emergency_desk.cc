#include "agents/daemon/emergency_desk.h"

#include <algorithm>
#include <set>

#include "agents/daemon/fault.h"
#include "agents/sdk/envelope.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

template <typename A, typename B>
bool Same(const A& a, const B& b) {
  return std::ranges::equal(a, b);
}

bool Says(const v1::EmergencyCommand& command, const v1::Manifest& m) {
  return command.agency() == m.sender_agency() && command.officer() == m.question().acting_person() &&
         m.question().role() == policy::kDutyOfficer && command.profile() == m.profile() &&
         command.area() == m.area() && command.subject_role() == m.subjects(0).role() &&
         Same(command.categories(), m.question().categories()) &&
         std::ranges::find(command.holders(), m.recipient_agency()) != command.holders().end();
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

absl::StatusOr<bool> IsDeclared(const v1::Manifest& selector, const AgentContext& context) {
  const auto view = context.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  ASSIGN_OR_RETURN(const v1::ListEmergenciesResponse kept, context.broker.ListEmergencies({}));
  const auto roots = context.roots.get();
  const absl::Time now = context.clock.Now();
  for (const v1::Emergency& emergency : kept.emergencies()) {
    if (emergency.emergency_id() != selector.document_reference()) continue;
    const auto command =
        policy::VerifyEmergency(emergency.declaration(), roots->anchors.authority, roots->anchors.revoked, now);
    return command.ok() && command->emergency_id() == selector.document_reference() && Says(*command, selector) &&
           FromTimestamp(command->expire_time()) > now && policy::MayDeclare(*command, view->snapshot(), now);
  }
  return false;
}

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
                                               .expire_by = FromTimestamp(command.expire_time())}));
  if (response.state() == "STORED" || response.state() == "QUEUED")
    context_.Alarm("EMERGENCY_REQUESTED", response.request_id(), context_.identity.agency);
  return response;
}

}  // namespace derwent::agents
