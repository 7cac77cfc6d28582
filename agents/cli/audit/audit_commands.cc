#include "agents/cli/audit/audit_commands.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "agents/cli/audit/audit_completeness.h"
#include "agents/cli/audit/audit_export.h"
#include "agents/cli/audit/audit_looked.h"
#include "agents/cli/audit/audit_person.h"
#include "agents/cli/audit/audit_query.h"
#include "agents/cli/audit/audit_receipts.h"
#include "agents/cli/audit/audit_reports.h"
#include "agents/cli/audit/audit_show.h"
#include "agents/cli/audit/audit_verify.h"
#include "agents/cli/ledger/believed_options.h"
#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/terminal/output.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

// Each command has its own: CLI11 writes into them.
struct Options {
  AuditFilters filters;
  PersonOptions person;
  std::string folder, certificate, serial, index;
  uint64_t entry = 0;
  bool with_text = false;
};
using Shared = std::shared_ptr<Options>;  // Shared with the callbacks that CLI11 keeps.

absl::StatusOr<int> List(Client& client, const AuditFilters& filters, v1::SearchView view, Format format) {
  ASSIGN_OR_RETURN(v1::SearchLedgerEntriesRequest request, SearchOf(client, filters));
  request.set_view(view);
  Rows rows(EntryHeader(format));
  const auto add = [&](const v1::LedgerEntry& entry) {
    rows.Add(EntryCells(entry, format));
    return absl::OkStatus();
  };
  ASSIGN_OR_RETURN(const Searched searched, EachEntry(client, std::move(request), filters.limit, add));
  rows.Print(format, std::cout);
  std::cerr << "every entry shown verifies; this look is entry " << searched.query << "\n";
  if (!searched.next.empty()) std::cerr << "there is more: --page " << searched.next << "\n";
  return kExitDone;
}

void AddSearch(CLI::App& audit, Session& session) {
  const Shared o = std::make_shared<Options>();
  CLI::App* const search = audit.add_subcommand("search", "entries the agency is party to, in ledger order");
  AddFilters(*search, o->filters);
  AddPersonConcerned(*search, o->filters);
  search->add_flag("--auditor", o->filters.as_auditor,
                   "the metadata of every agency's entries: for an auditor of the consortium");
  search->callback([o, &session] {
    session.Run(
        [&](Client& client) { return List(client, o->filters, v1::SEARCH_VIEW_UNSPECIFIED, session.format()); });
  });
  const Shared r = std::make_shared<Options>();
  CLI::App* const refusals = audit.add_subcommand("refusals", "what was refused, and what nobody answered in time");
  AddFilters(*refusals, r->filters);
  AddPersonConcerned(*refusals, r->filters);
  refusals->callback([r, &session] {
    session.Run([&](Client& client) { return List(client, r->filters, v1::SEARCH_VIEW_REFUSALS, session.format()); });
  });
}

void AddShow(CLI::App& audit, Session& session) {
  const Shared o = std::make_shared<Options>();
  CLI::App* const show = audit.add_subcommand(
      "show", "one decision whole: entry, reasons, gateways and bases, decided again under the policy as it was");
  show->add_option("index", o->entry, "entry index")->required();
  show->add_flag("--policy", o->with_text, "with the text of profile, agreement and gateways as they were");
  show->callback([o, &session] {
    session.Run([&](Client& client) { return ShowDecision(client, o->entry, o->with_text, session.format()); });
  });
}

void AddPerson(CLI::App& audit, Session& session) {
  const Shared o = std::make_shared<Options>();
  CLI::App* const person =
      audit.add_subcommand("person", "everything shared about one person, for officers or for the person");
  AddPersonConcerned(*person, o->person.filters);
  person->get_option("--id")->required();
  AddPeriod(*person, o->person.filters);
  person
      ->add_option("--edition", o->person.edition,
                   "full: every entry; releasable: what may be told to the person, without a trace of the rest")
      ->check(CLI::IsMember({"full", "releasable"}))
      ->capture_default_str();
  person->add_option("--withhold", o->person.withhold, "entries the releasable edition leaves out");
  person->add_option("--release", o->person.release,
                     "entries it tells although existence is a secret in their profile");
  person->callback([o, &session] {
    session.Run([&](Client& client) { return ReportPerson(client, o->person, session.format()); });
  });
}

void AddLooked(CLI::App& audit, Session& session) {
  const Shared o = std::make_shared<Options>();
  CLI::App* const looked =
      audit.add_subcommand("looked", "who looked: reads of the ledger, and openings at the agency's agent");
  AddPeriod(*looked, o->filters);
  AddPersonConcerned(*looked, o->filters);
  looked->add_option("--person", o->filters.person, "opaque id of who looked");
  looked->add_option("--share", o->filters.share, "share that was opened");
  AddPages(*looked, o->filters);
  looked->callback(
      [o, &session] { session.Run([&](Client& client) { return ListLooks(client, o->filters, session.format()); }); });
}

void AddReports(CLI::App& audit, Session& session) {
  const Shared c = std::make_shared<Options>();
  CLI::App* const completeness = audit.add_subcommand(
      "completeness",
      "the agency's own outbox and inbox against the ledger, both ways; exit 8 when something is missing");
  AddPeriod(*completeness, c->filters);
  completeness->callback([c, &session] {
    session.Run([&](Client& client) { return CheckCompleteness(client, c->filters, session.format()); });
  });
  const Shared b = std::make_shared<Options>();
  CLI::App* const breach = audit.add_subcommand(
      "breach", "what a credential or a window of time touched: people counted, categories, recipients, shares");
  AddPeriod(*breach, b->filters);
  breach->add_option("--person", b->filters.person, "opaque id of the person whose credential it is");
  breach->add_option("--certificate", b->certificate, "the certificate (PEM): whose it is, and since when");
  breach->add_option("--serial", b->serial, "the certificate's serial alone, hexadecimal: what its bearer did here")
      ->excludes("--person")
      ->excludes("--certificate");
  breach->callback([b, &session] {
    session.Run([&](Client& client) {
      return ReportBreach(client, b->filters, {.certificate = b->certificate, .serial = b->serial}, session.format());
    });
  });
  const Shared r = std::make_shared<Options>();
  CLI::App* const replay = audit.add_subcommand(
      "replay", "decides again what the ledger says was decided; exit 8 when one comes out otherwise");
  replay->add_option("index", r->index, "one entry; all of the period without")->check(CLI::NonNegativeNumber);
  AddPeriod(*replay, r->filters);
  replay->callback([r, &session] {
    session.Run([&](Client& client) { return ReplayDecisions(client, r->index, r->filters, session.format()); });
  });
}

void AddReceipts(CLI::App& audit, Session& session) {
  struct Writing {
    std::string folder, share;
  };
  const auto o = std::make_shared<Writing>();
  CLI::App* const receipts = audit.add_subcommand(
      "receipts", "the receipts that the own agent keeps, as files for `ledger verify`; the broker is not asked");
  receipts->add_option("folder", o->folder, "folder; made when it is not there")->required();
  receipts->add_option("--share", o->share, "of this share alone");
  receipts->callback(
      [o, &session] { session.Run([&](Client& client) { return WriteReceipts(client, o->share, o->folder); }); });
}

void AddExport(CLI::App& audit, Session& session) {
  const Shared o = std::make_shared<Options>();
  CLI::App* const files = audit.add_subcommand(
      "export", "a search as CSV and JSON Lines with proofs and a manifest; interrupted, it goes on where it stopped");
  files->add_option("folder", o->folder, "folder; made when it is not there")->required();
  AddFilters(*files, o->filters);
  AddPersonConcerned(*files, o->filters);
  files->remove_option(files->get_option("--limit"));
  files->remove_option(files->get_option("--page"));
  files->callback(
      [o, &session] { session.Run([&](Client& client) { return ExportSearch(client, o->filters, o->folder); }); });
}

void AddVerify(CLI::App& audit, Session& session) {
  struct Verifying {
    std::string folder;
    BelievedOptions believed;
    KeyRoots keys;
  };
  const auto o = std::make_shared<Verifying>();
  CLI::App* const verify = audit.add_subcommand("verify",
                                                "verify an export's rows, receipts, manifest and signature with the "
                                                "log's key and the agency's first; no broker needed");
  verify->add_option("folder", o->folder, "the export's folder")->required();
  o->believed.AddTo(*verify);
  CLI::Option* const ca =
      verify->add_option("--ca", o->keys.ca, "the consortium's authorities (PEM), for the agency's signature");
  CLI::Option* const first = verify->add_option(
      "--first-key", o->keys.first_key, "id of the agency's first signing key, come by another way than the folder");
  verify->add_option("--crl", o->keys.crl, "which certificates are revoked (PEM)")->needs(ca);
  ca->needs(first);
  first->needs(ca);
  verify->callback([o, &session] {
    const absl::StatusOr<Believed> believed = o->believed.Read();
    const absl::StatusOr<int> code =
        believed.ok() ? VerifyAuditExport(o->folder, *believed, o->keys, std::cout) : believed.status();
    session.exit_code = code.ok() ? *code : ReportFailure(code.status());
  });
}

}  // namespace

void AddAuditCommands(CLI::App& app, Session& session) {
  CLI::App* const audit = app.add_subcommand("audit", "what the agency shared and why; every look is itself an entry");
  audit->require_subcommand(1);
  AddSearch(*audit, session);
  AddShow(*audit, session);
  AddPerson(*audit, session);
  AddLooked(*audit, session);
  AddReports(*audit, session);
  AddReceipts(*audit, session);
  AddExport(*audit, session);
  AddVerify(*audit, session);
}

}  // namespace derwent::cli
