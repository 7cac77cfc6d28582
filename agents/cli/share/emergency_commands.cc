#include "agents/cli/share/emergency_commands.h"

#include <iostream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "agents/cli/session/json_input.h"
#include "agents/cli/session/signing.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/agent_emergency.grpc.pb.h"
#include "derwent/v1/emergency.grpc.pb.h"
#include "policy/loader/emergency.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/secret/random.h"
#include "trust/signature/key_file.h"
#include "trust/signature/payload_types.h"

// Emergencies: two persons declare, the duty officer asks, the data protection officer reviews.

namespace derwent::cli {
namespace {

struct Options {
  std::string file;
  std::string second_certificate, second_key;
  std::string id;
  bool justified = false;
  bool not_justified = false;
};

absl::StatusOr<trust::Certificate> ReadCertificate(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(path));
  return trust::Certificate::FromPem(pem);
}

v1::EmergencyCommand CommandFor(const v1::SendCaseRequestRequest& request, const trust::Certificate& officer,
                                const trust::Certificate& second) {
  const absl::Time now = absl::Now();
  v1::EmergencyCommand command;
  command.set_emergency_id(trust::SystemRandom().NewUuid().text());
  command.set_agency(officer.id().agency);
  command.set_officer(officer.id().name);
  command.set_second_person(second.id().name);
  command.set_profile(request.profile());
  command.set_area(request.area());
  command.set_subject_role(request.subject_role());
  for (const std::string& holder : std::set<std::string>(request.holders().begin(), request.holders().end()))
    command.add_holders(holder);
  for (const std::string& category : std::set<std::string>(request.categories().begin(), request.categories().end()))
    command.add_categories(category);
  command.mutable_create_time()->set_seconds(absl::ToUnixSeconds(now));
  command.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(now + policy::kEmergencyLasts));
  return command;
}

// Both persons sign the same octets; each certificate travels beside.
absl::StatusOr<v1::SignedEmergency> Declare(const v1::SendCaseRequestRequest& request,
                                            const ClientConfiguration& configuration, const Options& o) {
  ASSIGN_OR_RETURN(const trust::Certificate officer, ReadCertificate(configuration.certificate));
  ASSIGN_OR_RETURN(const trust::Certificate second, ReadCertificate(o.second_certificate));
  const v1::EmergencyCommand command = CommandFor(request, officer, second);
  v1::SignedEmergency declaration;
  ASSIGN_OR_RETURN(*declaration.mutable_command(), SignWithFile(trust::kEmergencyType, command, configuration.key));
  ASSIGN_OR_RETURN(const v1::DsseEnvelope also, SignWithFile(trust::kEmergencyType, command, o.second_key));
  if (also.payload() != declaration.command().payload())
    return absl::InternalError("the same command came out as other octets");
  *declaration.mutable_command()->add_signatures() = also.signatures(0);
  declaration.add_certificates(officer.der());
  declaration.add_certificates(second.der());
  return declaration;
}

absl::StatusOr<int> Request(Client& client, const Options& o, Format format) {
  v1::RequestEmergencyRequest request;
  RETURN_IF_ERROR(ReadJson(o.file, *request.mutable_request()));
  ASSIGN_OR_RETURN(*request.mutable_declaration(), Declare(request.request(), client.configuration(), o));
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentEmergencyService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::SendCaseRequestResponse response,
                   agent->Call(*stub, &v1::AgentEmergencyService::Stub::RequestEmergency, request, client.options()));
  Rows rows({"request", "state", "reason", "holder", "category", "at most", "until"});
  for (const v1::AskerDecision& decision : response.decisions()) {
    for (const v1::CategoryDecision& category : decision.question().categories())
      rows.Add({response.request_id(), response.state(), response.reason(), decision.holder_agency(),
                category.category(), category.outcome(), TimeText(response.expire_time())});
  }
  rows.Print(format, std::cout);
  if (response.state() == "REFUSED") return kExitRefused;
  std::cerr << "both agencies' data protection officers are told; the answer: derwent request show "
            << response.request_id() << "\n";
  return kExitPartial;
}

absl::StatusOr<int> Review(Client& client, const Options& o) {
  if (o.justified == o.not_justified)
    return absl::InvalidArgumentError("say what you found: --justified or --not-justified");
  ASSIGN_OR_RETURN(const trust::Certificate reviewer, ReadCertificate(client.configuration().certificate));
  v1::EmergencyReview review;
  review.set_emergency_id(o.id);
  review.set_agency(reviewer.id().agency);
  review.set_reviewer(reviewer.id().name);
  review.set_finding(o.justified ? v1::EMERGENCY_FINDING_JUSTIFIED : v1::EMERGENCY_FINDING_NOT_JUSTIFIED);
  review.mutable_create_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  v1::ReviewEmergencyRequest request;
  request.set_request_id(trust::SystemRandom().NewUuid().text());
  request.set_certificate(reviewer.der());
  ASSIGN_OR_RETURN(*request.mutable_review(),
                   SignWithFile(trust::kEmergencyReviewType, review, client.configuration().key));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::EmergencyService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::Emergency reviewed,
                   broker->Call(*stub, &v1::EmergencyService::Stub::ReviewEmergency, request, client.options()));
  std::cerr << "reviewed; ledger entry " << reviewed.receipt().index() << "\n";
  return kExitDone;
}

absl::string_view FindingOf(const v1::Emergency& emergency) {
  switch (emergency.finding()) {
    case v1::EMERGENCY_FINDING_JUSTIFIED:
      return "justified";
    case v1::EMERGENCY_FINDING_NOT_JUSTIFIED:
      return "not justified";
    default:
      return emergency.request_id().empty() ? "not used" : "to be reviewed";
  }
}

absl::StatusOr<int> List(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::EmergencyService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::ListEmergenciesResponse found,
                   broker->Call(*stub, &v1::EmergencyService::Stub::ListEmergencies, v1::ListEmergenciesRequest(),
                                client.options()));
  Rows rows({"emergency", "agency", "officer", "second person", "holders", "categories", "request", "declared",
             "review", "due"});
  for (const v1::Emergency& emergency : found.emergencies()) {
    v1::EmergencyCommand command;
    if (!command.ParseFromString(emergency.declaration().command().payload()))
      return absl::DataLossError("an emergency does not parse");
    rows.Add({emergency.emergency_id(), command.agency(), command.officer(), command.second_person(),
              absl::StrJoin(command.holders(), " "), absl::StrJoin(command.categories(), " "), emergency.request_id(),
              TimeText(emergency.declare_time()), std::string(FindingOf(emergency)),
              TimeText(emergency.review_due_time())});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

}  // namespace

void AddEmergencyCommands(CLI::App& app, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const emergency =
      app.add_subcommand("emergency", "imminent risk to life: ask at once, two persons sign, reviewed the next day");
  emergency->require_subcommand(1);
  CLI::App* const request = emergency->add_subcommand(
      "request", "ask as the duty officer, for identity, contact, location.current, vulnerability.flag, health.*");
  request
      ->add_option("--file", o->file, "the request in JSON, as `derwent request send` reads it; - for standard input")
      ->required();
  request->add_option("--second-certificate", o->second_certificate, "certificate of the second person")->required();
  request->add_option("--second-key", o->second_key, "private key file of the second person (mode 0600)")->required();
  request->callback(
      [o, &session] { session.Run([&](Client& client) { return Request(client, *o, session.format()); }); });
  CLI::App* const review =
      emergency->add_subcommand("review", "say what an emergency was, as the data protection officer, signed");
  review->add_option("emergency", o->id, "its id")->required();
  review->add_flag("--justified", o->justified, "it was what the route is for");
  review->add_flag("--not-justified", o->not_justified, "it was not");
  review->callback([o, &session] { session.Run([&](Client& client) { return Review(client, *o); }); });
  emergency->add_subcommand("list", "emergencies that your agency declared or was asked in")->callback([&session] {
    session.Run([&](Client& client) { return List(client, session.format()); });
  });
}

}  // namespace derwent::cli
