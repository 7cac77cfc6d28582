#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "broker/exchange/cases/case_authority.h"
#include "broker/exchange/cases/cases.h"
#include "broker/exchange/command/paging.h"
#include "broker/exchange/command/refusal.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

// An agent reads for its agency, a person for itself.
bool MayRead(const Caller& caller, const LoadedCase& loaded, const World& world, absl::Time now) {
  return caller.person().empty() ? loaded.MemberOf(caller.agency()) != nullptr : MaySeeCase(loaded, caller, world, now);
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
  *message.mutable_create_time() = trust::ToTimestamp(loaded.row.create_time);
  if (!loaded.open()) *message.mutable_close_time() = trust::ToTimestamp(*loaded.row.close_time);
  message.set_etag(absl::StrCat(loaded.row.revision));
  return message;
}

absl::StatusOr<v1::Case> GetCase(const Caller& caller, const v1::GetCaseRequest& request, const World& world,
                                 absl::Time now, store::Reader& reader) {
  absl::string_view name = request.name();
  std::optional<LoadedCase> loaded;
  if (absl::ConsumePrefix(&name, "cases/")) {
    ASSIGN_OR_RETURN(loaded, LoadCase(std::string(name), reader));
  }
  if (!loaded.has_value() || !MayRead(caller, *loaded, world, now))
    return Refuse(absl::StatusCode::kNotFound, "CASE_UNKNOWN", "no case of this agency has this name");
  return RenderCase(*loaded, caller.agency());
}

absl::StatusOr<v1::ListCasesResponse> ListCases(const Caller& caller, const v1::ListCasesRequest& request,
                                                const World& world, absl::Time now, store::Reader& reader) {
  Violations violations;
  const Page page = PageOf(request.page_size(), request.page_token(), UINT64_MAX, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  v1::ListCasesResponse response;
  // The page is filled with what the caller may see; a next one is told of only when there is more of that.
  uint64_t last = 0;
  for (uint64_t before = page.start;;) {
    ASSIGN_OR_RETURN(const std::vector<store::ListedCase> rows, reader.ListCases(caller.agency(), before, page.size));
    for (const store::ListedCase& row : rows) {
      before = row.position;
      ASSIGN_OR_RETURN(const std::optional<LoadedCase> loaded, LoadCase(row.row.case_id, reader));
      if (!loaded.has_value() || !MayRead(caller, *loaded, world, now)) continue;
      if (static_cast<size_t>(response.cases_size()) == page.size) {
        response.set_next_page_token(absl::StrCat(last));
        return response;
      }
      *response.add_cases() = RenderCase(*loaded, caller.agency());
      last = row.position;
    }
    if (rows.size() < page.size) return response;
  }
}

}  // namespace derwent::exchange
