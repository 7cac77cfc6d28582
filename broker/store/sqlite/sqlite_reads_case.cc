#include <algorithm>

#include "absl/strings/str_split.h"

#include "broker/store/sqlite/sqlite_reads.h"

namespace derwent::store {
namespace {

#define DERWENT_CASE_COLUMNS \
  " c.position, c.case_id, c.profile, c.board, c.area, c.convenor, c.revision, c.create_ms, c.close_ms"

absl::StatusOr<ListedCase> TakeListedCase(const Query& query) {
  return ListedCase{.position = query.Unsigned(0),
                    .row = {.case_id = query.Text(1),
                            .profile = query.Text(2),
                            .board = query.Text(3),
                            .area = query.Text(4),
                            .convenor_agency = query.Text(5),
                            .revision = static_cast<uint32_t>(query.Int(6)),
                            .create_time = query.Time(7),
                            .close_time = query.OptionalTime(8)}};
}

absl::StatusOr<CaseRow> TakeCase(const Query& query) {
  absl::StatusOr<ListedCase> listed = TakeListedCase(query);
  if (!listed.ok()) return listed.status();
  return std::move(listed->row);
}

std::vector<std::string> Codes(const std::string& list) { return absl::StrSplit(list, ' ', absl::SkipEmpty()); }

absl::StatusOr<CaseMemberRow> TakeMember(const Query& query) {
  return CaseMemberRow{.case_id = query.Text(0),
                       .agency = query.Text(1),
                       .roles = Codes(query.Text(2)),
                       .persons = Codes(query.Text(3))};
}

absl::StatusOr<CaseExclusionRow> TakeExclusion(const Query& query) {
  return CaseExclusionRow{
      .case_id = query.Text(0), .agency = query.Text(1), .person = query.Text(2), .by_agency = query.Text(3)};
}

absl::StatusOr<ApprovalRow> TakeApproval(const Query& query) {
  return ApprovalRow{.approval_id = query.Text(0),
                     .holder_agency = query.Text(1),
                     .share_id = query.Text(2),
                     .state = static_cast<ApprovalState>(query.Int(3)),
                     .question = query.Text(4),
                     .expire_time = query.Time(5)};
}

absl::StatusOr<QuotaRow> TakeQuota(const Query& query) {
  return QuotaRow{.key = {.agency = query.Text(1), .person = query.Text(2), .day = query.Int(0)},
                  .holders = static_cast<uint32_t>(query.Int(3)),
                  .alarmed = query.Int(4) != 0};
}

}  // namespace

absl::StatusOr<std::optional<CaseRow>> SqliteReads::FindCase(absl::string_view case_id) {
  return OneRow<CaseRow>(
      connection_.Select("SELECT" DERWENT_CASE_COLUMNS " FROM case_file c WHERE c.case_id = ?", case_id), TakeCase);
}

absl::StatusOr<std::vector<CaseMemberRow>> SqliteReads::CaseMembers(absl::string_view case_id) {
  return AllRows<CaseMemberRow>(
      connection_.Select("SELECT c.case_id, m.agency, m.roles, m.persons FROM case_file c"
                         " JOIN case_member m ON m.position = c.position WHERE c.case_id = ? ORDER BY m.agency",
                         case_id),
      TakeMember);
}

absl::StatusOr<std::vector<CaseExclusionRow>> SqliteReads::CaseExclusions(absl::string_view case_id) {
  return AllRows<CaseExclusionRow>(
      connection_.Select("SELECT c.case_id, x.agency, x.person, x.by_agency FROM case_file c"
                         " JOIN case_exclusion x ON x.position = c.position WHERE c.case_id = ?"
                         " ORDER BY x.agency, x.person, x.by_agency",
                         case_id),
      TakeExclusion);
}

absl::StatusOr<std::vector<ListedCase>> SqliteReads::ListCases(absl::string_view agency, uint64_t before,
                                                               size_t limit) {
  return AllRows<ListedCase>(
      connection_.Select("SELECT" DERWENT_CASE_COLUMNS " FROM case_member m JOIN case_file c ON c.position = m.position"
                         " WHERE m.agency = ? AND m.position < ? ORDER BY m.position DESC LIMIT ?",
                         agency, std::min<uint64_t>(before, INT64_MAX), limit),
      TakeListedCase);
}

absl::StatusOr<std::optional<ApprovalRow>> SqliteReads::FindApproval(absl::string_view approval_id) {
  return OneRow<ApprovalRow>(
      connection_.Select(
          "SELECT approval_id, holder, share_id, state, question, expire_ms FROM approval WHERE approval_id = ?",
          approval_id),
      TakeApproval);
}

absl::StatusOr<std::optional<QuotaRow>> SqliteReads::FindQuota(const QuotaKey& key) {
  return OneRow<QuotaRow>(
      connection_.Select(
          "SELECT day, agency, person, holders, alarmed FROM quota WHERE day = ? AND agency = ? AND person = ?",
          key.day, key.agency, key.person),
      TakeQuota);
}

}  // namespace derwent::store
