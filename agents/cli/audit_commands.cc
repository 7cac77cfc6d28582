#include <iostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

#include "agents/cli/commands.h"
#include "agents/cli/entry_view.h"
#include "agents/cli/output.h"
#include "agents/cli/text.h"
#include "agents/cli/verify.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

using Stub = v1::LedgerService::Stub;

absl::StatusOr<int> PrintEntries(Client& client, v1::SearchLedgerEntriesRequest request, Format format) {
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  Rows rows({"index", "time", "step", "from", "to", "purpose", "profile", "subject", "outcome", "reasons", "share"});
  uint64_t query = 0;
  do {
    ASSIGN_OR_RETURN(const v1::SearchLedgerEntriesResponse page,
                     broker->Call(*stub, &Stub::SearchLedgerEntries, request, client.options()));
    for (const v1::LedgerEntry& entry : page.entries()) {
      RETURN_IF_ERROR(VerifyEntry(entry, log_key, client.configuration().origin));
      const EntryView view(entry);
      rows.Add({absl::StrCat(entry.index()), view.Time(), view.Pair("step", "step"), view.Field("releasing_agency"),
                view.Field("receiving_agency"), view.Pair("purpose", "purpose"), view.Pair("purpose", "profile"),
                view.Pair("subject_role", "role"), view.Pair("outcome", "outcome"), view.Pair("outcome", "reasons"),
                view.Pair("ids", "share")});
    }
    query = page.query_receipt().index();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  rows.Print(format, std::cout);
  std::cerr << "every entry shown verifies; this look is entry " << query << "\n";
  return kExitDone;
}

absl::StatusOr<int> Person(Client& client, const std::vector<std::string>& identifiers, const std::string& enclave,
                           Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::ComputeReferencesRequest ask;
  for (const std::string& identifier : identifiers) {
    if (identifier != "-") {
      ask.add_identifiers(identifier);
      continue;
    }
    ASSIGN_OR_RETURN(const std::string lines, ReadIn("-", 64 << 10));
    for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipWhitespace()))
      ask.add_identifiers(std::string(absl::StripAsciiWhitespace(line)));
  }
  ask.set_enclave(enclave);
  ASSIGN_OR_RETURN(const v1::ComputeReferencesResponse references,
                   agent->Call(*stub, &v1::AgentService::Stub::ComputeReferences, ask, client.options()));
  // Without a reference the search would not be about this person but about everybody.
  if (references.references().empty()) return absl::InvalidArgumentError("no verified identifier to search by");
  v1::SearchLedgerEntriesRequest request;
  *request.mutable_subject_references() = references.references();
  return PrintEntries(client, std::move(request), format);
}

absl::StatusOr<int> Show(Client& client, uint64_t index, Format format) {
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  v1::GetLedgerEntryRequest request;
  request.set_name(absl::StrCat("ledger/entries/", index));
  ASSIGN_OR_RETURN(const v1::LedgerEntry entry, broker->Call(*stub, &Stub::GetLedgerEntry, request, client.options()));
  RETURN_IF_ERROR(VerifyEntry(entry, log_key, client.configuration().origin));
  const EntryView view(entry);
  if (format == Format::kTable) {
    for (const std::string& sentence : view.Sentences()) std::cout << SafeText(sentence) << "\n";
    std::cout << "\n";
  }
  Rows rows({"field", "name", "value"});
  for (const v1::OpenedField& field : entry.fields()) {
    const std::string& value = view.Field(field.name());
    if (format != Format::kTable)
      rows.Add({absl::StrCat(field.number()), field.name(), value});
    else
      for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(value, "\n"), '\n'))
        rows.Add({absl::StrCat(field.number()), field.name(), std::string(line)});
  }
  rows.Print(format, std::cout);
  std::cerr << "entry " << index << " is in the ledger: its receipt verifies\n";
  return kExitDone;
}

struct Options {
  std::string agency, board, purpose, decision, share, step, reason, from, to;
  std::vector<std::string> identifiers;
  std::string enclave = "general";
  uint64_t index = 0;
};

void AddFilters(CLI::App& command, const std::shared_ptr<Options>& o) {
  command.add_option("--agency", o->agency, "the other agency");
  command.add_option("--board", o->board, "board");
  command.add_option("--purpose", o->purpose, "purpose");
  command.add_option("--decision", o->decision, "PERMIT, PARTIAL, PENDING or DENY");
  command.add_option("--share", o->share, "share id");
  command.add_option("--step", o->step, "step, for instance referral");
  command.add_option("--reason", o->reason, "reason code");
  command.add_option("--from", o->from, "first day, YYYY-MM-DD (London)");
  command.add_option("--to", o->to, "last day, inclusive");
}

absl::StatusOr<v1::SearchLedgerEntriesRequest> Request(const Options& o) {
  v1::SearchLedgerEntriesRequest request;
  request.set_agency(o.agency);
  request.set_board(o.board);
  request.set_purpose(o.purpose);
  request.set_decision(o.decision);
  request.set_share_id(o.share);
  request.set_step(o.step);
  request.set_reason(o.reason);
  if (!o.from.empty()) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(o.from));
    request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(LondonStartOf(day)));
  }
  if (!o.to.empty()) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(o.to));
    request.mutable_end_time()->set_seconds(absl::ToUnixSeconds(LondonStartOf(day + 1)));
  }
  return request;
}

absl::StatusOr<int> Search(Client& client, const Options& o, Format format) {
  ASSIGN_OR_RETURN(v1::SearchLedgerEntriesRequest request, Request(o));
  return PrintEntries(client, std::move(request), format);
}

}  // namespace

void AddAuditCommands(CLI::App& app, Session& session) {
  CLI::App* const audit = app.add_subcommand("audit", "what the agency shared and why; every look is itself an entry");
  audit->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  CLI::App* const search = audit->add_subcommand("search", "entries the agency is party to");
  AddFilters(*search, o);
  search->callback(
      [o, &session] { session.Run([&](Client& client) { return Search(client, *o, session.format()); }); });
  CLI::App* const refusals = audit->add_subcommand("refusals", "what was refused");
  AddFilters(*refusals, o);
  refusals->callback([o, &session] {
    o->decision = "DENY";
    session.Run([&](Client& client) { return Search(client, *o, session.format()); });
  });
  CLI::App* const person = audit->add_subcommand("person", "every share about one person");
  person
      ->add_option(
          "--id", o->identifiers,
          "identifier, `<type>:<value>`, for instance nhs:9990000026; - reads them from standard input, one a line")
      ->required();
  person->add_option("--enclave", o->enclave, "general, channel, nrm or sarc")->capture_default_str();
  person->callback([o, &session] {
    session.Run([&](Client& client) { return Person(client, o->identifiers, o->enclave, session.format()); });
  });
  CLI::App* const show = audit->add_subcommand("show", "one entry, opened as far as the caller may");
  show->add_option("index", o->index, "entry index")->required();
  show->callback(
      [o, &session] { session.Run([&](Client& client) { return Show(client, o->index, session.format()); }); });
}

}  // namespace derwent::cli
