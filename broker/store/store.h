#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "broker/store/rights_rows.h"
#include "broker/store/rows.h"

namespace derwent::store {

// A consistent view of the store. Not thread-safe; one thread at a time. A missing row is nullopt, never an error.
// Errors of every call: kUnavailable the database cannot be read now; kDataLoss a row does not have its shape.
class Reader {
 public:
  virtual ~Reader() = default;

  // The log.
  virtual absl::StatusOr<LogState> GetLogState() = 0;
  // Rows come without columns, tags and decision request: the first two are in `packed`.
  virtual absl::StatusOr<std::optional<EntryRow>> FindEntry(uint64_t index) = 0;
  // `count` entries from `start` in order, fewer at the end.
  virtual absl::StatusOr<std::vector<EntryRow>> ListEntries(uint64_t start, size_t count) = 0;
  // Indexes that match, ascending, at most `query.limit`; next page: from_index = last + 1.
  virtual absl::StatusOr<std::vector<uint64_t>> SearchEntries(const EntryQuery& query) = 0;
  // First index whose entry time is at or after `time`; the log's size: none.
  virtual absl::StatusOr<uint64_t> FirstIndexAt(absl::Time time) = 0;
  // Index of the entry behind the next `count` from `from_index` that `agency` is party to; nullopt: there are fewer.
  virtual absl::StatusOr<std::optional<uint64_t>> IndexAfter(absl::string_view agency, uint64_t from_index,
                                                             size_t count) = 0;
  // Concatenated 32-octet hashes; empty when there is no such tile.
  virtual absl::StatusOr<std::string> GetTile(TileKey key) = 0;
  virtual absl::StatusOr<std::optional<CheckpointRow>> NewestCheckpoint() = 0;
  virtual absl::StatusOr<std::optional<CheckpointRow>> FindCheckpoint(uint64_t size) = 0;
  // Of the checkpoint of one size, by witness.
  virtual absl::StatusOr<std::vector<CosignatureRow>> ListCosignatures(uint64_t size) = 0;
  // The largest size below `below` whose checkpoint has its quorum.
  virtual absl::StatusOr<std::optional<uint64_t>> NewestCosigned(uint64_t below) = 0;
  // By witness.
  virtual absl::StatusOr<std::vector<WitnessViewRow>> ListWitnessViews() = 0;
  virtual absl::StatusOr<std::optional<PublicBodyRow>> FindPublicBody(uint64_t index) = 0;
  // Bodies of one kind from `from_index`, ascending.
  virtual absl::StatusOr<std::vector<PublicBodyRow>> ListPublicBodies(uint8_t kind, uint64_t from_index,
                                                                      size_t limit) = 0;
  // The canonical DecisionRequest of an entry, while not erased.
  virtual absl::StatusOr<std::optional<std::string>> FindDecisionRequest(uint64_t index) = 0;

  // Holds and erasures.
  // In force on an entry.
  virtual absl::StatusOr<std::vector<HoldRow>> HoldsOn(uint64_t index) = 0;
  // Of one hold id, lifted ones too, by entry.
  virtual absl::StatusOr<std::vector<HoldRow>> ListHold(absl::string_view hold_id) = 0;
  virtual absl::StatusOr<std::optional<ErasureRow>> FindErasure(absl::string_view erasure_id) = 0;
  // The erasure that the public entry `entry_index` records.
  virtual absl::StatusOr<std::optional<ErasureRow>> FindErasureAt(uint64_t entry_index) = 0;
  // That concern an agency, newest first, below `before` (a `position`).
  virtual absl::StatusOr<std::vector<ErasureRow>> ListErasures(absl::string_view agency, uint64_t before,
                                                               size_t limit) = 0;
  // Done ones that an agency has still to attest, oldest first, after position `after` (0: from the oldest).
  virtual absl::StatusOr<std::vector<ErasureRow>> UnattestedErasures(absl::string_view agency, uint64_t after,
                                                                     size_t limit) = 0;
  // By agency.
  virtual absl::StatusOr<std::vector<ErasurePartyRow>> ErasureParties(uint64_t position) = 0;
  // Parties to be asked again at or before `time`.
  virtual absl::StatusOr<std::vector<ErasurePartyRow>> ErasuresToChase(absl::Time time, size_t limit) = 0;

  // Rights events.
  virtual absl::StatusOr<std::optional<RightsNoticeRow>> FindRightsNotice(const RightsNoticeKey& key) = 0;
  // Of one event, by share and recipient.
  virtual absl::StatusOr<std::vector<RightsNoticeRow>> ListRightsNotices(absl::string_view event_id) = 0;
  // To be asked again at or before `time`, longest due first.
  virtual absl::StatusOr<std::vector<RightsNoticeRow>> RightsNoticesToChase(absl::Time time, size_t limit) = 0;

  // Commands already answered. An expired row is still found until it is deleted.
  virtual absl::StatusOr<std::optional<IdempotencyRow>> FindIdempotency(const IdempotencyKey& key) = 0;

  // Shares and their parts.
  virtual absl::StatusOr<std::optional<ShareRow>> FindShare(absl::string_view share_id) = 0;
  virtual absl::StatusOr<std::optional<PartRow>> FindPart(const PartKey& key) = 0;
  // By recipient.
  virtual absl::StatusOr<std::vector<PartRow>> ListParts(absl::string_view share_id) = 0;
  // Parts with a running deadline before or at `time`, earliest first.
  virtual absl::StatusOr<std::vector<PartRow>> PartsDue(absl::Time time, size_t limit) = 0;
  // The earliest running deadline of all parts.
  virtual absl::StatusOr<std::optional<absl::Time>> NextDue() = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<ListedShare>> ListShares(const ShareQuery& query) = 0;
  // Answers and supplements of one holder to a request, oldest first.
  virtual absl::StatusOr<std::vector<ShareRow>> ListReplies(absl::string_view request_share_id,
                                                            absl::string_view holder_agency) = 0;
  // Parts about a subject with any of the tags, each part once. Found through the subject index: the
  // ledger entry of the share must carry the tag too.
  virtual absl::StatusOr<std::vector<PartKey>> PartsWithTags(absl::Span<const std::string> tags) = 0;

  // Mailboxes.
  // Oldest first; neither held ones among them nor those that wait for a time after `now`.
  virtual absl::StatusOr<std::vector<DeliveryRow>> NextDeliveries(absl::string_view mailbox_agency, absl::Time now,
                                                                  size_t limit) = 0;
  // Likewise, packages left out but those of shares for `purpose`.
  virtual absl::StatusOr<std::vector<DeliveryRow>> NextMessages(absl::string_view mailbox_agency,
                                                                absl::string_view purpose, absl::Time now,
                                                                size_t limit) = 0;
  virtual absl::StatusOr<std::optional<DeliveryRow>> FindDelivery(absl::string_view delivery_id) = 0;
  // Held ones too, oldest first, of one mailbox and stored share.
  virtual absl::StatusOr<std::vector<DeliveryRow>> DeliveriesOfPart(const PartKey& key) = 0;
  // Held ones not counted.
  virtual absl::StatusOr<MailboxDepth> GetMailboxDepth(absl::string_view mailbox_agency) = 0;

  // Cases, approvals and quotas.
  virtual absl::StatusOr<std::optional<CaseRow>> FindCase(absl::string_view case_id) = 0;
  // By agency.
  virtual absl::StatusOr<std::vector<CaseMemberRow>> CaseMembers(absl::string_view case_id) = 0;
  virtual absl::StatusOr<std::vector<CaseExclusionRow>> CaseExclusions(absl::string_view case_id) = 0;
  // Of a member agency, newest first, before `before` (a `position`).
  virtual absl::StatusOr<std::vector<ListedCase>> ListCases(absl::string_view agency, uint64_t before,
                                                            size_t limit) = 0;
  virtual absl::StatusOr<std::optional<ApprovalRow>> FindApproval(absl::string_view approval_id) = 0;
  virtual absl::StatusOr<std::optional<QuotaRow>> FindQuota(const QuotaKey& key) = 0;

  // Keys and registers.
  virtual absl::StatusOr<std::vector<KeyEventRow>> ListKeyEvents(absl::string_view agency) = 0;
  // All agencies, by agency and sequence.
  virtual absl::StatusOr<std::vector<KeyEventRow>> ListAllKeyEvents() = 0;
  virtual absl::StatusOr<std::optional<DirectoryRow>> FindDirectory(absl::string_view agency) = 0;
  // By agency.
  virtual absl::StatusOr<std::vector<DirectoryRow>> ListDirectories() = 0;
  virtual absl::StatusOr<std::optional<RestrictionRow>> FindRestriction(absl::string_view restriction_id) = 0;
  virtual absl::StatusOr<std::vector<RestrictionTag>> RestrictionsOfTags(absl::Span<const std::string> tags) = 0;
  virtual absl::StatusOr<std::vector<RestrictionTag>> TagsOfRestriction(absl::string_view restriction_id) = 0;

  // Revisions of the policy.
  virtual absl::StatusOr<std::optional<PolicyRow>> FindPolicy(uint64_t revision) = 0;
  // The one in force; nullopt while none was activated.
  virtual absl::StatusOr<std::optional<PolicyRow>> PolicyInForce() = 0;
  // Newest first, without `files`.
  virtual absl::StatusOr<std::vector<PolicyRow>> ListPolicies() = 0;

  // Refusals counted and not yet entered.
  virtual absl::StatusOr<std::optional<RefusalRow>> FindRefusal(const RefusalKey& key) = 0;
  // Rows whose minute began before or at `time`.
  virtual absl::StatusOr<std::vector<RefusalRow>> RefusalsBefore(absl::Time time, size_t limit) = 0;

  // Small facts the broker keeps about itself, for instance the policy digest last entered.
  virtual absl::StatusOr<std::optional<std::string>> GetSetting(absl::string_view name) = 0;
};

// The one open write. Reads see its own writes. Not thread-safe. Destroyed without Commit: nothing happened.
//
// A write that fails leaves the statement undone, not the transaction: roll back to the command's savepoint and go on.
// Errors of every write: kInvalidArgument a value breaks the schema; kAlreadyExists the key is taken;
// kNotFound an update without its row; kUnavailable the database cannot be written (full, locked).
class Transaction : public virtual Reader {
 public:
  // Savepoints nest. Each is ended by exactly one Release or RollbackTo.
  virtual absl::Status Savepoint() = 0;
  // Keeps what was written since the newest savepoint, and ends it.
  virtual absl::Status Release() = 0;
  // Undoes what was written since the newest savepoint, and ends it.
  virtual absl::Status RollbackTo() = 0;

  // Makes everything durable: after OK it survives power loss.
  //
  // Errors, after each of which the caller drops everything it keeps in memory and reloads from Store::Read:
  //   kUnavailable  certainly not committed (disk full, lock)
  //   kUnknown      committed or not: the store alone knows
  //   kDataLoss     the medium refused to sync: end the process (EndsProcess), a restart recovers
  virtual absl::Status Commit() = 0;

  // The log: called by broker/ledger only.
  // Error: kAborted another writer moved the head or took over (the fence).
  virtual absl::Status AdvanceLog(const LogState& from, const LogState& to) = 0;
  // Takes over writing: raises the epoch and returns it. In a commit of its own.
  virtual absl::StatusOr<uint64_t> RaiseEpoch() = 0;
  virtual absl::Status InsertEntry(const EntryRow& entry) = 0;
  // Appends hashes to a tile, made when absent.
  virtual absl::Status ExtendTile(TileKey key, absl::string_view hashes) = 0;
  virtual absl::Status InsertCheckpoint(const CheckpointRow& checkpoint) = 0;
  virtual absl::Status InsertPublicBody(const PublicBodyRow& body) = 0;

  // Keeps the first of a size and witness.
  virtual absl::Status KeepCosignature(const CosignatureRow& cosignature) = 0;
  // Never goes back to a smaller size.
  virtual absl::Status PutWitnessView(const WitnessViewRow& view) = 0;
  // The checkpoint of `size` has its quorum. Those between it and the one before that had its own need their
  // cosignatures no more: they go. What was ever marked keeps them.
  virtual absl::Status MarkCosigned(uint64_t size, absl::Time time) = 0;
  // It has no quorum under the policy that counts now, until it is marked again; its cosignatures stay.
  virtual absl::Status UnmarkCosigned(uint64_t size) = 0;
  // Neither it, which was marked, nor any smaller one counts from now on, whatever the length of the log. Final.
  virtual absl::Status UnmarkCosignedDownFrom(uint64_t size) = 0;

  // Writes an entry's row again without what was erased, and with it search columns, parties and tags as the row now
  // says; `erased_tags` leave the subject index. After the commit the log of changes is emptied into the file as soon
  // as no reader needs it, so that no octet of what was there stays behind.
  virtual absl::Status EraseEntry(const EntryRow& entry, absl::Span<const std::string> erased_tags) = 0;
  // Deletes a share with its parts, deliveries, rights notices and the replies to it. Deleting what is gone is OK.
  // Error: kInvalidArgument no id.
  virtual absl::Status EraseShare(absl::string_view share_id) = 0;

  virtual absl::Status InsertHold(const HoldRow& hold) = 0;
  // Error: kNotFound no such hold in force.
  virtual absl::Status LiftHold(absl::string_view hold_id, uint64_t lift_index) = 0;
  // By erasure id: every column but the position is written. Returns the position.
  virtual absl::StatusOr<uint64_t> PutErasure(const ErasureRow& row) = 0;
  virtual absl::Status PutErasureParty(const ErasurePartyRow& row) = 0;

  // By key: every column is written.
  virtual absl::Status PutRightsNotice(const RightsNoticeRow& row) = 0;

  virtual absl::Status InsertIdempotency(const IdempotencyRow& row) = 0;
  // Deletes at most `limit` expired rows, returns how many.
  virtual absl::StatusOr<size_t> DeleteIdempotencyBefore(absl::Time time, size_t limit) = 0;

  virtual absl::Status InsertShare(const ShareRow& share) = 0;
  virtual absl::Status SetSuperseded(absl::string_view share_id, absl::string_view by_share_id) = 0;
  virtual absl::Status InsertPart(const PartRow& part) = 0;
  // Writes every column of the part.
  virtual absl::Status UpdatePart(const PartRow& part) = 0;

  // Returns the sequence given; `delivery.sequence` is ignored.
  virtual absl::StatusOr<uint64_t> InsertDelivery(const DeliveryRow& delivery) = 0;
  virtual absl::Status MarkCollected(uint64_t sequence) = 0;
  // Sets the ledger entries whose receipts travel with the delivery.
  virtual absl::Status SetDeliveryEntries(uint64_t sequence, absl::Span<const uint64_t> entry_indexes) = 0;
  virtual absl::Status HoldDelivery(uint64_t sequence) = 0;
  // Overwrites the bytes on the medium (secure_delete). Deleting what is gone is OK.
  virtual absl::Status DeleteDelivery(uint64_t sequence) = 0;

  virtual absl::Status InsertCase(const CaseRow& row) = 0;
  // Writes every column of the case.
  virtual absl::Status UpdateCase(const CaseRow& row) = 0;
  // Error: kNotFound no such case.
  virtual absl::Status PutCaseMember(const CaseMemberRow& row) = 0;
  virtual absl::Status DeleteCaseMember(absl::string_view case_id, absl::string_view agency) = 0;
  // Error: kNotFound no such case.
  virtual absl::Status InsertCaseExclusion(const CaseExclusionRow& row) = 0;
  virtual absl::Status DeleteCaseExclusions(absl::string_view case_id, absl::string_view agency,
                                            absl::string_view by_agency) = 0;
  virtual absl::Status PutApproval(const ApprovalRow& row) = 0;
  // Deletes at most `limit` that expired, returns how many.
  virtual absl::StatusOr<size_t> DeleteApprovalsBefore(absl::Time time, size_t limit) = 0;
  virtual absl::Status PutQuota(const QuotaRow& row) = 0;
  // Deletes at most `limit` of earlier days, returns how many.
  virtual absl::StatusOr<size_t> DeleteQuotasBefore(int64_t day, size_t limit) = 0;

  virtual absl::Status InsertKeyEvent(const KeyEventRow& event) = 0;
  virtual absl::Status PutDirectory(const DirectoryRow& directory) = 0;
  virtual absl::Status PutRestriction(const RestrictionRow& restriction) = 0;
  virtual absl::Status InsertRestrictionTag(const RestrictionTag& tag) = 0;
  virtual absl::Status DeleteRestrictionTags(absl::string_view restriction_id) = 0;

  // Inserts it, or writes every column.
  virtual absl::Status PutPolicy(const PolicyRow& row) = 0;
  virtual absl::Status DeletePolicyDrafts() = 0;

  virtual absl::Status PutRefusal(const RefusalRow& row) = 0;
  virtual absl::Status DeleteRefusal(const RefusalKey& key) = 0;
  virtual absl::Status PutSetting(absl::string_view name, absl::string_view value) = 0;
};

// The broker's database. Thread-safe, but for one rule: one transaction at a time.
class Store {
 public:
  virtual ~Store() = default;
  // Error: kFailedPrecondition while another transaction of this store is open; kUnavailable.
  // The transaction must end before the store does.
  virtual absl::StatusOr<std::unique_ptr<Transaction>> Begin() = 0;
  // A snapshot of what is committed now, on a connection of its own. Hold it briefly: it keeps the log of
  // changes from being trimmed. Error: kResourceExhausted too many readers at once; kUnavailable.
  virtual absl::StatusOr<std::unique_ptr<Reader>> Read() = 0;
};

// True when nothing safe can follow in this process: the medium failed to sync, so what the system's cache says about
// the past is no longer what the medium holds. The writer's owner logs the status and ends the process at once.
inline bool EndsProcess(const absl::Status& status) { return absl::IsDataLoss(status); }

}  // namespace derwent::store
