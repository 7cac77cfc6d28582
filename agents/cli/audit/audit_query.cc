#include "agents/cli/audit/audit_query.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

#include "agents/cli/ledger/entry_view.h"
#include "agents/cli/ledger/verify.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

constexpr int kLargestPage = 500;
constexpr size_t kMostIdentifierOctets = 64 << 10;

absl::StatusOr<google::protobuf::Timestamp> Midnight(const std::string& text, int days_on) {
  ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(text));
  google::protobuf::Timestamp time;
  time.set_seconds(absl::ToUnixSeconds(LondonStartOf(day + days_on)));
  return time;
}

absl::Status AddReferences(Client& client, const AuditFilters& filters, v1::SearchLedgerEntriesRequest& request) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  v1::ComputeReferencesRequest ask;
  ASSIGN_OR_RETURN(const std::vector<std::string> identifiers, IdentifiersOf(filters));
  ask.mutable_identifiers()->Assign(identifiers.begin(), identifiers.end());
  ask.set_enclave(filters.enclave);
  ASSIGN_OR_RETURN(const v1::ComputeReferencesResponse references,
                   agent->Call(*stub, &v1::AgentService::Stub::ComputeReferences, ask, client.options()));
  // Without a reference the search would not be about this person but about everybody.
  if (references.references().empty()) return absl::InvalidArgumentError("no verified identifier to search by");
  *request.mutable_subject_references() = references.references();
  return absl::OkStatus();
}

}  // namespace

void AddPersonConcerned(CLI::App& command, AuditFilters& f) {
  command.add_option(
      "--id", f.identifiers,
      "identifier of the person concerned, `<type>:<value>`, for instance nhs:9990000026; - reads them from standard "
      "input, one a line");
  command.add_option("--enclave", f.enclave, "general, channel, nrm or sarc")->capture_default_str();
}

void AddPeriod(CLI::App& command, AuditFilters& f) {
  command.add_option("--from", f.from, "first day, YYYY-MM-DD (London)");
  command.add_option("--to", f.to, "last day, inclusive");
}

void AddPages(CLI::App& command, AuditFilters& f) {
  command.add_option("--limit", f.limit, "rows at most; all without")->check(CLI::Range(1, 1'000'000));
  command.add_option("--page", f.page, "goes on where an earlier `--limit` stopped");
}

void AddFilters(CLI::App& command, AuditFilters& f) {
  AddPeriod(command, f);
  command.add_option("--agency", f.agency, "the other agency");
  command.add_option("--person", f.person, "opaque id of who acted for your own side");
  command.add_option("--board", f.board, "board");
  command.add_option("--purpose", f.purpose, "purpose");
  command.add_option("--decision", f.decision, "PERMIT, PARTIAL, PENDING or DENY");
  command.add_option("--reason", f.reason, "reason code");
  command.add_option("--category", f.category, "category asked about");
  command.add_option("--agreement", f.agreement, "agreement");
  command.add_option("--share", f.share, "share id");
  command.add_option("--step", f.step, "step, for instance referral");
  AddPages(command, f);
}

absl::StatusOr<std::vector<std::string>> IdentifiersOf(const AuditFilters& filters) {
  std::vector<std::string> identifiers;
  for (const std::string& identifier : filters.identifiers) {
    if (identifier != "-") {
      identifiers.push_back(identifier);
      continue;
    }
    ASSIGN_OR_RETURN(const std::string lines, ReadIn("-", kMostIdentifierOctets));
    for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipWhitespace()))
      identifiers.emplace_back(absl::StripAsciiWhitespace(line));
  }
  return identifiers;
}

absl::StatusOr<google::protobuf::Timestamp> StartOf(const std::string& day) { return Midnight(day, 0); }
absl::StatusOr<google::protobuf::Timestamp> EndOf(const std::string& day) { return Midnight(day, 1); }

absl::StatusOr<v1::SearchLedgerEntriesRequest> SearchOf(Client& client, const AuditFilters& f) {
  v1::SearchLedgerEntriesRequest request;
  request.set_agency(f.agency);
  request.set_board(f.board);
  request.set_purpose(f.purpose);
  request.set_decision(f.decision);
  request.set_share_id(f.share);
  request.set_step(f.step);
  request.set_reason(f.reason);
  request.set_person(f.person);
  request.set_category(f.category);
  request.set_agreement(f.agreement);
  request.set_as_auditor(f.as_auditor);
  request.set_page_token(f.page);
  RETURN_IF_ERROR(SetPeriod(f, request));
  if (!f.identifiers.empty()) RETURN_IF_ERROR(AddReferences(client, f, request));
  return request;
}

absl::StatusOr<Searched> EachEntry(Client& client, v1::SearchLedgerEntriesRequest request, int limit,
                                   const EntryVisit& visit, const PageVisit& page_done) {
  using Stub = v1::LedgerService::Stub;
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  Searched searched;
  int left = limit;
  do {
    request.set_page_size(limit == 0 ? kLargestPage : std::min(left, kLargestPage));
    ASSIGN_OR_RETURN(const v1::SearchLedgerEntriesResponse page,
                     broker->Call(*stub, &Stub::SearchLedgerEntries, request, client.options()));
    for (const v1::LedgerEntry& entry : page.entries()) {
      RETURN_IF_ERROR(VerifyEntry(entry, log_keys, client.configuration().origin));
      RETURN_IF_ERROR(visit(entry));
    }
    searched = {.query = page.query_receipt().index(), .next = page.next_page_token()};
    if (page_done != nullptr) RETURN_IF_ERROR(page_done(page));
    request.set_page_token(searched.next);
    left -= page.entries_size();
  } while (!searched.next.empty() && (limit == 0 || left > 0));
  return searched;
}

}  // namespace derwent::cli
