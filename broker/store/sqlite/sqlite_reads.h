#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/store/sqlite/connection.h"
#include "broker/store/store.h"

namespace derwent::store {

// The reading half of the SQLite store, shared by snapshots and the transaction. Borrows the connection. Not
// thread-safe.
class SqliteReads : public virtual Reader {
 public:
  explicit SqliteReads(Connection& connection) : connection_(connection) {}

  // sqlite_reads_log.cc
  absl::StatusOr<LogState> GetLogState() override;
  absl::StatusOr<std::optional<EntryRow>> FindEntry(uint64_t index) override;
  absl::StatusOr<std::vector<EntryRow>> ListEntries(uint64_t start, size_t count) override;
  absl::StatusOr<std::vector<uint64_t>> SearchEntries(const EntryQuery& query) override;
  absl::StatusOr<uint64_t> FirstIndexAt(absl::Time time) override;
  absl::StatusOr<std::optional<uint64_t>> IndexAfter(absl::string_view agency, uint64_t from_index,
                                                     size_t count) override;
  absl::StatusOr<std::string> GetTile(TileKey key) override;
  absl::StatusOr<std::optional<CheckpointRow>> NewestCheckpoint() override;
  absl::StatusOr<std::optional<CheckpointRow>> FindCheckpoint(uint64_t size) override;
  absl::StatusOr<std::vector<CosignatureRow>> ListCosignatures(uint64_t size) override;
  absl::StatusOr<std::optional<uint64_t>> NewestCosigned(uint64_t below) override;
  absl::StatusOr<std::vector<WitnessViewRow>> ListWitnessViews() override;
  absl::StatusOr<std::optional<PublicBodyRow>> FindPublicBody(uint64_t index) override;
  absl::StatusOr<std::vector<PublicBodyRow>> ListPublicBodies(uint8_t kind, uint64_t from_index, size_t limit) override;
  absl::StatusOr<std::optional<std::string>> FindDecisionRequest(uint64_t index) override;

  // sqlite_reads_erasure.cc
  absl::StatusOr<std::vector<HoldRow>> HoldsOn(uint64_t index) override;
  absl::StatusOr<std::vector<HoldRow>> ListHold(absl::string_view hold_id) override;
  absl::StatusOr<std::optional<ErasureRow>> FindErasure(absl::string_view erasure_id) override;
  absl::StatusOr<std::optional<ErasureRow>> FindErasureAt(uint64_t entry_index) override;
  absl::StatusOr<std::vector<ErasureRow>> ListErasures(absl::string_view agency, uint64_t before,
                                                       size_t limit) override;
  absl::StatusOr<std::vector<ErasureRow>> UnattestedErasures(absl::string_view agency, uint64_t after,
                                                             size_t limit) override;
  absl::StatusOr<std::vector<ErasurePartyRow>> ErasureParties(uint64_t position) override;
  absl::StatusOr<std::vector<ErasurePartyRow>> ErasuresToChase(absl::Time time, size_t limit) override;
  // sqlite_rights.cc
  absl::StatusOr<std::optional<RightsNoticeRow>> FindRightsNotice(const RightsNoticeKey& key) override;
  absl::StatusOr<std::vector<RightsNoticeRow>> ListRightsNotices(absl::string_view event_id) override;
  absl::StatusOr<std::vector<RightsNoticeRow>> RightsNoticesToChase(absl::Time time, size_t limit) override;

  // sqlite_reads_share.cc
  absl::StatusOr<std::optional<IdempotencyRow>> FindIdempotency(const IdempotencyKey& key) override;
  absl::StatusOr<std::optional<ShareRow>> FindShare(absl::string_view share_id) override;
  absl::StatusOr<std::optional<PartRow>> FindPart(const PartKey& key) override;
  absl::StatusOr<std::vector<PartRow>> ListParts(absl::string_view share_id) override;
  absl::StatusOr<std::vector<PartRow>> PartsDue(absl::Time time, size_t limit) override;
  absl::StatusOr<std::optional<absl::Time>> NextDue() override;
  absl::StatusOr<std::vector<ListedShare>> ListShares(const ShareQuery& query) override;
  absl::StatusOr<std::vector<ShareRow>> ListReplies(absl::string_view request_share_id,
                                                    absl::string_view holder_agency) override;
  absl::StatusOr<std::vector<PartKey>> PartsWithTags(absl::Span<const std::string> tags) override;
  absl::StatusOr<std::vector<DeliveryRow>> NextDeliveries(absl::string_view mailbox_agency, absl::Time now,
                                                          size_t limit) override;
  absl::StatusOr<std::vector<DeliveryRow>> NextMessages(absl::string_view mailbox_agency, absl::string_view purpose,
                                                        absl::Time now, size_t limit) override;
  absl::StatusOr<std::optional<DeliveryRow>> FindDelivery(absl::string_view delivery_id) override;
  absl::StatusOr<std::vector<DeliveryRow>> DeliveriesOfPart(const PartKey& key) override;
  absl::StatusOr<MailboxDepth> GetMailboxDepth(absl::string_view mailbox_agency) override;

  // sqlite_reads_case.cc
  absl::StatusOr<std::optional<CaseRow>> FindCase(absl::string_view case_id) override;
  absl::StatusOr<std::vector<CaseMemberRow>> CaseMembers(absl::string_view case_id) override;
  absl::StatusOr<std::vector<CaseExclusionRow>> CaseExclusions(absl::string_view case_id) override;
  absl::StatusOr<std::vector<ListedCase>> ListCases(absl::string_view agency, uint64_t before, size_t limit) override;
  absl::StatusOr<std::optional<ApprovalRow>> FindApproval(absl::string_view approval_id) override;
  absl::StatusOr<std::optional<QuotaRow>> FindQuota(const QuotaKey& key) override;

  // sqlite_reads_register.cc, sqlite_policy.cc
  absl::StatusOr<std::vector<KeyEventRow>> ListKeyEvents(absl::string_view agency) override;
  absl::StatusOr<std::vector<KeyEventRow>> ListAllKeyEvents() override;
  absl::StatusOr<std::optional<DirectoryRow>> FindDirectory(absl::string_view agency) override;
  absl::StatusOr<std::vector<DirectoryRow>> ListDirectories() override;
  absl::StatusOr<std::optional<RestrictionRow>> FindRestriction(absl::string_view restriction_id) override;
  absl::StatusOr<std::vector<RestrictionTag>> RestrictionsOfTags(absl::Span<const std::string> tags) override;
  absl::StatusOr<std::vector<RestrictionTag>> TagsOfRestriction(absl::string_view restriction_id) override;
  absl::StatusOr<std::optional<PolicyRow>> FindPolicy(uint64_t revision) override;
  absl::StatusOr<std::optional<PolicyRow>> PolicyInForce() override;
  absl::StatusOr<std::vector<PolicyRow>> ListPolicies() override;
  absl::StatusOr<std::optional<RefusalRow>> FindRefusal(const RefusalKey& key) override;
  absl::StatusOr<std::vector<RefusalRow>> RefusalsBefore(absl::Time time, size_t limit) override;
  absl::StatusOr<std::optional<std::string>> GetSetting(absl::string_view name) override;

 protected:
  Connection& connection() { return connection_; }

 private:
  absl::StatusOr<std::vector<uint64_t>> SearchByTag(const EntryQuery& query, uint64_t first, uint64_t end);

  Connection& connection_;
};

// Rows as vectors or at most one; `take` turns the query's current row into a StatusOr<Row>.
template <typename Row, typename Take>
absl::StatusOr<std::vector<Row>> AllRows(std::unique_ptr<Query> query, Take take) {
  std::vector<Row> rows;
  while (true) {
    absl::StatusOr<bool> more = query->Next();
    if (!more.ok()) return more.status();
    if (!*more) return rows;
    absl::StatusOr<Row> row = take(*query);
    if (!row.ok()) return row.status();
    rows.push_back(*std::move(row));
  }
}
template <typename Row, typename Take>
absl::StatusOr<std::optional<Row>> OneRow(std::unique_ptr<Query> query, Take take) {
  absl::StatusOr<bool> found = query->Next();
  if (!found.ok()) return found.status();
  if (!*found) return std::optional<Row>();
  absl::StatusOr<Row> row = take(*query);
  if (!row.ok()) return row.status();
  return std::optional<Row>(*std::move(row));
}

// A tile's row id.
inline int64_t TileRowId(TileKey key) {
  return static_cast<int64_t>(static_cast<uint64_t>(key.level) << 56 | key.number);
}

}  // namespace derwent::store
