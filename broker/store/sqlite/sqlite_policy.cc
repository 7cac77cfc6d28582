#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "broker/store/sqlite/sqlite_transaction.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

// All but the files, which a list of revisions leaves out.
#define DERWENT_POLICY_COLUMNS \
  " revision, state, base, action, agency, content, policy, governance, opening, create_ms, activate_ms, idx,"

absl::StatusOr<PolicyRow> TakePolicy(const Query& query) {
  PolicyRow row{.revision = query.Unsigned(0),
                .state = static_cast<PolicyRowState>(query.Int(1)),
                .base_revision = query.Unsigned(2),
                .action = static_cast<int32_t>(query.Int(3)),
                .proposer_agency = query.Text(4),
                .opening_givers = absl::StrSplit(query.Text(8), ' ', absl::SkipEmpty()),
                .create_time = query.Time(9),
                .activate_time = query.OptionalTime(10),
                .entry_index = query.Unsigned(11),
                .files = query.Text(12)};
  ASSIGN_OR_RETURN(row.content_digest, query.Digest(5));
  ASSIGN_OR_RETURN(row.policy_digest, query.Digest(6));
  ASSIGN_OR_RETURN(row.governance_digest, query.Digest(7));
  return row;
}

}  // namespace

absl::StatusOr<std::optional<PolicyRow>> SqliteReads::FindPolicy(uint64_t revision) {
  return OneRow<PolicyRow>(
      connection_.Select("SELECT" DERWENT_POLICY_COLUMNS " files FROM policy_revision WHERE revision = ?", revision),
      TakePolicy);
}

absl::StatusOr<std::optional<PolicyRow>> SqliteReads::PolicyInForce() {
  return OneRow<PolicyRow>(
      connection_.Select("SELECT" DERWENT_POLICY_COLUMNS " files FROM policy_revision WHERE state = 2"), TakePolicy);
}

absl::StatusOr<std::vector<PolicyRow>> SqliteReads::ListPolicies() {
  return AllRows<PolicyRow>(
      connection_.Select("SELECT" DERWENT_POLICY_COLUMNS " x'' FROM policy_revision ORDER BY revision DESC"),
      TakePolicy);
}

// Never OR REPLACE: a second revision in force is an error, not the end of the first.
absl::Status SqliteTransaction::PutPolicy(const PolicyRow& row) {
  return connection().Run(
      "INSERT INTO policy_revision(revision, state, base, action, agency, content, policy, governance, opening, "
      "create_ms, activate_ms, idx, files) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(revision) DO "
      "UPDATE SET state = excluded.state, base = excluded.base, action = excluded.action, agency = excluded.agency, "
      "content = excluded.content, policy = excluded.policy, governance = excluded.governance, opening = "
      "excluded.opening, create_ms = excluded.create_ms, activate_ms = excluded.activate_ms, idx = excluded.idx, "
      "files = excluded.files",
      row.revision, static_cast<int64_t>(row.state), row.base_revision, row.action, row.proposer_agency,
      row.content_digest, row.policy_digest, row.governance_digest, absl::StrJoin(row.opening_givers, " "),
      row.create_time, row.activate_time, row.entry_index, AsOctets(row.files));
}

absl::Status SqliteTransaction::DeletePolicyDrafts() {
  return connection().Run("DELETE FROM policy_revision WHERE state = 1");
}

}  // namespace derwent::store
