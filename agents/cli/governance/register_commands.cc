#include "agents/cli/governance/register_commands.h"

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/session/signing.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "derwent/v1/register.pb.h"
#include "derwent/v1/register_service.grpc.pb.h"
#include "policy/loader/directory.h"
#include "policy/loader/text.h"
#include "trust/base/status_macros.h"
#include "trust/secret/random.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string file, signing_key, restriction;
  std::vector<std::string> identifiers, records;
  bool lift = false;
};

// A line of what a directory says of a person: that it holds a role, or is appointed to one.
void AddHolding(const v1::Directory& directory, absl::string_view says, absl::string_view person,
                const v1::RoleHolding& holding, Rows& rows) {
  rows.Add({directory.agency(), absl::StrCat(directory.version()), std::string(says), std::string(person),
            holding.role(), absl::StrJoin(holding.boards(), " "), absl::StrJoin(holding.areas(), " "),
            holding.valid_from(), holding.valid_to()});
}

absl::StatusOr<int> Show(Client& client, Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::RegisterService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(
      const v1::ListDirectoriesResponse response,
      broker->Call(*stub, &v1::RegisterService::Stub::ListDirectories, v1::ListDirectoriesRequest(), client.options()));
  Rows rows({"agency", "version", "says", "person", "role", "boards", "areas", "from", "until"});
  for (const v1::DsseEnvelope& envelope : response.directories()) {
    v1::Directory directory;
    if (!directory.ParseFromString(envelope.payload())) return absl::DataLossError("a directory does not parse");
    for (const v1::DirectoryEntry& entry : directory.entries()) {
      for (const v1::RoleHolding& holding : entry.roles()) AddHolding(directory, "holds", entry.id(), holding, rows);
    }
    for (const v1::Appointment& next : directory.appointments())
      AddHolding(directory, "appoints", absl::StrCat(next.agency(), "/", next.person()), next.holding(), rows);
  }
  rows.Print(format, std::cout);
  return kExitDone;
}

absl::StatusOr<int> Apply(Client& client, const std::string& path, const std::string& signing_key) {
  ASSIGN_OR_RETURN(const std::string text, ReadIn(path, 4 << 20));
  v1::Directory directory;
  const policy::Files files = {{path, text}};
  policy::Problems problems(files);
  if (!policy::ParseText(files, path, directory, problems)) {
    for (const policy::Problem& problem : problems.list()) std::cerr << problem.ToString() << "\n";
    return absl::InvalidArgumentError(absl::StrCat("`", path, "` is not a directory"));
  }
  v1::ApplyDirectoryRequest request;
  request.set_request_id(trust::SystemRandom().NewUuid().text());
  ASSIGN_OR_RETURN(*request.mutable_directory(), SignWithFile(trust::kDirectoryType, directory, signing_key));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::RegisterService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::ApplyDirectoryResponse response,
                   broker->Call(*stub, &v1::RegisterService::Stub::ApplyDirectory, request, client.options()));
  std::cerr << "version " << directory.version() << " of `" << directory.agency() << "` is in force; ledger entry "
            << response.receipt().index() << "\n";
  return kExitDone;
}

// Whom a restriction protects now, and by what.
std::string ProtectionOf(const v1::RestrictRequest& request, const v1::RestrictResponse& response) {
  const uint32_t identifiers = response.identifiers_in_force();
  const uint32_t records = response.record_refs_in_force();
  const std::string none =
      request.identifiers().empty()
          ? "no identifier was given: the broker stops nothing"
          : "THE BROKER DID NOT ANSWER, and is told until it does: until then this agent alone stops";
  const std::string at_broker = identifiers == 0 ? none
                                                 : absl::StrCat("whoever has one of ", identifiers,
                                                                " verified identifiers, at the broker and here");
  const std::string here = records == 0
                               ? "a record without a verified identifier is not protected: name it with --record"
                               : absl::StrCat("the person of ", records, " records, here");
  const uint32_t unseen = response.record_refs_unseen();
  const std::string warning =
      unseen == 0 ? "" : absl::StrCat("; CHECK THE REFERENCE: your system has no record of ", unseen, " of them");
  return absl::StrCat("in force: ", at_broker, "; ", here, warning);
}

absl::StatusOr<int> Restrict(Client& client, const Options& o) {
  if (!o.lift && o.identifiers.empty() && o.records.empty())
    return absl::InvalidArgumentError(
        "say whom to restrict: by verified identifiers (--id), by records of your own system (--record), or both");
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::RestrictRequest request;
  request.set_restriction_id(o.restriction);
  request.mutable_identifiers()->Assign(o.identifiers.begin(), o.identifiers.end());
  request.mutable_record_refs()->Assign(o.records.begin(), o.records.end());
  request.set_lift(o.lift);
  ASSIGN_OR_RETURN(const v1::RestrictResponse response,
                   agent->Call(*stub, &v1::AgentService::Stub::Restrict, request, client.options()));
  std::cout << response.restriction_id() << "\n";
  std::cerr << (o.lift ? "lifted" : ProtectionOf(request, response)) << "; " << response.held_deliveries()
            << " deliveries stopped\n";
  return kExitDone;
}

}  // namespace

void AddRegisterCommands(CLI::App& app, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const registers = app.add_subcommand("register", "registers of people and restrictions");
  registers->require_subcommand(1);
  registers->add_subcommand("show", "the directories in force")->callback([&session] {
    session.Run([&](Client& client) { return Show(client, session.format()); });
  });
  CLI::App* const apply =
      registers->add_subcommand("apply", "sign a directory and put it in force; needs the agent's certificate");
  apply->add_option("file", o->file, "Directory in protobuf text, version above the last; - for standard input")
      ->required();
  apply->add_option("--signing-key", o->signing_key, "the agency's signing key file (mode 0600)")->required();
  apply->callback(
      [o, &session] { session.Run([&](Client& client) { return Apply(client, o->file, o->signing_key); }); });
  CLI::App* const restriction =
      registers->add_subcommand("restrict", "stop everything of this agency about one person, or lift that");
  restriction->add_option("--id", o->identifiers, "verified identifier, `<type>:<value>`: the broker stops by it too");
  restriction->add_option("--record", o->records,
                          "reference of a record in the agency's own system: protects who has no verified identifier");
  restriction->add_option("--restriction", o->restriction, "restriction id, to lift one");
  restriction->add_flag("--lift", o->lift, "lift it");
  restriction->callback([o, &session] { session.Run([&](Client& client) { return Restrict(client, *o); }); });
}

}  // namespace derwent::cli
