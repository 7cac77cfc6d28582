#pragma once

#include <functional>
#include <string>

#include "broker/store/sqlite/sqlite_reads.h"
#include "broker/store/store.h"

namespace derwent::store {

// The open write transaction of the SQLite store. Where the medium fails SQLite may undo all of it: whatever is asked
// of it from then on is kUnavailable.
class SqliteTransaction final : public Transaction, public SqliteReads {
 public:
  // What was done, told once when the transaction is over.
  struct End {
    bool erased = false;  // It committed, and erased something.
  };
  // `connection` has begun.
  SqliteTransaction(Connection& connection, std::function<void(End)> ended);
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction() override;

  absl::Status Savepoint() override;
  absl::Status Release() override;
  absl::Status RollbackTo() override;
  absl::Status Commit() override;

  // sqlite_writes_log.cc
  absl::Status AdvanceLog(const LogState& from, const LogState& to) override;
  absl::StatusOr<uint64_t> RaiseEpoch() override;
  absl::Status InsertEntry(const EntryRow& entry) override;
  absl::Status ExtendTile(TileKey key, absl::string_view hashes) override;
  absl::Status InsertCheckpoint(const CheckpointRow& checkpoint) override;
  absl::Status InsertPublicBody(const PublicBodyRow& body) override;
  absl::Status KeepCosignature(const CosignatureRow& cosignature) override;
  absl::Status PutWitnessView(const WitnessViewRow& view) override;
  absl::Status MarkCosigned(uint64_t size, absl::Time time) override;
  absl::Status UnmarkCosigned(uint64_t size) override;
  absl::Status UnmarkCosignedDownFrom(uint64_t size) override;

  // sqlite_writes_erasure.cc
  absl::Status EraseEntry(const EntryRow& entry, absl::Span<const std::string> erased_tags) override;
  absl::Status EraseShare(absl::string_view share_id) override;
  absl::Status InsertHold(const HoldRow& hold) override;
  absl::Status LiftHold(absl::string_view hold_id, uint64_t lift_index) override;
  absl::StatusOr<uint64_t> PutErasure(const ErasureRow& row) override;
  absl::Status PutErasureParty(const ErasurePartyRow& row) override;

  // sqlite_rights.cc
  absl::Status PutRightsNotice(const RightsNoticeRow& row) override;

  // sqlite_writes_share.cc
  absl::Status InsertIdempotency(const IdempotencyRow& row) override;
  absl::StatusOr<size_t> DeleteIdempotencyBefore(absl::Time time, size_t limit) override;
  absl::Status InsertShare(const ShareRow& share) override;
  absl::Status SetSuperseded(absl::string_view share_id, absl::string_view by_share_id) override;
  absl::Status InsertPart(const PartRow& part) override;
  absl::Status UpdatePart(const PartRow& part) override;
  absl::StatusOr<uint64_t> InsertDelivery(const DeliveryRow& delivery) override;
  absl::Status MarkCollected(uint64_t sequence) override;
  absl::Status SetDeliveryEntries(uint64_t sequence, absl::Span<const uint64_t> entry_indexes) override;
  absl::Status HoldDelivery(uint64_t sequence) override;
  absl::Status DeleteDelivery(uint64_t sequence) override;

  // sqlite_writes_case.cc
  absl::Status InsertCase(const CaseRow& row) override;
  absl::Status UpdateCase(const CaseRow& row) override;
  absl::Status PutCaseMember(const CaseMemberRow& row) override;
  absl::Status DeleteCaseMember(absl::string_view case_id, absl::string_view agency) override;
  absl::Status InsertCaseExclusion(const CaseExclusionRow& row) override;
  absl::Status DeleteCaseExclusions(absl::string_view case_id, absl::string_view agency,
                                    absl::string_view by_agency) override;
  absl::Status PutApproval(const ApprovalRow& row) override;
  absl::StatusOr<size_t> DeleteApprovalsBefore(absl::Time time, size_t limit) override;
  absl::Status PutQuota(const QuotaRow& row) override;
  absl::StatusOr<size_t> DeleteQuotasBefore(int64_t day, size_t limit) override;

  // sqlite_writes_register.cc
  absl::Status InsertKeyEvent(const KeyEventRow& event) override;
  absl::Status PutDirectory(const DirectoryRow& directory) override;
  absl::Status PutRestriction(const RestrictionRow& restriction) override;
  absl::Status InsertRestrictionTag(const RestrictionTag& tag) override;
  absl::Status DeleteRestrictionTags(absl::string_view restriction_id) override;
  absl::Status PutPolicy(const PolicyRow& row) override;
  absl::Status DeletePolicyDrafts() override;
  absl::Status PutRefusal(const RefusalRow& row) override;
  absl::Status DeleteRefusal(const RefusalKey& key) override;
  absl::Status PutSetting(absl::string_view name, absl::string_view value) override;

 private:
  void Abandon();
  void Ended(End end);
  // What finds an entry: search columns, parties, tags.
  absl::Status InsertIndexes(const EntryRow& entry);

  std::function<void(End)> ended_;
  int savepoints_ = 0;
  bool open_ = true;
  bool erased_ = false;
};

}  // namespace derwent::store
