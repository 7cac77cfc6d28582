#include "broker/store/sqlite/schema.h"

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

// The log. Everything here is derivable from the packed entries (fsck derives it); times are UTC milliseconds.
constexpr char kLogTables[] = R"sql(
CREATE TABLE log_state(
  id INTEGER PRIMARY KEY CHECK (id = 0),
  size INTEGER NOT NULL, root BLOB NOT NULL, epoch INTEGER NOT NULL, newest_ms INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(id, size, root, epoch, newest_ms)) STORED) STRICT;
CREATE TABLE entry(
  idx INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, packed BLOB NOT NULL, decision_request BLOB) STRICT;
CREATE TABLE entry_search(
  idx INTEGER PRIMARY KEY,
  releasing TEXT NOT NULL, receiving TEXT NOT NULL, actor TEXT NOT NULL, supplier TEXT NOT NULL,
  purpose TEXT NOT NULL, profile TEXT NOT NULL, board TEXT NOT NULL,
  outcome TEXT NOT NULL, reasons TEXT NOT NULL, share_id TEXT NOT NULL, step TEXT NOT NULL) STRICT;
CREATE INDEX entry_search_share ON entry_search(share_id) WHERE share_id <> '';
-- One row for each agency that is party to the entry: a query reads nobody else's.
CREATE TABLE entry_party(
  agency TEXT NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (agency, idx)) STRICT, WITHOUT ROWID;
CREATE TABLE subject_index(
  tag BLOB NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY (tag, idx)) STRICT, WITHOUT ROWID;
-- id = level << 56 | number
CREATE TABLE tile(id INTEGER PRIMARY KEY, hashes BLOB NOT NULL) STRICT;
CREATE TABLE checkpoint(size INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
CREATE TABLE public_body(idx INTEGER PRIMARY KEY, kind INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX public_body_kind ON public_body(kind, idx);
-- Who signed is the witness's verifier key, so that fsck verifies each line alone.
CREATE TABLE cosignature(
  size INTEGER NOT NULL, witness TEXT NOT NULL, line TEXT NOT NULL, added_ms INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(size, witness, line, added_ms)) STORED,
  PRIMARY KEY (size, witness)) STRICT, WITHOUT ROWID;
-- `void`: 0 counts; 1 has no quorum under the policy of now; 2 the same, and so has no smaller one.
CREATE TABLE cosigned(
  size INTEGER PRIMARY KEY, met_ms INTEGER NOT NULL, void INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(size, met_ms, void)) STORED) STRICT;
CREATE INDEX cosigned_floor ON cosigned(size) WHERE void = 2;
CREATE TABLE witness_view(
  witness TEXT PRIMARY KEY, size INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(witness, size, seen_ms)) STORED) STRICT, WITHOUT ROWID;
INSERT INTO log_state(id, size, root, epoch, newest_ms)
  VALUES (0, 0, x'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', 0, 0);
)sql";

// `position` counts shares: keys that grow touch one page a commit, random ones (tags) one page a row. A part's row is
// over 1 KB: in a table without rowid it would spill into a page of its own.
constexpr char kShareTables[] = R"sql(
CREATE TABLE share(
  position INTEGER PRIMARY KEY, share_id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, kind INTEGER NOT NULL,
  sender TEXT NOT NULL, profile TEXT NOT NULL, purpose TEXT NOT NULL, board TEXT NOT NULL, area TEXT NOT NULL,
  case_id TEXT NOT NULL, existence_sensitive INTEGER NOT NULL, create_ms INTEGER NOT NULL, expire_ms INTEGER NOT NULL,
  supersedes TEXT NOT NULL, superseded_by TEXT NOT NULL, reply_to TEXT NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(position, share_id, version, kind, sender, profile, purpose, board, area, case_id,
    existence_sensitive, create_ms, expire_ms, supersedes, superseded_by, reply_to)) STORED) STRICT;
CREATE INDEX share_sender ON share(sender, kind, position);
CREATE INDEX share_reply ON share(reply_to, sender, position) WHERE reply_to <> '';
CREATE TABLE share_part(
  position INTEGER NOT NULL, recipient TEXT NOT NULL, role TEXT NOT NULL, person TEXT NOT NULL,
  state INTEGER NOT NULL, reason TEXT NOT NULL, manifest_digest BLOB NOT NULL,
  collection_ms INTEGER, collection_over INTEGER NOT NULL, acceptance_ms INTEGER, acceptance_over INTEGER NOT NULL,
  outcome_ms INTEGER, outcome_over INTEGER NOT NULL, next_due_ms INTEGER, update_ms INTEGER NOT NULL,
  sender_sequence INTEGER NOT NULL, recipient_sequence INTEGER NOT NULL, tags BLOB NOT NULL, context BLOB NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(position, recipient, role, person, state, reason, manifest_digest,
    collection_ms, collection_over, acceptance_ms, acceptance_over, outcome_ms, outcome_over, next_due_ms, update_ms,
    sender_sequence, recipient_sequence, tags, context)) STORED,
  PRIMARY KEY (position, recipient)) STRICT;
CREATE INDEX share_part_recipient ON share_part(recipient, position);
CREATE INDEX share_part_due ON share_part(next_due_ms) WHERE next_due_ms IS NOT NULL;
)sql";

// A payload lies beside its delivery, so that counting a collection does not rewrite it.
constexpr char kMailboxTables[] = R"sql(
CREATE TABLE delivery(
  sequence INTEGER PRIMARY KEY, delivery_id TEXT NOT NULL UNIQUE, mailbox TEXT NOT NULL, share_id TEXT NOT NULL,
  position INTEGER, kind INTEGER NOT NULL, entries BLOB NOT NULL, create_ms INTEGER NOT NULL, not_before_ms INTEGER NOT NULL, collected INTEGER NOT NULL,
  held INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(sequence, delivery_id, mailbox, share_id, position, kind, entries, create_ms, not_before_ms,
    collected, held)) STORED) STRICT;
CREATE INDEX delivery_mailbox ON delivery(mailbox, sequence) WHERE held = 0;
CREATE INDEX delivery_position ON delivery(position, mailbox);
CREATE TABLE delivery_payload(
  sequence INTEGER PRIMARY KEY, payload BLOB NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(sequence, payload)) STORED) STRICT;
CREATE TABLE idempotency(
  id INTEGER PRIMARY KEY, caller TEXT NOT NULL, method TEXT NOT NULL, request_id TEXT NOT NULL, digest BLOB NOT NULL,
  response BLOB NOT NULL, expire_ms INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(caller, method, request_id, digest, response, expire_ms)) STORED,
  UNIQUE (request_id, caller, method)) STRICT;
CREATE INDEX idempotency_expire ON idempotency(expire_ms);
)sql";

// Codes and opaque ids; lists of them with a space between.
constexpr char kCaseTables[] = R"sql(
CREATE TABLE case_file(
  position INTEGER PRIMARY KEY, case_id TEXT NOT NULL UNIQUE, profile TEXT NOT NULL, board TEXT NOT NULL, area TEXT NOT NULL,
  convenor TEXT NOT NULL, revision INTEGER NOT NULL, create_ms INTEGER NOT NULL, close_ms INTEGER,
  chk BLOB GENERATED ALWAYS AS (row_check(position, case_id, profile, board, area, convenor, revision, create_ms, close_ms)) STORED)
  STRICT;
CREATE TABLE case_member(
  agency TEXT NOT NULL, position INTEGER NOT NULL, roles TEXT NOT NULL, persons TEXT NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(agency, position, roles, persons)) STORED,
  PRIMARY KEY (agency, position)) STRICT, WITHOUT ROWID;
CREATE INDEX case_member_position ON case_member(position);
CREATE TABLE case_exclusion(
  position INTEGER NOT NULL, agency TEXT NOT NULL, person TEXT NOT NULL, by_agency TEXT NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(position, agency, person, by_agency)) STORED,
  PRIMARY KEY (position, agency, by_agency, person)) STRICT, WITHOUT ROWID;
CREATE TABLE approval(
  approval_id TEXT PRIMARY KEY, holder TEXT NOT NULL, share_id TEXT NOT NULL, state INTEGER NOT NULL, question BLOB NOT NULL,
  expire_ms INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(approval_id, holder, share_id, state, question, expire_ms)) STORED) STRICT, WITHOUT ROWID;
CREATE INDEX approval_expire ON approval(expire_ms);
CREATE TABLE quota(
  day INTEGER NOT NULL, agency TEXT NOT NULL, person TEXT NOT NULL, holders INTEGER NOT NULL, alarmed INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(day, agency, person, holders, alarmed)) STORED,
  PRIMARY KEY (day, agency, person)) STRICT, WITHOUT ROWID;
)sql";

constexpr char kRegisterTables[] = R"sql(
CREATE TABLE key_event(
  agency TEXT NOT NULL, sequence INTEGER NOT NULL, envelope BLOB NOT NULL, idx INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(agency, sequence, envelope, idx)) STORED,
  PRIMARY KEY (agency, sequence)) STRICT, WITHOUT ROWID;
CREATE TABLE directory(
  agency TEXT PRIMARY KEY, version INTEGER NOT NULL, envelope BLOB NOT NULL, digest BLOB NOT NULL, idx INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(agency, version, envelope, digest, idx)) STORED) STRICT, WITHOUT ROWID;
CREATE TABLE restriction(
  restriction_id TEXT PRIMARY KEY, agency TEXT NOT NULL, sequence INTEGER NOT NULL, action INTEGER NOT NULL,
  envelope BLOB NOT NULL, idx INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(restriction_id, agency, sequence, action, envelope, idx)) STORED)
  STRICT, WITHOUT ROWID;
CREATE TABLE restriction_tag(
  tag BLOB NOT NULL, agency TEXT NOT NULL, restriction_id TEXT NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(tag, agency, restriction_id)) STORED,
  PRIMARY KEY (tag, agency, restriction_id)) STRICT, WITHOUT ROWID;
CREATE INDEX restriction_tag_restriction ON restriction_tag(restriction_id);
CREATE TABLE policy_revision(
  revision INTEGER PRIMARY KEY, state INTEGER NOT NULL, base INTEGER NOT NULL, action INTEGER NOT NULL, agency TEXT NOT NULL,
  content BLOB NOT NULL, policy BLOB NOT NULL, governance BLOB NOT NULL, opening TEXT NOT NULL, create_ms INTEGER NOT NULL,
  activate_ms INTEGER, idx INTEGER NOT NULL, files BLOB NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(revision, state, base, action, agency, content, policy, governance, opening, create_ms,
    activate_ms, idx, files)) STORED) STRICT;
CREATE UNIQUE INDEX policy_revision_in_force ON policy_revision(state) WHERE state = 2;
CREATE TABLE refusal_counter(
  caller TEXT NOT NULL, method TEXT NOT NULL, reason TEXT NOT NULL, minute_ms INTEGER NOT NULL, repeats INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(caller, method, reason, minute_ms, repeats)) STORED,
  PRIMARY KEY (caller, method, reason)) STRICT, WITHOUT ROWID;
CREATE INDEX refusal_counter_minute ON refusal_counter(minute_ms);
CREATE TABLE setting(
  name TEXT PRIMARY KEY, value BLOB NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(name, value)) STORED) STRICT, WITHOUT ROWID;
)sql";

// What stops an erasure, what was erased by whose word, and who has still to erase the same.
constexpr char kErasureTables[] = R"sql(
CREATE TABLE hold(
  idx INTEGER NOT NULL, hold_id TEXT NOT NULL, agency TEXT NOT NULL, reason TEXT NOT NULL, placed_ms INTEGER NOT NULL,
  entry INTEGER NOT NULL, lift INTEGER,
  chk BLOB GENERATED ALWAYS AS (row_check(idx, hold_id, agency, reason, placed_ms, entry, lift)) STORED,
  PRIMARY KEY (idx, hold_id)) STRICT, WITHOUT ROWID;
CREATE INDEX hold_id ON hold(hold_id);
CREATE TABLE erasure(
  position INTEGER PRIMARY KEY, erasure_id TEXT NOT NULL UNIQUE, agency TEXT NOT NULL, entries BLOB NOT NULL,
  request BLOB NOT NULL, approval BLOB NOT NULL, create_ms INTEGER NOT NULL, expire_ms INTEGER NOT NULL, idx INTEGER UNIQUE,
  chk BLOB GENERATED ALWAYS AS (row_check(position, erasure_id, agency, entries, request, approval, create_ms, expire_ms, idx))
    STORED) STRICT;
CREATE TABLE erasure_party(
  agency TEXT NOT NULL, position INTEGER NOT NULL, entries BLOB NOT NULL, attestation BLOB NOT NULL, attest_ms INTEGER,
  chase_ms INTEGER, chased INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(agency, position, entries, attestation, attest_ms, chase_ms, chased)) STORED,
  PRIMARY KEY (agency, position)) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_party_open ON erasure_party(agency, position) WHERE attest_ms IS NULL;
CREATE INDEX erasure_party_position ON erasure_party(position);
CREATE INDEX erasure_party_chase ON erasure_party(chase_ms) WHERE chase_ms IS NOT NULL;
)sql";

// Whom a rights event was told, and who has still to answer.
constexpr char kRightsTables[] = R"sql(
CREATE TABLE rights_notice(
  event_id TEXT NOT NULL, share_id TEXT NOT NULL, recipient TEXT NOT NULL, sender TEXT NOT NULL, notice BLOB NOT NULL,
  answer BLOB NOT NULL, create_ms INTEGER NOT NULL, chase_ms INTEGER, chased INTEGER NOT NULL,
  chk BLOB GENERATED ALWAYS AS (row_check(event_id, share_id, recipient, sender, notice, answer, create_ms, chase_ms, chased))
    STORED,
  PRIMARY KEY (event_id, share_id, recipient)) STRICT;
CREATE INDEX rights_notice_share ON rights_notice(share_id);
CREATE INDEX rights_notice_chase ON rights_notice(chase_ms) WHERE chase_ms IS NOT NULL;
)sql";

absl::StatusOr<int64_t> Number(Connection& connection, const char* sql) {
  auto query = connection.Select(sql);
  ASSIGN_OR_RETURN(const bool row, query->Next());
  return row ? query->Int(0) : 0;
}

}  // namespace

absl::Status PrepareSchema(Connection& connection) {
  ASSIGN_OR_RETURN(const int64_t id, Number(connection, "PRAGMA application_id"));
  ASSIGN_OR_RETURN(const int64_t version, Number(connection, "PRAGMA user_version"));
  ASSIGN_OR_RETURN(const int64_t tables, Number(connection, "SELECT count(*) FROM sqlite_schema"));
  if (tables == 0) {
    return connection.Execute(absl::StrCat(
        "BEGIN IMMEDIATE;", kLogTables, kShareTables, kMailboxTables, kCaseTables, kRegisterTables, kErasureTables,
        kRightsTables, "PRAGMA application_id=", kApplicationId, ";PRAGMA user_version=", kSchemaVersion, ";COMMIT;"));
  }
  if (id != kApplicationId) return absl::InvalidArgumentError("store: the file is another program's database");
  if (version != kSchemaVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("store: schema version ", version, ", this program reads ", kSchemaVersion));
  }
  return absl::OkStatus();
}

}  // namespace derwent::store
