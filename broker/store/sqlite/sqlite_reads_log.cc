#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/store/sqlite/sqlite_reads.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

absl::StatusOr<EntryRow> TakeEntry(const Query& query) {
  return EntryRow{.index = query.Unsigned(0), .time = query.Time(1), .packed = query.Text(2)};
}
absl::StatusOr<CheckpointRow> TakeCheckpoint(const Query& query) {
  return CheckpointRow{.size = query.Unsigned(0), .note = query.Text(1)};
}
absl::StatusOr<PublicBodyRow> TakeBody(const Query& query) {
  return PublicBodyRow{.index = query.Unsigned(0), .kind = static_cast<uint8_t>(query.Int(1)), .body = query.Text(2)};
}
absl::StatusOr<std::string> TakeOctets(const Query& query) { return query.Text(0); }
absl::StatusOr<uint64_t> TakeIndex(const Query& query) { return query.Unsigned(0); }

// Empty conditions hold for every row. ?1 agency, ?2 first index, ?3 end index, ?4… conditions, ?10 limit.
#define DERWENT_COLUMN_CONDITIONS                                                            \
  " (?4 = '' OR releasing = ?4 OR receiving = ?4)"                                           \
  " AND (?5 = '' OR board = ?5) AND (?6 = '' OR purpose = ?6) AND (?7 = '' OR outcome = ?7)" \
  " AND (?8 = '' OR step = ?8) AND (?9 = '' OR instr(' ' || reasons || ' ', ' ' || ?9 || ' ') > 0)"
#define DERWENT_ENTRY_CONDITIONS " p.agency = ?1 AND p.idx >= ?2 AND p.idx < ?3 AND" DERWENT_COLUMN_CONDITIONS

// CROSS JOIN: in this order, an agency's own entries first, or those of one share.
constexpr char kSearch[] =
    "SELECT p.idx FROM entry_party p CROSS JOIN entry_search e ON e.idx = p.idx WHERE" DERWENT_ENTRY_CONDITIONS
    " ORDER BY p.idx LIMIT ?10";
// The first parameter is not needed; it says so for the binding's sake.
constexpr char kSearchAll[] =
    "SELECT idx FROM entry_search WHERE ?1 = '' AND idx >= ?2 AND idx < ?3 AND" DERWENT_COLUMN_CONDITIONS
    " ORDER BY idx LIMIT ?10";
constexpr char kSearchShare[] =
    "SELECT e.idx FROM entry_search e CROSS JOIN entry_party p ON p.idx = e.idx"
    " WHERE e.share_id = ?11 AND e.share_id <> '' AND" DERWENT_ENTRY_CONDITIONS " ORDER BY e.idx LIMIT ?10";
constexpr char kMatchOne[] =
    "SELECT p.idx FROM entry_party p CROSS JOIN entry_search e ON e.idx = p.idx"
    " WHERE (?11 = '' OR share_id = ?11) AND supplier = ?1 AND" DERWENT_ENTRY_CONDITIONS " LIMIT ?10";
constexpr char kTagIndexes[] = "SELECT idx FROM subject_index WHERE tag = ?1 AND idx >= ?2 AND idx < ?3 ORDER BY idx";

constexpr uint64_t kNoEnd = std::numeric_limits<int64_t>::max();

}  // namespace

absl::StatusOr<LogState> SqliteReads::GetLogState() {
  auto query = connection_.Select("SELECT size, root, epoch, newest_ms FROM log_state WHERE id = 0");
  ASSIGN_OR_RETURN(const bool found, query->Next());
  if (!found) return absl::DataLossError("store: the head of the log is missing");
  ASSIGN_OR_RETURN(const Sha256Digest root, query->Digest(1));
  const uint64_t size = query->Unsigned(0);
  return LogState{.size = size,
                  .root = root,
                  .epoch = query->Unsigned(2),
                  .newest_time = size == 0 ? absl::InfinitePast() : query->Time(3)};
}

absl::StatusOr<std::optional<EntryRow>> SqliteReads::FindEntry(uint64_t index) {
  return OneRow<EntryRow>(connection_.Select("SELECT idx, time_ms, packed FROM entry WHERE idx = ?", index), TakeEntry);
}

absl::StatusOr<std::vector<EntryRow>> SqliteReads::ListEntries(uint64_t start, size_t count) {
  if (start > kNoEnd) return std::vector<EntryRow>();  // A bound integer has a sign.
  return AllRows<EntryRow>(
      connection_.Select("SELECT idx, time_ms, packed FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?", start, count),
      TakeEntry);
}

absl::StatusOr<uint64_t> SqliteReads::FirstIndexAt(absl::Time time) {
  ASSIGN_OR_RETURN(const LogState head, GetLogState());
  uint64_t low = 0;
  uint64_t high = head.size;
  // Invariant: every entry before `low` is earlier than `time`, none from `high` on is.
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    auto query = connection_.Select("SELECT time_ms FROM entry WHERE idx = ?", middle);
    ASSIGN_OR_RETURN(const bool found, query->Next());
    if (!found) return absl::DataLossError("store: an entry is missing");
    if (query->Time(0) < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

absl::StatusOr<std::optional<uint64_t>> SqliteReads::IndexAfter(absl::string_view agency, uint64_t from_index,
                                                                size_t count) {
  if (from_index > kNoEnd) return std::optional<uint64_t>();
  return OneRow<uint64_t>(
      connection_.Select("SELECT idx FROM entry_party WHERE agency = ? AND idx >= ? ORDER BY idx LIMIT 1 OFFSET ?",
                         agency, from_index, count),
      TakeIndex);
}

absl::StatusOr<std::vector<uint64_t>> SqliteReads::SearchEntries(const EntryQuery& query) {
  if (query.viewer_agency.empty() != query.every_agency)
    return absl::InvalidArgumentError("store: a search is for one agency, or for every one");
  if (query.every_agency && (!query.tags.empty() || !query.share_id.empty()))
    return absl::InvalidArgumentError("store: a share or a person is searched for one agency");
  uint64_t first = query.from_index;
  uint64_t end = std::min(query.before_index, kNoEnd);
  if (query.start > absl::UnixEpoch()) {
    ASSIGN_OR_RETURN(const uint64_t from_time, FirstIndexAt(query.start));
    first = std::max(first, from_time);
  }
  if (query.end < absl::InfiniteFuture()) {
    ASSIGN_OR_RETURN(const uint64_t to_time, FirstIndexAt(query.end));
    end = std::min(end, to_time);
  }
  if (first >= end || first > kNoEnd) return std::vector<uint64_t>();
  if (!query.tags.empty()) return SearchByTag(query, first, end);
  auto rows =
      query.share_id.empty()
          ? connection_.Select(query.every_agency ? kSearchAll : kSearch, query.viewer_agency, first, end,
                               query.other_agency, query.board, query.purpose, query.outcome, query.step, query.reason,
                               query.limit)
          : connection_.Select(kSearchShare, query.viewer_agency, first, end, query.other_agency, query.board,
                               query.purpose, query.outcome, query.step, query.reason, query.limit, query.share_id);
  return AllRows<uint64_t>(std::move(rows), TakeIndex);
}

absl::StatusOr<std::vector<uint64_t>> SqliteReads::SearchByTag(const EntryQuery& query, uint64_t first, uint64_t end) {
  std::set<uint64_t> candidates;
  for (const std::string& tag : query.tags) {
    ASSIGN_OR_RETURN(const std::vector<uint64_t> found,
                     AllRows<uint64_t>(connection_.Select(kTagIndexes, AsOctets(tag), first, end), TakeIndex));
    candidates.insert(found.begin(), found.end());
  }
  std::vector<uint64_t> matches;
  for (const uint64_t index : candidates) {
    if (matches.size() == query.limit) break;
    auto row = connection_.Select(kMatchOne, query.viewer_agency, index, index + 1, query.other_agency, query.board,
                                  query.purpose, query.outcome, query.step, query.reason, 1, query.share_id);
    ASSIGN_OR_RETURN(const bool match, row->Next());
    if (match) matches.push_back(index);
  }
  return matches;
}

absl::StatusOr<std::string> SqliteReads::GetTile(TileKey key) {
  ASSIGN_OR_RETURN(
      std::optional<std::string> hashes,
      OneRow<std::string>(connection_.Select("SELECT hashes FROM tile WHERE id = ?", TileRowId(key)), TakeOctets));
  return std::move(hashes).value_or("");
}

absl::StatusOr<std::optional<CheckpointRow>> SqliteReads::NewestCheckpoint() {
  return OneRow<CheckpointRow>(connection_.Select("SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1"),
                               TakeCheckpoint);
}

absl::StatusOr<std::optional<CheckpointRow>> SqliteReads::FindCheckpoint(uint64_t size) {
  return OneRow<CheckpointRow>(connection_.Select("SELECT size, note FROM checkpoint WHERE size = ?", size),
                               TakeCheckpoint);
}

absl::StatusOr<std::vector<CosignatureRow>> SqliteReads::ListCosignatures(uint64_t size) {
  return AllRows<CosignatureRow>(
      connection_.Select("SELECT size, witness, line, added_ms FROM cosignature WHERE size = ? ORDER BY witness", size),
      [](const Query& query) -> absl::StatusOr<CosignatureRow> {
        return CosignatureRow{
            .size = query.Unsigned(0), .witness = query.Text(1), .line = query.Text(2), .add_time = query.Time(3)};
      });
}

absl::StatusOr<std::optional<uint64_t>> SqliteReads::NewestCosigned(uint64_t below) {
  return OneRow<uint64_t>(
      connection_.Select("SELECT size FROM cosigned WHERE void = 0 AND size < ? AND size > coalesce((SELECT max(size)"
                         " FROM cosigned WHERE void = 2), -1) ORDER BY size DESC LIMIT 1",
                         std::min(below, kNoEnd)),
      TakeIndex);
}

absl::StatusOr<std::vector<WitnessViewRow>> SqliteReads::ListWitnessViews() {
  return AllRows<WitnessViewRow>(connection_.Select("SELECT witness, size, seen_ms FROM witness_view ORDER BY witness"),
                                 [](const Query& query) -> absl::StatusOr<WitnessViewRow> {
                                   return WitnessViewRow{
                                       .witness = query.Text(0), .size = query.Unsigned(1), .seen_time = query.Time(2)};
                                 });
}

absl::StatusOr<std::optional<PublicBodyRow>> SqliteReads::FindPublicBody(uint64_t index) {
  return OneRow<PublicBodyRow>(connection_.Select("SELECT idx, kind, body FROM public_body WHERE idx = ?", index),
                               TakeBody);
}

absl::StatusOr<std::vector<PublicBodyRow>> SqliteReads::ListPublicBodies(uint8_t kind, uint64_t from_index,
                                                                         size_t limit) {
  if (from_index > kNoEnd) return std::vector<PublicBodyRow>();
  return AllRows<PublicBodyRow>(
      connection_.Select("SELECT idx, kind, body FROM public_body WHERE kind = ? AND idx >= ? ORDER BY idx LIMIT ?",
                         kind, from_index, limit),
      TakeBody);
}

absl::StatusOr<std::optional<std::string>> SqliteReads::FindDecisionRequest(uint64_t index) {
  return OneRow<std::string>(
      connection_.Select("SELECT decision_request FROM entry WHERE idx = ? AND decision_request IS NOT NULL", index),
      TakeOctets);
}

}  // namespace derwent::store
