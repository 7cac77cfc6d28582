#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "broker/exchange/envelope.h"
#include "broker/exchange/paging.h"
#include "broker/exchange/reads.h"
#include "broker/exchange/refusal.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

// An agent reads for its agency, a person unless excluded.
bool MayRead(const Caller& caller, const LoadedCase& loaded) {
  return loaded.MemberOf(caller.agency()) != nullptr &&
         (caller.person().empty() || !loaded.Excludes(caller.agency(), caller.person()));
}

v1::CaseMember RenderMember(const store::CaseMemberRow& row, const LoadedCase& loaded, const std::string& viewer) {
  v1::CaseMember member;
  member.set_agency(row.agency);
  for (const std::string& role : row.roles) member.add_roles(role);
  if (row.agency == viewer) {
    for (const std::string& person : row.persons) member.add_persons(person);
  }
  std::set<std::string> excluded;
  for (const store::CaseExclusionRow& exclusion : loaded.exclusions) {
    if (exclusion.agency == row.agency && (row.agency == viewer || exclusion.by_agency == viewer))
      excluded.insert(exclusion.person);
  }
  for (const std::string& person : excluded) member.add_excluded_persons(person);
  return member;
}

}  // namespace

v1::Case RenderCase(const LoadedCase& loaded, const std::string& viewer) {
  v1::Case message;
  message.set_name(absl::StrCat("cases/", loaded.row.case_id));
  message.set_case_id(loaded.row.case_id);
  message.set_profile(loaded.row.profile);
  message.set_board(loaded.row.board);
  message.set_area(loaded.row.area);
  message.set_convenor_agency(loaded.row.convenor_agency);
  message.set_state(loaded.open() ? v1::CASE_STATE_OPEN : v1::CASE_STATE_CLOSED);
  for (const store::CaseMemberRow& member : loaded.members)
    *message.add_members() = RenderMember(member, loaded, viewer);
  *message.mutable_create_time() = ToTimestamp(loaded.row.create_time);
  if (!loaded.open()) *message.mutable_close_time() = ToTimestamp(*loaded.row.close_time);
  message.set_etag(absl::StrCat(loaded.row.revision));
  return message;
}

absl::StatusOr<v1::Case> GetCase(const Caller& caller, const v1::GetCaseRequest& request, store::Reader& reader) {
  absl::string_view name = request.name();
  std::optional<LoadedCase> loaded;
  if (absl::ConsumePrefix(&name, "cases/")) {
    ASSIGN_OR_RETURN(loaded, LoadCase(std::string(name), reader));
  }
  if (!loaded.has_value() || !MayRead(caller, *loaded))
    return Refuse(absl::StatusCode::kNotFound, "CASE_UNKNOWN", "no case of this agency has this name");
  return RenderCase(*loaded, caller.agency());
}

absl::StatusOr<v1::ListCasesResponse> ListCases(const Caller& caller, const v1::ListCasesRequest& request,
                                                store::Reader& reader) {
  Violations violations;
  const Page page = PageOf(request.page_size(), request.page_token(), UINT64_MAX, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(const std::vector<store::ListedCase> rows, reader.ListCases(caller.agency(), page.start, page.size));
  v1::ListCasesResponse response;
  for (const store::ListedCase& row : rows) {
    ASSIGN_OR_RETURN(const std::optional<LoadedCase> loaded, LoadCase(row.row.case_id, reader));
    if (loaded.has_value() && MayRead(caller, *loaded)) *response.add_cases() = RenderCase(*loaded, caller.agency());
  }
  if (rows.size() == page.size) response.set_next_page_token(absl::StrCat(rows.back().position));
  return response;
}

}  // namespace derwent::exchange
