#include <algorithm>

#include "broker/store/sqlite/entry_list.h"
#include "broker/store/sqlite/sqlite_reads.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

std::optional<uint64_t> OptionalIndex(const Query& query, int column) {
  if (query.IsNull(column)) return std::nullopt;
  return query.Unsigned(column);
}

#define DERWENT_HOLD_COLUMNS " idx, hold_id, agency, reason, placed_ms, entry, lift FROM hold"

absl::StatusOr<HoldRow> TakeHold(const Query& query) {
  return HoldRow{.index = query.Unsigned(0),
                 .hold_id = query.Text(1),
                 .agency = query.Text(2),
                 .reason = query.Text(3),
                 .place_time = query.Time(4),
                 .entry_index = query.Unsigned(5),
                 .lift_index = OptionalIndex(query, 6)};
}

#define DERWENT_ERASURE_COLUMNS                                                                                  \
  " e.position, e.erasure_id, e.agency, e.entries, e.request, e.approval, e.create_ms, e.expire_ms, e.idx FROM " \
  "erasure e"

absl::StatusOr<ErasureRow> TakeErasure(const Query& query) {
  ASSIGN_OR_RETURN(std::vector<uint64_t> entries, DecodeEntryList(query.Text(3)));
  return ErasureRow{.position = query.Unsigned(0),
                    .erasure_id = query.Text(1),
                    .agency = query.Text(2),
                    .entries = std::move(entries),
                    .request = query.Text(4),
                    .approval = query.Text(5),
                    .create_time = query.Time(6),
                    .expire_time = query.Time(7),
                    .entry_index = OptionalIndex(query, 8)};
}

#define DERWENT_ERASURE_PARTY_COLUMNS \
  " position, agency, entries, attestation, attest_ms, chase_ms, chased FROM erasure_party"

absl::StatusOr<ErasurePartyRow> TakeParty(const Query& query) {
  ASSIGN_OR_RETURN(std::vector<uint64_t> entries, DecodeEntryList(query.Text(2)));
  return ErasurePartyRow{.position = query.Unsigned(0),
                         .agency = query.Text(1),
                         .entries = std::move(entries),
                         .attestation = query.Text(3),
                         .attest_time = query.OptionalTime(4),
                         .chase_time = query.OptionalTime(5),
                         .chased = static_cast<uint32_t>(query.Int(6))};
}

}  // namespace

absl::StatusOr<std::vector<HoldRow>> SqliteReads::HoldsOn(uint64_t index) {
  return AllRows<HoldRow>(
      connection_.Select("SELECT" DERWENT_HOLD_COLUMNS " WHERE idx = ? AND lift IS NULL ORDER BY hold_id", index),
      TakeHold);
}

absl::StatusOr<std::vector<HoldRow>> SqliteReads::ListHold(absl::string_view hold_id) {
  return AllRows<HoldRow>(connection_.Select("SELECT" DERWENT_HOLD_COLUMNS " WHERE hold_id = ? ORDER BY idx", hold_id),
                          TakeHold);
}

absl::StatusOr<std::optional<ErasureRow>> SqliteReads::FindErasure(absl::string_view erasure_id) {
  return OneRow<ErasureRow>(connection_.Select("SELECT" DERWENT_ERASURE_COLUMNS " WHERE e.erasure_id = ?", erasure_id),
                            TakeErasure);
}

absl::StatusOr<std::optional<ErasureRow>> SqliteReads::FindErasureAt(uint64_t entry_index) {
  return OneRow<ErasureRow>(connection_.Select("SELECT" DERWENT_ERASURE_COLUMNS " WHERE e.idx = ?", entry_index),
                            TakeErasure);
}

absl::StatusOr<std::vector<ErasureRow>> SqliteReads::ListErasures(absl::string_view agency, uint64_t before,
                                                                  size_t limit) {
  const uint64_t below = std::min<uint64_t>(before, INT64_MAX);  // A bound integer has a sign.
  return AllRows<ErasureRow>(
      connection_.Select("SELECT" DERWENT_ERASURE_COLUMNS
                         " JOIN erasure_party p ON p.position = e.position WHERE p.agency = ? AND p.position < ?"
                         " ORDER BY p.position DESC LIMIT ?",
                         agency, below, limit),
      TakeErasure);
}

absl::StatusOr<std::vector<ErasureRow>> SqliteReads::UnattestedErasures(absl::string_view agency, uint64_t after,
                                                                        size_t limit) {
  const uint64_t above = std::min<uint64_t>(after, INT64_MAX);  // A bound integer has a sign.
  return AllRows<ErasureRow>(
      connection_.Select("SELECT" DERWENT_ERASURE_COLUMNS
                         " JOIN erasure_party p INDEXED BY erasure_party_open ON p.position = e.position"
                         " WHERE p.agency = ? AND p.attest_ms IS NULL AND p.position > ?"
                         " AND e.idx IS NOT NULL ORDER BY p.position LIMIT ?",
                         agency, above, limit),
      TakeErasure);
}

absl::StatusOr<std::vector<ErasurePartyRow>> SqliteReads::ErasureParties(uint64_t position) {
  return AllRows<ErasurePartyRow>(
      connection_.Select("SELECT" DERWENT_ERASURE_PARTY_COLUMNS " WHERE position = ? ORDER BY agency", position),
      TakeParty);
}

absl::StatusOr<std::vector<ErasurePartyRow>> SqliteReads::ErasuresToChase(absl::Time time, size_t limit) {
  return AllRows<ErasurePartyRow>(
      connection_.Select("SELECT" DERWENT_ERASURE_PARTY_COLUMNS " WHERE chase_ms <= ? ORDER BY chase_ms LIMIT ?", time,
                         limit),
      TakeParty);
}

}  // namespace derwent::store
