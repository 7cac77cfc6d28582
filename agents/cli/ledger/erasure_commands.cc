#include "agents/cli/ledger/erasure_commands.h"

#include <algorithm>
#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"

#include "agents/cli/ledger/erasure_asked.h"
#include "agents/cli/session/signing.h"
#include "agents/cli/terminal/closed_list.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/erasure_service.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/authority.h"
#include "trust/identity/certificate.h"
#include "trust/secret/random.h"
#include "trust/signature/key_file.h"
#include "trust/signature/payload_types.h"

namespace derwent::cli {
namespace {

constexpr std::array<absl::string_view, 3> kHoldReasons = {"LEGAL", "COMPLAINT", "REVIEW"};
constexpr std::array<absl::string_view, 4> kErasureReasons = {"RIGHT_TO_ERASURE", "UNLAWFUL", "COURT_ORDER", "ERROR"};

using Stub = v1::ErasureService::Stub;

constexpr absl::Duration kGoodFor = absl::Hours(24 * 30);
constexpr int kPage = 500;

struct Options {
  std::string id, reason;
  std::string role = "dpo";
  std::vector<uint64_t> entries;
};

absl::StatusOr<trust::Certificate> OwnCertificate(const Client& client) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(client.configuration().certificate));
  return trust::Certificate::FromPem(pem);
}

// A command by the configuration's own person and key.
template <typename Command>
absl::StatusOr<v1::SignedCommand> Sign(const Client& client, absl::string_view type, const Options& o,
                                       Command command) {
  ASSIGN_OR_RETURN(const trust::Certificate certificate, OwnCertificate(client));
  command.set_signer_agency(certificate.id().agency);
  command.set_signer_person(certificate.id().name);
  command.set_signer_role(o.role);
  command.mutable_create_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
  v1::SignedCommand signed_command;
  ASSIGN_OR_RETURN(*signed_command.mutable_command(), SignWithFile(type, command, client.configuration().key));
  signed_command.set_certificate(certificate.der());
  return signed_command;
}

template <typename Command>
void SetEntries(std::vector<uint64_t> entries, Command& command) {
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  command.mutable_entries()->Add(entries.begin(), entries.end());
}

absl::StatusOr<int> Hold(Client& client, const Options& o, v1::HoldAction action) {
  v1::HoldCommand command;
  command.set_hold_id(o.id.empty() ? trust::SystemRandom().NewUuid().text() : o.id);
  command.set_action(action);
  command.set_reason(o.reason);
  SetEntries(o.entries, command);
  v1::ApplyHoldRequest request;
  ASSIGN_OR_RETURN(*request.mutable_hold(), Sign(client, trust::kHoldType, o, command));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::ErasureService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::ApplyHoldResponse response,
                   broker->Call(*stub, &Stub::ApplyHold, request, client.options()));
  std::cout << command.hold_id() << "\n";
  std::cerr << (action == v1::HOLD_ACTION_PLACE ? "in force" : "lifted") << "; ledger entry "
            << response.receipt().index() << "\n";
  return kExitDone;
}

// Every erasure that concerns the agency, newest first.
absl::StatusOr<std::vector<v1::Erasure>> Fetch(Client& client) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::ErasureService::NewStub(broker->grpc());
  std::vector<v1::Erasure> erasures;
  v1::ListErasuresRequest request;
  request.set_page_size(kPage);
  do {
    ASSIGN_OR_RETURN(const v1::ListErasuresResponse page,
                     broker->Call(*stub, &Stub::ListErasures, request, client.options()));
    erasures.insert(erasures.end(), page.erasures().begin(), page.erasures().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return erasures;
}

std::string StateText(const v1::Erasure& erasure) {
  switch (erasure.state()) {
    case v1::ERASURE_STATE_REQUESTED:
      return "requested";
    case v1::ERASURE_STATE_ERASING:
      return "erasing";
    case v1::ERASURE_STATE_ERASED:
      return "erased";
    case v1::ERASURE_STATE_LAPSED:
      return "lapsed";
    default:
      return "unknown";
  }
}

std::string Awaited(const v1::Erasure& erasure) {
  if (erasure.state() == v1::ERASURE_STATE_REQUESTED) return "the second signature";
  std::vector<std::string> agencies;
  for (const v1::ErasureParty& party : erasure.parties()) {
    if (erasure.state() != v1::ERASURE_STATE_ERASING || party.has_attest_time()) continue;
    agencies.push_back(party.chased() == 0 ? party.agency()
                                           : absl::StrCat(party.agency(), " (chased ", party.chased(), "x)"));
  }
  return absl::StrJoin(agencies, " ");
}

int Print(const std::vector<v1::Erasure>& erasures, Format format) {
  Rows rows({"erasure", "state", "by", "entries", "awaited", "record"});
  bool all_done = true;
  for (const v1::Erasure& erasure : erasures) {
    const bool open = erasure.state() == v1::ERASURE_STATE_REQUESTED || erasure.state() == v1::ERASURE_STATE_ERASING;
    all_done = all_done && !open;
    rows.Add({erasure.erasure_id(), StateText(erasure), erasure.has_request() ? "request" : "schedule",
              absl::StrJoin(erasure.entries(), " "), Awaited(erasure),
              erasure.has_receipt() ? absl::StrCat(erasure.receipt().index()) : ""});
  }
  rows.Print(format, std::cout);
  return all_done ? kExitDone : kExitPartial;
}

absl::StatusOr<int> Status(Client& client, const std::string& id, Format format) {
  ASSIGN_OR_RETURN(std::vector<v1::Erasure> erasures, Fetch(client));
  if (id.empty()) return Print(erasures, format);
  std::erase_if(erasures, [&](const v1::Erasure& erasure) { return erasure.erasure_id() != id; });
  if (erasures.empty()) return absl::NotFoundError(absl::StrCat("no erasure `", id, "` concerns this agency"));
  return Print(erasures, format);
}

absl::StatusOr<v1::SignedCommand> SignErasure(const Client& client, const Options& o) {
  v1::ErasureCommand command;
  command.set_erasure_id(o.id);
  command.set_reason(o.reason);
  SetEntries(o.entries, command);
  command.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(absl::Now() + kGoodFor) - 1);
  return Sign(client, trust::kErasureType, o, command);
}

absl::StatusOr<int> Request(Client& client, Options o, Format format) {
  o.id = trust::SystemRandom().NewUuid().text();
  v1::RequestErasureRequest request;
  ASSIGN_OR_RETURN(*request.mutable_command(), SignErasure(client, o));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::ErasureService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::Erasure asked, broker->Call(*stub, &Stub::RequestErasure, request, client.options()));
  return Print({asked}, format);
}

// What was asked for, as the approver's agency may see it; who chairs a board but is no party names it all.
absl::Status FillAsked(Client& client, Options& o) {
  ASSIGN_OR_RETURN(const std::vector<v1::Erasure> erasures, Fetch(client));
  const auto found = std::find_if(erasures.begin(), erasures.end(),
                                  [&](const v1::Erasure& erasure) { return erasure.erasure_id() == o.id; });
  if (found == erasures.end()) {
    if (!o.entries.empty() && !o.reason.empty()) return absl::OkStatus();
    return absl::NotFoundError(
        absl::StrCat("no erasure `", o.id, "` concerns this agency; who chairs the board gives --entry and --reason"));
  }
  ASSIGN_OR_RETURN(const trust::Certificate own, OwnCertificate(client));
  ASSIGN_OR_RETURN(const std::string ca, trust::ReadFile(client.configuration().ca));
  ASSIGN_OR_RETURN(const trust::Authority authority, trust::Authority::FromPem(ca, own.id().trust_domain));
  ASSIGN_OR_RETURN(const v1::ErasureCommand asked,
                   AskedErasure(*found, {.entries = o.entries, .reason = o.reason}, authority, absl::Now()));
  o.entries.assign(asked.entries().begin(), asked.entries().end());
  o.reason = asked.reason();
  return absl::OkStatus();
}

absl::StatusOr<int> Approve(Client& client, Options o, Format format) {
  RETURN_IF_ERROR(FillAsked(client, o));
  v1::ApproveErasureRequest request;
  ASSIGN_OR_RETURN(*request.mutable_command(), SignErasure(client, o));
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::ErasureService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::Erasure done, broker->Call(*stub, &Stub::ApproveErasure, request, client.options()));
  std::cerr << "erased at the broker: entries " << absl::StrJoin(o.entries, " ") << ", " << o.reason << "\n";
  return Print({done}, format);
}

void AddHold(CLI::App& ledger, const std::shared_ptr<Options>& o, Session& session) {
  CLI::App* const hold = ledger.add_subcommand("hold", "stop entries from being erased, signed with your own key");
  hold->require_subcommand(1);
  CLI::App* const place = hold->add_subcommand("place", "place a hold; prints its id");
  place->add_option("--entry", o->entries, "entry index; may be repeated")->required();
  CLI::App* const lift = hold->add_subcommand("lift", "end a hold that this agency placed");
  lift->add_option("hold", o->id, "hold id")->required();
  for (CLI::App* const command : {place, lift}) {
    FromList(command->add_option("--reason", o->reason, "why")->required(), kHoldReasons);
    command->add_option("--role", o->role, "role you sign in")->capture_default_str();
  }
  place->callback(
      [o, &session] { session.Run([&](Client& client) { return Hold(client, *o, v1::HOLD_ACTION_PLACE); }); });
  lift->callback(
      [o, &session] { session.Run([&](Client& client) { return Hold(client, *o, v1::HOLD_ACTION_LIFT); }); });
}

void AddErase(CLI::App& ledger, const std::shared_ptr<Options>& o, Session& session) {
  CLI::App* const erase =
      ledger.add_subcommand("erase", "erase what names a person from entries; two officers sign, proofs stay");
  erase->require_subcommand(1);
  CLI::App* const request = erase->add_subcommand(
      "request", "ask for it, as the officer of the agency whose data it is; exit 9 until agreed");
  request->add_option("--entry", o->entries, "entry index; may be repeated")->required();
  FromList(request->add_option("--reason", o->reason, "why")->required(), kErasureReasons);
  CLI::App* const approve =
      erase->add_subcommand("approve", "agree, as the other party's officer or chair of the board: it is done at once");
  approve->add_option("erasure", o->id, "erasure id")->required();
  approve->add_option(
      "--entry", o->entries,
      "what was asked for: refused if it was not; where this agency is no party, needed; may be repeated");
  FromList(approve->add_option("--reason", o->reason, "likewise"), kErasureReasons);
  for (CLI::App* const command : {request, approve})
    command->add_option("--role", o->role, "role you sign in")->capture_default_str();
  CLI::App* const status = erase->add_subcommand(
      "status", "how far erasures are, and who has still to attest; exit 9 while something is awaited");
  status->add_option("erasure", o->id, "erasure id; default: all of this agency");
  request->callback(
      [o, &session] { session.Run([&](Client& client) { return Request(client, *o, session.format()); }); });
  approve->callback(
      [o, &session] { session.Run([&](Client& client) { return Approve(client, *o, session.format()); }); });
  status->callback(
      [o, &session] { session.Run([&](Client& client) { return Status(client, o->id, session.format()); }); });
}

}  // namespace

void AddErasureCommands(CLI::App& ledger, Session& session) {
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  AddHold(ledger, o, session);
  AddErase(ledger, o, session);
}

}  // namespace derwent::cli
