#include "agents/cli/audit_reports.h"

#include <algorithm>
#include <iostream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "agents/cli/entry_view.h"
#include "agents/cli/exit_code.h"
#include "agents/cli/text.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "derwent/v1/audit.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"

namespace derwent::cli {
namespace {

template <typename Request>
absl::Status SetPeriod(const AuditFilters& filters, Request& request) {
  if (!filters.from.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_start_time(), StartOf(filters.from));
  }
  if (!filters.to.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_end_time(), EndOf(filters.to));
  }
  return absl::OkStatus();
}

std::string TimeOf(const google::protobuf::Timestamp& time) {
  return TimeText(absl::StrCat(time.seconds() * 1000 + time.nanos() / 1'000'000));
}

// An act that is told, wherever it was recorded.
using Look = std::vector<std::string>;

absl::Status AddOpenings(Client& client, const AuditFilters& filters, std::vector<Look>& looks) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentAuditService::NewStub(agent->grpc());
  v1::ListOpeningsRequest request;
  RETURN_IF_ERROR(SetPeriod(filters, request));
  request.set_person(filters.person);
  request.set_share_id(filters.share);
  request.set_page_size(500);
  do {
    ASSIGN_OR_RETURN(const v1::ListOpeningsResponse page,
                     agent->Call(*stub, &v1::AgentAuditService::Stub::ListOpenings, request, client.options()));
    for (const v1::Opening& opening : page.openings())
      looks.push_back({TimeOf(opening.time()), "agent", "", opening.person(), opening.action(), opening.share_id()});
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return absl::OkStatus();
}

// Whom a certificate names, and since when.
absl::Status TakeCertificate(const std::string& path, AuditFilters& filters, v1::ReportBreachRequest& request) {
  ASSIGN_OR_RETURN(const std::string pem, ReadIn(path, 1 << 20));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, trust::Certificate::FromPem(pem));
  if (certificate.id().kind == trust::CallerKind::kPerson) filters.person = certificate.id().name;
  if (filters.from.empty()) request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(certificate.not_before()));
  std::cerr << "certificate with serial " << certificate.serial() << "\n";
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> ReplayDecisions(Client& client, const std::string& index, const AuditFilters& period,
                                    Format format) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::AuditService::NewStub(broker->grpc());
  v1::ReplayDecisionsRequest request;
  if (!index.empty()) request.set_name(absl::StrCat("ledger/entries/", index));
  RETURN_IF_ERROR(SetPeriod(period, request));
  Rows rows({"entry", "differs"});
  v1::ReplayDecisionsResponse total;
  do {
    ASSIGN_OR_RETURN(const v1::ReplayDecisionsResponse page,
                     broker->Call(*stub, &v1::AuditService::Stub::ReplayDecisions, request, client.options()));
    total.set_same(total.same() + page.same());
    total.set_erased(total.erased() + page.erased());
    total.set_not_at_hand(total.not_at_hand() + page.not_at_hand());
    total.mutable_differences()->MergeFrom(page.differences());
    total.mutable_query_receipt()->set_index(page.query_receipt().index());
    request.set_page_token(page.next_page_token());
    if (!request.page_token().empty())
      std::cerr << "gone through " << page.position() << " of " << page.size() << " entries\n";
  } while (!request.page_token().empty());
  for (const v1::ReplayDifference& difference : total.differences()) rows.Add({difference.name(), difference.what()});
  rows.Print(format, std::cout);
  std::cerr << total.same() << " decisions come out the same, " << total.differences_size() << " otherwise; "
            << total.not_at_hand() << " under a policy or registers not at hand, " << total.erased()
            << " erased; this look is entry " << total.query_receipt().index() << "\n";
  return total.differences().empty() ? kExitDone : kExitTampered;
}

absl::StatusOr<int> ReportBreach(Client& client, AuditFilters filters, const std::string& certificate, Format format) {
  v1::ReportBreachRequest request;
  if (!certificate.empty()) RETURN_IF_ERROR(TakeCertificate(certificate, filters, request));
  RETURN_IF_ERROR(SetPeriod(filters, request));
  request.set_person(filters.person);
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::AuditService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::BreachReport report,
                   broker->Call(*stub, &v1::AuditService::Stub::ReportBreach, request, client.options()));
  Rows rows({"what", "code", "shares", "people"});
  rows.Add({"all", "", absl::StrCat(report.shares()), absl::StrCat(report.people())});
  for (const v1::BreachPart& part : report.categories())
    rows.Add({"category", part.code(), absl::StrCat(part.shares()), absl::StrCat(part.people())});
  for (const v1::BreachPart& part : report.agencies())
    rows.Add({"agency", part.code(), absl::StrCat(part.shares()), absl::StrCat(part.people())});
  rows.Print(format, std::cout);
  std::cerr << report.entries() << " entries; of the people " << report.without_reference()
            << " are counted a share, for want of a reference that this agency supplied; this look is entry "
            << report.query_receipt().index() << "\n";
  return kExitDone;
}

absl::StatusOr<int> ListLooks(Client& client, const AuditFilters& filters, Format format) {
  std::vector<Look> looks;
  ASSIGN_OR_RETURN(v1::SearchLedgerEntriesRequest request, SearchOf(client, filters));
  request.clear_share_id();
  request.set_view(v1::SEARCH_VIEW_LOOKS);
  uint64_t query = 0;
  if (filters.share.empty()) {  // A look into the ledger is about no share.
    ASSIGN_OR_RETURN(
        const Searched searched, EachEntry(client, request, 0, [&](const v1::LedgerEntry& entry) {
          const EntryView view(entry);
          const std::string action = view.Pair("ids", "request");
          looks.push_back({view.Time(), "ledger", absl::StrCat(entry.index()), view.Field("releasing_person"),
                           view.Field("subject_tags").empty() ? action : absl::StrCat(action, " of a person"), ""});
          return absl::OkStatus();
        }));
    query = searched.query;
  }
  if (filters.identifiers.empty()) RETURN_IF_ERROR(AddOpenings(client, filters, looks));
  std::ranges::stable_sort(looks, {}, [](const Look& look) { return look.front(); });
  Rows rows({"time", "where", "entry", "person", "action", "share"});
  for (Look& look : looks) rows.Add(std::move(look));
  rows.Print(format, std::cout);
  std::cerr << "an agency's console or agent has no person"
            << (query == 0 ? "" : absl::StrCat("; this look is entry ", query)) << "\n";
  return kExitDone;
}

}  // namespace derwent::cli
