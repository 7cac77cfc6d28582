#include "agents/cli/audit/audit_reports.h"

#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"

#include "agents/cli/session/exit_code.h"
#include "agents/cli/terminal/text.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "derwent/v1/audit.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"

namespace derwent::cli {
namespace {

// Whom a certificate names, and since when.
absl::Status TakeCertificate(const std::string& path, AuditFilters& filters, v1::ReportBreachRequest& request) {
  ASSIGN_OR_RETURN(const std::string pem, ReadIn(path, 1 << 20));
  ASSIGN_OR_RETURN(const trust::Certificate certificate, trust::Certificate::FromPem(pem));
  if (certificate.id().kind == trust::CallerKind::kPerson) filters.person = certificate.id().name;
  if (filters.from.empty()) request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(certificate.not_before()));
  std::cerr << "certificate with serial " << certificate.serial() << "\n";
  return absl::OkStatus();
}

// As the broker writes it: OpenSSL prints capitals, sometimes with colons.
std::string SerialOf(const std::string& typed) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(typed, {{":", ""}}));
}

// Whose it is: the agency's agent knows who used it there, else the broker who used it at the broker.
absl::Status TakeSerial(Client& client, const std::string& serial, AuditFilters& filters,
                        v1::ReportBreachRequest& request) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentAuditService::NewStub(agent->grpc());
  v1::FindCredentialRequest find;
  find.set_certificate_serial(serial);
  const absl::StatusOr<v1::FindCredentialResponse> found =
      agent->Call(*stub, &v1::AgentAuditService::Stub::FindCredential, find, client.options());
  if (absl::IsNotFound(found.status())) {
    request.set_certificate_serial(serial);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(found.status());
  filters.person = found->person();
  if (filters.from.empty()) *request.mutable_start_time() = found->start_time();
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

absl::StatusOr<int> ReportBreach(Client& client, AuditFilters filters, const LostCredential& lost, Format format) {
  v1::ReportBreachRequest request;
  if (!lost.certificate.empty()) RETURN_IF_ERROR(TakeCertificate(lost.certificate, filters, request));
  if (!lost.serial.empty()) RETURN_IF_ERROR(TakeSerial(client, SerialOf(lost.serial), filters, request));
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

}  // namespace derwent::cli
