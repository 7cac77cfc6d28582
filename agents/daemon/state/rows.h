#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace derwent::agents {

// How somebody is known among those restricted: by a keyed digest of a record's reference, or a reference of a verified
// identifier. What the broker is told of a share too (`at_broker`) it stops itself, and enters that, once it took the
// restriction.
struct KnownAs {
  std::string reference;
  bool at_broker = false;
};

// A share of this agency, from the moment it is sealed. Holds no content in clear.
struct OutboxRow {
  int64_t row = 0;
  std::string share_id;
  std::string referral_ref;
  std::string state;    // `PENDING` (held back), `QUEUED`, `STORED`, `REFUSED`, `NOT_MADE` (never a share).
  std::string reason;   // Of a refusal; why it was not made.
  std::string submit;   // Serialised SubmitReferralRequest: the bytes every retry sends. Empty once answered.
  std::string outcome;  // Serialised ShareOutcome.
  absl::Time create_time;
  absl::Time collect_deadline;   // Of its recipients; after it an acknowledgement or EXPIRED must be here.
  std::string supersedes;        // Of a share to be saved: the own share whose place it takes; empty when none.
  std::vector<KnownAs> about{};  // Of a share to be saved: whom it is about, as restrictions know them.
  std::string planned{};         // Of one to be saved that waits to be sent: sealed PlannedShare.
};

// Of what a share that waits to be sent was made.
struct PlannedRow {
  std::string planned;  // Sealed PlannedShare.
  int plans = 1;        // How often it was planned.
};

// A share that takes the place of an older one.
struct Supersession {
  std::string share_id;
  std::string older_share_id;
};

// Units of a share that waits for somebody's agreement.
struct HeldBackRow {
  std::string share_id;
  std::string units;     // Sealed HeldBackUnits.
  absl::Time next_time;  // When something is to be done about it.
};

// A share received. `content` is encrypted under the agent's storage key.
struct InboxRow {
  int64_t row = 0;
  std::string share_id;
  std::string delivery_id;
  std::string sender;
  std::string state;     // `RECEIVED`, `ACCEPTED`, `DECLINED`, `CLOSED`, `WITHDRAWN`, `SUPERSEDED`.
  std::string manifest;  // Serialised Manifest.
  std::string manifest_digest;
  std::string content;  // Sealed ReceivedReferral.
  absl::Time receive_time;
  bool handover_started = false;
  bool handed_over = false;
};

// A signed message to another agency, waiting to be sent.
struct OutgoingMessage {
  int64_t row = 0;
  std::string request_id;
  std::string share_id;
  std::string peer;
  std::string kind;  // `ACKNOWLEDGEMENT`, `PROGRESS`, `WITHDRAWAL`, `NOTICE`.
  std::string delivery_id;
  std::string envelope;  // Serialised DsseEnvelope.
  std::string note;      // Of a PROGRESS, sealed under the storage key until it was sent; empty when none.
};

// Progress of a recipient as received and verified.
struct ProgressRow {
  std::string agency;
  int state = 0;
  std::string reason;
  std::string note;  // Sealed under the storage key; empty when none.
  absl::Time create_time;
};

// Evidence of a share, verified.
struct ReceiptRow {
  std::string share_id;
  uint64_t index = 0;
  std::string receipt;  // Serialised Receipt.
};

// What somebody did at this agent.
struct AccessRow {
  int64_t row = 0;
  absl::Time time;
  std::string person;
  std::string share_id;
  std::string action;
};

// Conditions on them; an empty one is none.
struct AccessQuery {
  absl::Time start = absl::UnixEpoch();
  absl::Time end = absl::FromUnixSeconds(253402300800);  // The year 10000.
  std::string person;
  std::string share_id;
  int64_t after = 0;  // Paging: the last row of the page before.
  int limit = 50;
};

struct AlarmRow {
  std::string code;
  std::string share_id;
  std::string agency;
  std::string key_id;  // Which an alarm about a key is of; empty: another alarm.
  absl::Time time;     // When it was last raised.
};

// A request that this agency sent. Holds no content in clear.
struct AskedRow {
  int64_t row = 0;
  std::string request_id;
  std::string request_ref;
  std::string request_digest;
  std::string acting_person;
  std::string state;     // `QUEUED`, `STORED`, `REFUSED`, `CANCELLED`.
  std::string reason;    // Of a refusal.
  std::string submit;    // Serialised SubmitCaseRequestRequest: the bytes every retry sends. Empty once answered.
  std::string outcome;   // Serialised SendCaseRequestResponse.
  std::string manifest;  // Serialised Manifest of one of the selectors: what all have in common.
  absl::Time create_time;
  bool emergency = false;  // An agreed one: it goes first.
};

// A request that another agency sent here.
struct HeldRow {
  int64_t row = 0;
  std::string request_id;
  std::string details;   // Sealed HeldRequest.
  absl::Time next_time;  // When something is to be done about it; InfiniteFuture: nothing more.
};

// An approval asked for: here (`own`), or by another agency of a role that somebody here holds.
struct ApprovalRow {
  std::string approval_id;
  std::string request_id;
  std::string role;
  std::string question;  // Serialised ApprovalQuestion.
  bool own = false;
  bool sent = false;     // To other agencies, for a panel's role.
  std::string state;     // `WAITING`, `APPROVED`, `REFUSED`, `LAPSED`.
  std::string reason;    // Of a refusal.
  std::string approval;  // Serialised SignedApproval.
  absl::Time due;
  std::string asked_by;  // Of one to be added: the other agency that asks; empty: this one.
};

// An answer or supplement, finished and sealed.
struct AnswerRow {
  std::string share_id;
  std::string request_id;
  std::string submit;     // Serialised SubmitCaseAnswerRequest: the bytes every retry sends. Empty once answered.
  absl::Time not_before;  // The answer slot.
  std::string state;      // `QUEUED`, `STORED`, `REFUSED`.
  int64_t row = 0;
  std::vector<KnownAs> about{};  // Of one to be saved: whom it is about, as restrictions know them.
  bool emergency = false;        // Of an agreed one: it goes first.
};

// A restriction, or its end, that the broker has not answered yet.
struct RestrictionRow {
  int64_t row = 0;
  std::string restriction_id;
  uint32_t sequence = 0;
  bool lifts = false;
  std::string request{};  // Serialised ApplyRestrictionRequest: the bytes every retry sends.
};

}  // namespace derwent::agents
