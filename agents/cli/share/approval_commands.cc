#include "agents/cli/share/approval_commands.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "agents/cli/session/signing.h"
#include "agents/cli/share/approval_view.h"
#include "agents/cli/share/content_view.h"
#include "agents/cli/terminal/closed_list.h"
#include "agents/cli/terminal/text.h"
#include "agents/sdk/approval.h"
#include "derwent/v1/agent_request.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/signature/key_file.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

using Stub = v1::AgentRequestService::Stub;

struct Options {
  std::string id;
  std::vector<std::string> categories;
  std::string ground;
  std::string reason;
};

absl::StatusOr<v1::ShowApprovalResponse> Fetch(Client& client, const std::string& id) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  v1::ShowApprovalRequest request;
  request.set_approval_id(id);
  return agent->Call(*stub, &Stub::ShowApproval, request, client.options());
}

// What the person signs: as asked, or less.
absl::StatusOr<v1::ApprovalCommand> CommandOf(const v1::ApprovalQuestion& question,
                                              const trust::Certificate& certificate, const Options& o, bool approved) {
  v1::ApprovalCommand command = question.proposed();
  command.set_approver_agency(certificate.id().agency);
  command.set_approver_person(certificate.id().name);
  command.set_approver_role(question.role());
  command.set_approved(approved);
  command.set_reason(o.reason);
  command.set_ground(o.ground);
  command.mutable_create_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  *command.mutable_expire_time() = question.due_time();
  if (o.categories.empty()) return command;
  command.clear_units();
  for (const std::string& category : o.categories) {
    const auto& asked = question.proposed().units();
    const auto unit = std::ranges::find(asked, category, &v1::ApprovedUnit::category);
    if (unit == asked.end())
      return absl::InvalidArgumentError(
          absl::StrCat("`", category, "` is not among what is asked: ", UnitsText(question.proposed())));
    *command.add_units() = *unit;
  }
  PutInOrder(command);  // As it must be signed, however the options were given.
  return command;
}

absl::StatusOr<int> Answer(Client& client, const Options& o, bool approved) {
  ASSIGN_OR_RETURN(const v1::ShowApprovalResponse shown, Fetch(client, o.id));
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(client.configuration().certificate));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, trust::Certificate::FromPem(pem));
  ASSIGN_OR_RETURN(const v1::ApprovalCommand command, CommandOf(shown.approval().question(), certificate, o, approved));
  v1::AnswerApprovalRequest request;
  ASSIGN_OR_RETURN(*request.mutable_approval()->mutable_command(),
                   SignWithFile(trust::kApprovalType, command, client.configuration().key));
  request.mutable_approval()->set_certificate(certificate.der());
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  RETURN_IF_ERROR(agent->Call(*stub, &Stub::AnswerApproval, request, client.options()).status());
  std::cerr << (approved ? "agreed to " : "refused ") << UnitsText(command) << "\n";
  return kExitDone;
}

}  // namespace

absl::StatusOr<int> ListApprovals(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentRequestService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(v1::ListApprovalsResponse response,
                   agent->Call(*stub, &Stub::ListApprovals, v1::ListApprovalsRequest(), client.options()));
  PutInOrder(response);
  Rows rows(
      {"approval", "role", "holder", "for", "profile", "purpose", "route", "document", "units", "grounds", "due"});
  for (const v1::PendingApproval& pending : response.approvals()) {
    const v1::ApprovalQuestion& question = pending.question();
    rows.Add({pending.approval_id(), question.role(), question.proposed().holder_agency(),
              question.proposed().recipient_agency(), question.profile(), question.purpose(), question.route(),
              question.document_reference(), UnitsText(question.proposed()), absl::StrJoin(question.grounds(), " "),
              TimeText(question.due_time())});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> ShowApproval(Client& client, const std::string& id, Format format) {
  ASSIGN_OR_RETURN(v1::ShowApprovalResponse shown, Fetch(client, id));
  PutInOrder(shown);
  if (format == Format::kJson || format == Format::kJsonLines) {
    std::cout << ToJson(shown, format == Format::kJson) << "\n";
    return kExitDone;
  }
  const v1::ApprovalQuestion& question = shown.approval().question();
  if (format == Format::kTable) {
    std::cerr << "as " << question.role() << ", for " << question.proposed().recipient_agency() << ", profile "
              << question.profile() << ", purpose " << question.purpose() << ", due " << TimeText(question.due_time())
              << "\n";
    if (!question.route().empty())
      std::cerr << "route: " << question.route() << ", document " << SafeText(question.document_reference()) << "\n";
    if (!question.grounds().empty()) std::cerr << "grounds: " << absl::StrJoin(question.grounds(), " ") << "\n";
    if (!shown.justification().empty()) std::cerr << "why: " << SafeText(shown.justification()) << "\n";
  }
  Rows rows({"category", "form", "content", "provenance"});
  if (shown.units().empty()) {
    for (const v1::ApprovedUnit& unit : question.proposed().units()) rows.Add({unit.category(), unit.form(), "", ""});
  }
  for (const v1::OpenedUnit& unit : shown.units()) {
    for (const FactLine& line : FactLines(unit.content()))
      rows.Add({unit.content().category(), unit.content().form(), line.text, line.provenance});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

void AddApprovalCommands(CLI::App& request, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const approve = request.add_subcommand("approve", "agree to a release, signed with your own key");
  approve->add_option("approval", o->id, "approval id")->required();
  approve->add_option("--category", o->categories, "only these of what is asked; may be repeated");
  FromList(approve->add_option("--ground", o->ground, "what lifts confidence, needed for health data"),
           agents::ConfidenceGrounds());
  approve->callback([o, &session] { session.Run([&](Client& client) { return Answer(client, *o, true); }); });
  CLI::App* const refuse = request.add_subcommand("refuse", "refuse a release, signed with your own key");
  refuse->add_option("approval", o->id, "approval id")->required();
  FromList(refuse->add_option("--reason", o->reason, "why")->required(), agents::RefusalReasons());
  refuse->callback([o, &session] { session.Run([&](Client& client) { return Answer(client, *o, false); }); });
}

}  // namespace derwent::cli
