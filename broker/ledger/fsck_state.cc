#include "broker/ledger/fsck_state.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {
namespace {

using Rows = std::unique_ptr<FsckDatabase::Rows>;

// SHA-256 over the text of every table and index, in order of name.
constexpr absl::string_view kSchemaDigest = "9b762bd9411bf3ed22b34c2ccc988298a0b5698515dedc8fba8138a6dc1dfd52";
constexpr int64_t kSchemaVersion = 7;

absl::Status Broken(const std::string& what) { return absl::DataLossError(what); }

// Counts rows that should not be there.
struct Rule {
  const char* sql;
  const char* broken;
};

constexpr Rule kRowChecks[] = {
    {"SELECT count(*) FROM log_state WHERE chk IS NOT row_check(id, size, root, epoch, newest_ms)", "head"},
    {"SELECT count(*) FROM cosignature WHERE chk IS NOT row_check(size, witness, line, added_ms)", "cosignature"},
    {"SELECT count(*) FROM cosigned WHERE chk IS NOT row_check(size, met_ms, void)", "cosigned"},
    {"SELECT count(*) FROM witness_view WHERE chk IS NOT row_check(witness, size, seen_ms)", "witness_view"},
    {"SELECT count(*) FROM share WHERE chk IS NOT row_check(position, share_id, version, kind, sender, profile, "
     "purpose, board, area,"
     " case_id, existence_sensitive, create_ms, expire_ms, supersedes, superseded_by, reply_to)",
     "share"},
    {"SELECT count(*) FROM share_part WHERE chk IS NOT row_check(position, recipient, role, person, state, reason,"
     " manifest_digest, collection_ms, collection_over, acceptance_ms, acceptance_over, outcome_ms, outcome_over, "
     "next_due_ms,"
     " update_ms, sender_sequence, recipient_sequence, tags, context)",
     "share_part"},
    {"SELECT count(*) FROM delivery WHERE chk IS NOT row_check(sequence, delivery_id, mailbox, share_id, position, "
     "kind, entries,"
     " create_ms, not_before_ms, collected, held)",
     "delivery"},
    {"SELECT count(*) FROM delivery_payload WHERE chk IS NOT row_check(sequence, payload)", "delivery_payload"},
    {"SELECT count(*) FROM idempotency WHERE chk IS NOT row_check(caller, method, request_id, digest, response, "
     "expire_ms)",
     "idempotency"},
    {"SELECT count(*) FROM case_file WHERE chk IS NOT row_check(position, case_id, profile, board, area, convenor, "
     "revision, create_ms,"
     " close_ms)",
     "case_file"},
    {"SELECT count(*) FROM case_member WHERE chk IS NOT row_check(agency, position, roles, persons)", "case_member"},
    {"SELECT count(*) FROM case_exclusion WHERE chk IS NOT row_check(position, agency, person, by_agency)",
     "case_exclusion"},
    {"SELECT count(*) FROM approval WHERE chk IS NOT row_check(approval_id, holder, share_id, state, question, "
     "expire_ms)",
     "approval"},
    {"SELECT count(*) FROM quota WHERE chk IS NOT row_check(day, agency, person, holders, alarmed)", "quota"},
    {"SELECT count(*) FROM key_event WHERE chk IS NOT row_check(agency, sequence, envelope, idx)", "key_event"},
    {"SELECT count(*) FROM directory WHERE chk IS NOT row_check(agency, version, envelope, digest, idx)", "directory"},
    {"SELECT count(*) FROM restriction WHERE chk IS NOT row_check(restriction_id, agency, sequence, action, envelope, "
     "idx)",
     "restriction"},
    {"SELECT count(*) FROM restriction_tag WHERE chk IS NOT row_check(tag, agency, restriction_id)", "restriction_tag"},
    {"SELECT count(*) FROM policy_revision WHERE chk IS NOT row_check(revision, state, base, action, agency, content, "
     "policy, governance, opening, create_ms, activate_ms, idx, files)",
     "policy_revision"},
    {"SELECT count(*) FROM refusal_counter WHERE chk IS NOT row_check(caller, method, reason, minute_ms, repeats)",
     "refusal_counter"},
    {"SELECT count(*) FROM hold WHERE chk IS NOT row_check(idx, hold_id, agency, reason, placed_ms, entry, lift)",
     "hold"},
    {"SELECT count(*) FROM erasure WHERE chk IS NOT row_check(position, erasure_id, agency, entries, request, "
     "approval, "
     "create_ms, expire_ms, idx)",
     "erasure"},
    {"SELECT count(*) FROM erasure_party WHERE chk IS NOT row_check(agency, position, entries, attestation, attest_ms, "
     "chase_ms, chased)",
     "erasure_party"},
    {"SELECT count(*) FROM rights_notice WHERE chk IS NOT row_check(event_id, share_id, recipient, sender, notice, "
     "answer, create_ms, chase_ms, chased)",
     "rights_notice"},
    {"SELECT count(*) FROM setting WHERE chk IS NOT row_check(name, value)", "setting"},
};

constexpr Rule kLinks[] = {
    {"SELECT count(*) FROM cosigned c WHERE NOT EXISTS (SELECT 1 FROM cosignature s WHERE s.size = c.size)",
     "a checkpoint that has its quorum has no cosignature"},
    {"SELECT count(*) FROM witness_view WHERE size > (SELECT size FROM log_state)",
     "a witness saw more entries than there are: the database is older than what was cosigned"},
    {"SELECT count(*) FROM share_part p LEFT JOIN share s ON s.position = p.position WHERE s.position IS NULL",
     "a part belongs to no share"},
    {"SELECT count(*) FROM share_part p JOIN share s ON s.position = p.position WHERE NOT EXISTS (SELECT 1 FROM "
     "entry_search e JOIN entry_party x ON x.idx = e.idx AND x.agency = p.recipient"
     " WHERE e.share_id = s.share_id AND e.share_id <> ''"
     " AND (CASE s.kind WHEN 2 THEN e.receiving ELSE e.releasing END) = s.sender AND e.purpose = s.purpose AND "
     "e.profile = s.profile)",
     "a share's part has no ledger entry"},
    {"SELECT count(*) FROM entry_search WHERE idx NOT IN (SELECT idx FROM entry_party)",
     "search columns belong to no party"},
    {"SELECT count(*) FROM delivery d LEFT JOIN delivery_payload b ON b.sequence = d.sequence WHERE b.sequence IS NULL",
     "a delivery has no payload"},
    {"SELECT count(*) FROM delivery_payload b LEFT JOIN delivery d ON d.sequence = b.sequence WHERE d.sequence IS NULL",
     "a payload belongs to no delivery"},
    {"SELECT count(*) FROM delivery d WHERE d.kind = 1 AND NOT EXISTS (SELECT 1 FROM share s JOIN share_part p ON "
     "p.position = s.position"
     " WHERE s.share_id = d.share_id AND p.recipient = d.mailbox)",
     "a package lies in a mailbox without a part"},
    {"SELECT count(*) FROM share a WHERE a.reply_to <> '' AND NOT EXISTS (SELECT 1 FROM share s JOIN share_part p ON "
     "p.position ="
     " s.position WHERE s.share_id = a.reply_to AND s.kind = 2 AND p.recipient = a.sender)",
     "an answer belongs to no request of its holder"},
    {"SELECT count(*) FROM case_member m WHERE NOT EXISTS (SELECT 1 FROM case_file c WHERE c.position = m.position)",
     "a member belongs to no case"},
    {"SELECT count(*) FROM case_exclusion x WHERE NOT EXISTS (SELECT 1 FROM case_file c WHERE c.position = x.position)",
     "an exclusion belongs to no case"},
    {"SELECT count(*) FROM key_event k WHERE NOT EXISTS (SELECT 1 FROM public_body b WHERE b.idx = k.idx AND b.kind = "
     "3)",
     "a key event has no ledger entry"},
    {"SELECT count(*) FROM directory r LEFT JOIN entry e ON e.idx = r.idx WHERE e.idx IS NULL",
     "a directory has no ledger entry"},
    {"SELECT count(*) FROM policy_revision p WHERE p.revision > 0 AND NOT EXISTS (SELECT 1 FROM public_body b WHERE "
     "b.idx = p.idx AND b.kind = 2)",
     "a revision of the policy has no ledger entry"},
    {"SELECT count(*) FROM restriction r LEFT JOIN entry e ON e.idx = r.idx WHERE e.idx IS NULL",
     "a restriction has no ledger entry"},
    {"SELECT count(*) FROM hold h LEFT JOIN entry e ON e.idx = h.entry WHERE e.idx IS NULL",
     "a hold has no ledger entry"},
    {"SELECT count(*) FROM entry_search e WHERE e.step = 'hold' AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.entry = "
     "e.idx)",
     "a hold that was entered is not there"},
    {"SELECT count(*) FROM hold h WHERE h.lift IS NOT NULL AND NOT EXISTS (SELECT 1 FROM entry_search e WHERE e.idx = "
     "h.lift AND e.step = 'hold_lifted' AND e.actor = h.agency)",
     "a hold ended without its entry"},
    {"SELECT count(*) FROM erasure_party p WHERE NOT EXISTS (SELECT 1 FROM erasure e WHERE e.position = p.position)",
     "a party belongs to no erasure"},
};

absl::Status CheckIntegrity(FsckDatabase& database) {
  ASSIGN_OR_RETURN(const Rows rows, database.Read("PRAGMA integrity_check(1)"));
  ASSIGN_OR_RETURN(const bool found, rows->Next());
  if (!found || rows->Text(0) != "ok") return Broken("the database file is damaged: its integrity check fails");
  return absl::OkStatus();
}

absl::Status CheckSchema(FsckDatabase& database) {
  ASSIGN_OR_RETURN(const int64_t version, database.Number("PRAGMA user_version"));
  if (version != kSchemaVersion) return Broken("the database's schema version is not the one this program checks");
  ASSIGN_OR_RETURN(const Rows rows,
                   database.Read("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY name"));
  std::string text;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows->Next());
    if (!more) break;
    absl::StrAppend(&text, rows->Text(0), "\n", rows->Text(1), "\n", rows->Text(2), "\n", rows->Text(3), "\n");
  }
  const std::string digest = trust::Sha256(text).hex();
  if (digest != kSchemaDigest)
    return Broken(absl::StrCat("the database's tables are not what they should be (", digest, ")"));
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFile(FsckDatabase& database) {
  RETURN_IF_ERROR(CheckIntegrity(database));
  return CheckSchema(database);
}

absl::Status CheckState(FsckDatabase& database, FsckReport& report) {
  for (const Rule& rule : kRowChecks) {
    ASSIGN_OR_RETURN(const int64_t count, database.Number(rule.sql));
    if (count > 0) return Broken(absl::StrCat("table ", rule.broken, ": a row does not match its check value"));
  }
  for (const Rule& rule : kLinks) {
    ASSIGN_OR_RETURN(const int64_t count, database.Number(rule.sql));
    if (count > 0) return Broken(rule.broken);
  }
  ASSIGN_OR_RETURN(const int64_t parts, database.Number("SELECT count(*) FROM share_part"));
  report.parts = static_cast<uint64_t>(parts);
  return absl::OkStatus();
}

}  // namespace derwent::ledger
