#pragma once

// The rows of the store as plain values. What each column is for, and why it may hold what it holds: README.md.
// Text is ASCII codes and opaque ids, times are kept in whole milliseconds (UTC), "bytes" are any octets.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "trust/base/digest.h"

namespace derwent::store {

// The head of the log.
struct LogState {
  uint64_t size = 0;
  Sha256Digest root;       // of the empty tree while size is 0
  uint64_t epoch = 0;      // raised by whoever takes over writing
  absl::Time newest_time;  // of the last entry; absl::InfinitePast() while size is 0

  friend bool operator==(const LogState&, const LogState&) = default;
};

// What entries are searched by. Each is derivable from the entry's sealed fields; fsck checks that it is.
struct EntryColumns {
  std::string releasing_agency;
  std::string receiving_agency;
  std::string actor_agency;     // the side that acted; empty: the broker itself
  std::string supplier_agency;  // the side that supplied the subject tags
  std::string purpose;
  std::string profile;
  std::string board;
  std::string outcome;               // PERMIT, PARTIAL, PENDING, DENY or empty
  std::vector<std::string> reasons;  // codes every party may see
  std::string share_id;
  std::string step;

  friend bool operator==(const EntryColumns&, const EntryColumns&) = default;
};

struct EntryRow {
  uint64_t index = 0;
  absl::Time time;
  std::string packed;  // broker/ledger/FORMAT.md
  EntryColumns columns;
  std::vector<std::string> tags;  // 32 octets each; go to the subject index
  std::string decision_request;   // canonical bytes, erasable; may be empty
};

// All conditions given must hold; an empty one is no condition.
struct EntryQuery {
  std::string viewer_agency;  // required, but for `every_agency`: only entries this agency is party to
  bool every_agency = false;  // entries that have a party, whichever it is
  absl::Time start = absl::InfinitePast();
  absl::Time end = absl::InfiniteFuture();  // exclusive
  std::string other_agency;
  std::string board;
  std::string purpose;
  std::string outcome;
  std::string share_id;
  std::string step;
  std::string reason;
  // Any of them. Only entries whose tags the viewer's agency supplied match: nobody learns by searching what the entry
  // would not open to it.
  std::vector<std::string> tags;
  uint64_t from_index = 0;             // paging: last index of the previous page + 1
  uint64_t before_index = UINT64_MAX;  // entries below only
  size_t limit = 50;
};

struct TileKey {
  uint32_t level = 0;
  uint64_t number = 0;
  friend auto operator<=>(const TileKey&, const TileKey&) = default;
};

struct CheckpointRow {
  uint64_t size = 0;
  std::string note;  // verbatim signed note
};

// A witness's cosignature of the checkpoint of `size`.
struct CosignatureRow {
  uint64_t size = 0;
  std::string witness;  // its verifier key (vkey)
  std::string line;     // signature line of the note, verbatim, with its newline
  absl::Time add_time;

  friend bool operator==(const CosignatureRow&, const CosignatureRow&) = default;
};

// The largest tree that a witness cosigned or showed.
struct WitnessViewRow {
  std::string witness;
  uint64_t size = 0;
  absl::Time seen_time;

  friend bool operator==(const WitnessViewRow&, const WitnessViewRow&) = default;
};

struct PublicBodyRow {
  uint64_t index = 0;
  uint8_t kind = 0;  // 0x01 to 0x04
  std::string body;
};

// What stops the erasure of one entry: a legal hold, a complaint, an open review.
struct HoldRow {
  uint64_t index = 0;
  std::string hold_id;
  std::string agency;  // that placed it
  std::string reason;  // LEGAL, COMPLAINT or REVIEW
  absl::Time place_time;
  uint64_t entry_index = 0;            // of the entry that tells of it
  std::optional<uint64_t> lift_index;  // of the entry that tells of its end; nullopt: in force
  friend bool operator==(const HoldRow&, const HoldRow&) = default;
};

// An erasure asked for or done.
struct ErasureRow {
  uint64_t position = 0;  // assigned when first put; grows
  std::string erasure_id;
  std::string agency;  // the data owner's that asked; empty: a retention schedule
  std::vector<uint64_t> entries;
  std::string request;   // bytes of the owner's SignedCommand; empty of a schedule
  std::string approval;  // bytes of the other SignedCommand; empty until it is there
  absl::Time create_time;
  absl::Time expire_time;
  std::optional<uint64_t> entry_index;  // of the public entry that records it; nullopt: not done
  friend bool operator==(const ErasureRow&, const ErasureRow&) = default;
};

// A party to erased entries, that has to erase the same and attest it.
struct ErasurePartyRow {
  uint64_t position = 0;  // of its erasure
  std::string agency;
  std::vector<uint64_t> entries;
  std::string attestation;  // bytes of the signed attestation; empty until it is there
  std::optional<absl::Time> attest_time;
  std::optional<absl::Time> chase_time;  // when it is asked again; nullopt: nothing is awaited
  uint32_t chased = 0;
  friend bool operator==(const ErasurePartyRow&, const ErasurePartyRow&) = default;
};

struct IdempotencyKey {
  std::string caller_agency;
  std::string method;
  std::string request_id;
};

struct IdempotencyRow {
  IdempotencyKey key;
  Sha256Digest request_digest;
  std::string response;  // bytes
  absl::Time expire_time;
};

struct ShareRow {
  std::string share_id;
  uint32_t version = 1;
  int32_t kind = 0;  // PackageKind
  std::string sender_agency;
  std::string profile;
  std::string purpose;
  std::string board;
  std::string area;
  std::string case_id;
  bool existence_sensitive = false;
  absl::Time create_time;
  absl::Time expire_time;
  std::string supersedes_share_id;
  std::string superseded_by_share_id;
  std::string reply_to_share_id;  // the request that an answer or supplement replies to

  friend bool operator==(const ShareRow&, const ShareRow&) = default;
};

// A deadline of a part. It runs while set and not overdue.
struct Due {
  std::optional<absl::Time> time;
  bool overdue = false;
  friend bool operator==(const Due&, const Due&) = default;
};

struct PartKey {
  std::string share_id;
  std::string recipient_agency;
  friend auto operator<=>(const PartKey&, const PartKey&) = default;
};

struct SubjectTag {
  uint32_t subject = 0;
  std::string tag;  // 32 octets
  friend auto operator<=>(const SubjectTag&, const SubjectTag&) = default;
};

struct PartRow {
  PartKey key;
  std::string role;
  std::string person;  // opaque; empty: whoever holds the role
  int32_t state = 0;   // RecipientState
  std::string reason;
  Sha256Digest manifest_digest;
  Due collection;
  Due acceptance;
  Due outcome;
  absl::Time update_time;
  uint32_t sender_sequence = 0;     // last message number of the sender to the recipient
  uint32_t recipient_sequence = 0;  // last message number of the recipient to the sender
  std::vector<SubjectTag> tags;     // whom it is about
  std::string context;              // bytes the exchange keeps to decide afresh, e.g. the sender's statement

  friend bool operator==(const PartRow&, const PartRow&) = default;
};

enum class ShareRole { kBoth, kSender, kRecipient };

struct ShareQuery {
  std::string agency;
  int32_t kind = 1;  // PackageKind
  ShareRole role = ShareRole::kBoth;
  uint64_t before = UINT64_MAX;  // paging: `position` of the last row of the previous page
  size_t limit = 50;
};

struct ListedShare {
  uint64_t position = 0;  // grows with each stored share
  ShareRow share;
};

struct DeliveryRow {
  uint64_t sequence = 0;  // assigned by InsertDelivery; grows
  std::string delivery_id;
  std::string mailbox_agency;
  std::string share_id;
  int32_t kind = 0;     // 1 package, 2 signed message, 3 broker notice, 4 signed approval
  std::string payload;  // bytes
  std::vector<uint64_t> entry_indexes;
  absl::Time create_time;
  absl::Time not_before = absl::UnixEpoch();  // not handed out before
  uint32_t collected_count = 0;
  bool held = false;

  friend bool operator==(const DeliveryRow&, const DeliveryRow&) = default;
};

// What waits in one mailbox.
struct MailboxDepth {
  uint64_t waiting = 0;
  std::optional<absl::Time> oldest;  // When the oldest came; nullopt while nothing waits.
  friend bool operator==(const MailboxDepth&, const MailboxDepth&) = default;
};

// A case: ids and roles only, nothing about the person.
struct CaseRow {
  std::string case_id;
  std::string profile;
  std::string board;
  std::string area;
  std::string convenor_agency;
  uint32_t revision = 1;  // grows with every change
  absl::Time create_time;
  std::optional<absl::Time> close_time;

  friend bool operator==(const CaseRow&, const CaseRow&) = default;
};

struct ListedCase {
  uint64_t position = 0;  // grows with each case
  CaseRow row;
};

struct CaseMemberRow {
  std::string case_id;
  std::string agency;
  std::vector<std::string> roles;    // empty: any
  std::vector<std::string> persons;  // opaque ids; empty: whoever holds such a role
  friend bool operator==(const CaseMemberRow&, const CaseMemberRow&) = default;
};

// A person who must not take part, and which agency said so.
struct CaseExclusionRow {
  std::string case_id;
  std::string agency;
  std::string person;  // opaque id
  std::string by_agency;
  friend auto operator<=>(const CaseExclusionRow&, const CaseExclusionRow&) = default;
};

enum class ApprovalState : int32_t { kAsked = 1, kGiven = 2, kRefused = 3, kUsed = 4 };

// What became of one approval id; each is used once.
struct ApprovalRow {
  std::string approval_id;
  std::string holder_agency;
  std::string share_id;  // the request it is for
  ApprovalState state = ApprovalState::kAsked;
  std::string question;  // bytes of the ApprovalQuestion; empty when the broker was not asked
  absl::Time expire_time;
  friend bool operator==(const ApprovalRow&, const ApprovalRow&) = default;
};

// How many holders one person asked on one London day.
struct QuotaKey {
  std::string agency;
  std::string person;  // opaque id
  int64_t day = 0;     // days since 1 January 1970
  friend auto operator<=>(const QuotaKey&, const QuotaKey&) = default;
};

struct QuotaRow {
  QuotaKey key;
  uint32_t holders = 0;
  bool alarmed = false;  // the data protection officers were told
  friend bool operator==(const QuotaRow&, const QuotaRow&) = default;
};

enum class PolicyRowState : int32_t { kDraft = 1, kInForce = 2, kSuperseded = 3 };

// One revision of the policy as it was proposed or activated.
struct PolicyRow {
  uint64_t revision = 0;  // Grows with every proposal.
  PolicyRowState state = PolicyRowState::kDraft;
  uint64_t base_revision = 0;  // What was in force when it was made.
  int32_t action = 0;          // PolicyAction that its activation says.
  std::string proposer_agency;
  Sha256Digest content_digest, policy_digest, governance_digest;
  std::vector<std::string> opening_givers;
  absl::Time create_time;
  std::optional<absl::Time> activate_time;
  uint64_t entry_index = 0;  // Of its newest entry.
  std::string files;         // Bytes: the bundle as served.
  friend bool operator==(const PolicyRow&, const PolicyRow&) = default;
};

struct KeyEventRow {
  std::string agency;
  uint32_t sequence = 0;
  std::string envelope;  // bytes of the signed event
  uint64_t entry_index = 0;
  friend bool operator==(const KeyEventRow&, const KeyEventRow&) = default;
};

struct DirectoryRow {
  std::string agency;
  uint64_t version = 0;
  std::string envelope;  // bytes of the signed directory
  Sha256Digest payload_digest;
  uint64_t entry_index = 0;
  friend bool operator==(const DirectoryRow&, const DirectoryRow&) = default;
};

// One subject tag under restriction by an agency.
struct RestrictionTag {
  std::string tag;  // 32 octets
  std::string agency;
  std::string restriction_id;
  friend auto operator<=>(const RestrictionTag&, const RestrictionTag&) = default;
};

struct RestrictionRow {
  std::string restriction_id;
  std::string agency;
  uint32_t sequence = 0;
  int32_t action = 0;    // RestrictionAction
  std::string envelope;  // bytes of the newest signed event
  uint64_t entry_index = 0;
  friend bool operator==(const RestrictionRow&, const RestrictionRow&) = default;
};

// Counts the repeats of a refusal within one minute.
struct RefusalKey {
  std::string caller;  // Agency and, where a person called, a space and their opaque id.
  std::string method;
  std::string reason;
  friend auto operator<=>(const RefusalKey&, const RefusalKey&) = default;
};

struct RefusalRow {
  RefusalKey key;
  absl::Time minute;     // when the minute began, that is when the first was entered
  uint32_t repeats = 0;  // since then, not yet entered
  friend bool operator==(const RefusalRow&, const RefusalRow&) = default;
};

}  // namespace derwent::store
