#include "absl/strings/str_join.h"

#include "broker/store/sqlite/sqlite_transaction.h"
#include "trust/base/status_macros.h"

namespace derwent::store {

absl::Status SqliteTransaction::InsertCase(const CaseRow& row) {
  return connection().Run(
      "INSERT INTO case_file(case_id, profile, board, area, convenor, revision, create_ms, close_ms) VALUES (?, ?, ?, "
      "?, ?, ?, ?, ?)",
      row.case_id, row.profile, row.board, row.area, row.convenor_agency, row.revision, row.create_time,
      row.close_time);
}

absl::Status SqliteTransaction::UpdateCase(const CaseRow& row) {
  return connection().RunOne(
      "UPDATE case_file SET profile = ?, board = ?, area = ?, convenor = ?, revision = ?, create_ms = ?, close_ms = ? "
      "WHERE case_id = ?",
      row.profile, row.board, row.area, row.convenor_agency, row.revision, row.create_time, row.close_time,
      row.case_id);
}

absl::Status SqliteTransaction::PutCaseMember(const CaseMemberRow& row) {
  return connection().RunOne(
      "INSERT OR REPLACE INTO case_member(agency, position, roles, persons) SELECT ?, position, ?, ? FROM case_file "
      "WHERE case_id = ?",
      row.agency, absl::StrJoin(row.roles, " "), absl::StrJoin(row.persons, " "), row.case_id);
}

absl::Status SqliteTransaction::DeleteCaseMember(absl::string_view case_id, absl::string_view agency) {
  return connection().Run(
      "DELETE FROM case_member WHERE agency = ? AND position = (SELECT position FROM case_file WHERE case_id = ?)",
      agency, case_id);
}

absl::Status SqliteTransaction::InsertCaseExclusion(const CaseExclusionRow& row) {
  return connection().RunOne(
      "INSERT INTO case_exclusion(position, agency, person, by_agency) SELECT position, ?, ?, ? FROM case_file WHERE "
      "case_id = ?",
      row.agency, row.person, row.by_agency, row.case_id);
}

absl::Status SqliteTransaction::DeleteCaseExclusions(absl::string_view case_id, absl::string_view agency,
                                                     absl::string_view by_agency) {
  return connection().Run(
      "DELETE FROM case_exclusion WHERE position = (SELECT position FROM case_file WHERE case_id = ?) AND agency = ? "
      "AND by_agency = ?",
      case_id, agency, by_agency);
}

absl::Status SqliteTransaction::PutApproval(const ApprovalRow& row) {
  return connection().Run(
      "INSERT OR REPLACE INTO approval(approval_id, holder, share_id, state, question, expire_ms) VALUES (?, ?, ?, ?, "
      "?, ?)",
      row.approval_id, row.holder_agency, row.share_id, static_cast<int32_t>(row.state), AsOctets(row.question),
      row.expire_time);
}

absl::StatusOr<size_t> SqliteTransaction::DeleteApprovalsBefore(absl::Time time, size_t limit) {
  RETURN_IF_ERROR(
      connection().Run("DELETE FROM approval WHERE approval_id IN (SELECT approval_id FROM approval WHERE expire_ms < "
                       "? ORDER BY expire_ms LIMIT ?)",
                       time, limit));
  return static_cast<size_t>(sqlite3_changes(connection().database()));
}

absl::Status SqliteTransaction::PutQuota(const QuotaRow& row) {
  return connection().Run("INSERT OR REPLACE INTO quota(day, agency, person, holders, alarmed) VALUES (?, ?, ?, ?, ?)",
                          row.key.day, row.key.agency, row.key.person, row.holders, row.alarmed);
}

absl::StatusOr<size_t> SqliteTransaction::DeleteQuotasBefore(int64_t day, size_t limit) {
  RETURN_IF_ERROR(
      connection().Run("DELETE FROM quota WHERE (day, agency, person) IN (SELECT day, agency, person FROM quota WHERE "
                       "day < ? ORDER BY day LIMIT ?)",
                       day, limit));
  return static_cast<size_t>(sqlite3_changes(connection().database()));
}

}  // namespace derwent::store
