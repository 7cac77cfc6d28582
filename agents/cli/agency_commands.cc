#include <iostream>

#include "absl/strings/str_cat.h"
#include "agents/cli/commands.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "derwent/v1/key.pb.h"
#include "derwent/v1/key_service.grpc.pb.h"
#include "derwent/v1/policy.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "derwent/v1/register_service.grpc.pb.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

absl::StatusOr<int> Status(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto agent_stub = v1::AgentService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::AgentStatus status, agent->Call(*agent_stub, &v1::AgentService::Stub::GetAgentStatus, v1::GetAgentStatusRequest(), client.options()));
  std::cout << "agency          " << status.agency() << "\nbroker          " << (status.broker_reachable() ? "reachable" : "NOT reachable") << "\npolicy          "
            << HexEncode(status.policy_digest()) << "\nsigning key     " << status.signing_key_id() << "\nsealing key     " << status.sealing_key_id() << "\noutbox          "
            << status.outbox_depth() << " waiting\ninbox           " << status.inbox_depth() << " not handed over\nalarms          " << status.alarms_size() << "\n";
  for (const v1::Alarm& alarm : status.alarms()) std::cout << "  " << alarm.code() << " " << alarm.agency() << " " << alarm.share_id() << "\n";
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::PolicyService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::GetActivePolicyResponse policy, broker->Call(*stub, &v1::PolicyService::Stub::GetActivePolicy, v1::GetActivePolicyRequest(), client.options()));
  std::cout << "broker's policy " << HexEncode(policy.policy_digest()) << "\n";
  if (!policy.reload_error().empty()) std::cout << "NOT TAKEN       " << policy.reload_error() << "\n";
  return status.alarms_size() == 0 && policy.reload_error().empty() ? kExitDone : kExitPartial;
}

absl::StatusOr<int> Keys(Client& client, const std::string& agency, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::KeyService::NewStub(broker->grpc());
  v1::GetAgencyKeysRequest request;
  request.set_agency(agency.empty() ? client.configuration().agency : agency);
  ASSIGN_OR_RETURN(const v1::AgencyKeys keys, broker->Call(*stub, &v1::KeyService::Stub::GetAgencyKeys, request, client.options()));
  Rows rows({"number", "step", "use", "key id", "from", "until"});
  for (const v1::DsseEnvelope& envelope : keys.events()) {
    v1::KeyEvent event;
    if (!event.ParseFromString(envelope.payload())) return absl::DataLossError("a key event does not parse");
    rows.Add({absl::StrCat(event.sequence()), event.action() == v1::KEY_ACTION_PUBLISH ? "publish" : "revoke", event.purpose() == v1::KEY_PURPOSE_SIGNING ? "signing" : "sealing", event.key_id(),
              absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(event.valid_from().seconds()), absl::UTCTimeZone()),
              absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(event.valid_until().seconds()), absl::UTCTimeZone())});
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> Directories(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::RegisterService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::ListDirectoriesResponse response, broker->Call(*stub, &v1::RegisterService::Stub::ListDirectories, v1::ListDirectoriesRequest(), client.options()));
  Rows rows({"agency", "version", "person", "role", "until"});
  for (const v1::DsseEnvelope& envelope : response.directories()) {
    v1::Directory directory;
    if (!directory.ParseFromString(envelope.payload())) return absl::DataLossError("a directory does not parse");
    for (const v1::DirectoryEntry& entry : directory.entries()) {
      for (const v1::RoleHolding& holding : entry.roles()) rows.Add({directory.agency(), absl::StrCat(directory.version()), entry.id(), holding.role(), holding.valid_to()});
    }
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> Restrict(Client& client, const std::vector<std::string>& identifiers, const std::string& id, bool lift) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::RestrictRequest request;
  request.set_restriction_id(id);
  for (const std::string& identifier : identifiers) request.add_identifiers(identifier);
  request.set_lift(lift);
  ASSIGN_OR_RETURN(const v1::RestrictResponse response, agent->Call(*stub, &v1::AgentService::Stub::Restrict, request, client.options()));
  std::cout << response.restriction_id() << "\n";
  std::cerr << response.held_deliveries() << " deliveries stopped\n";
  return kExitDone;
}

struct Options {
  std::string agency, restriction;
  std::vector<std::string> identifiers;
  bool lift = false;
};

}  // namespace

void AddAgencyCommands(CLI::App& app, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  app.add_subcommand("status", "the agent's and the broker's state")->callback([&session] { session.Run([](Client& client) { return Status(client); }); });
  CLI::App* const key = app.add_subcommand("key", "keys of agencies");
  key->require_subcommand(1);
  CLI::App* const list = key->add_subcommand("list", "an agency's key events");
  list->add_option("agency", o->agency, "agency id; default: the own");
  list->callback([o, &session] { session.Run([&](Client& client) { return Keys(client, o->agency, session.format()); }); });
  CLI::App* const registers = app.add_subcommand("register", "registers of people and restrictions");
  registers->require_subcommand(1);
  registers->add_subcommand("show", "the directories in force")->callback([&session] { session.Run([&](Client& client) { return Directories(client, session.format()); }); });
  CLI::App* const restrict_ = registers->add_subcommand("restrict", "stop everything of this agency about one person, or lift that");
  restrict_->add_option("--id", o->identifiers, "identifier, `<type>:<value>`");
  restrict_->add_option("--restriction", o->restriction, "restriction id, to lift one");
  restrict_->add_flag("--lift", o->lift, "lift it");
  restrict_->callback([o, &session] { session.Run([&](Client& client) { return Restrict(client, o->identifiers, o->restriction, o->lift); }); });
}

}  // namespace derwent::cli
