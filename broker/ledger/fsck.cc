#include "broker/ledger/fsck.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "broker/ledger/fsck_database.h"
#include "broker/ledger/fsck_entry.h"
#include "broker/ledger/fsck_erasure.h"
#include "broker/ledger/fsck_quorum.h"
#include "broker/ledger/fsck_state.h"
#include "broker/ledger/fsck_tree.h"
#include "trust/base/status_macros.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_key_change.h"
#include "trust/secret/sha256.h"

namespace derwent::ledger {
namespace {

using Rows = std::unique_ptr<FsckDatabase::Rows>;

constexpr uint8_t kErasureKind = 1;
constexpr uint8_t kKeyKind = 3;

absl::Status Broken(const std::string& what) { return absl::DataLossError(what); }

// Walks the log once from the first entry to the last and compares everything that is derived from it on the way.
class LogCheck {
 public:
  LogCheck(FsckDatabase& database, FsckTrust trust, FsckReport& report)
      : database_(database), trust_(std::move(trust)), report_(report) {}

  absl::Status Run();

 private:
  absl::Status Open();
  absl::Status CheckEntry(uint64_t index);
  absl::Status CheckColumns(uint64_t index, const DerivedEntry& entry);
  absl::Status CheckTags(uint64_t index, const DerivedEntry& entry);
  absl::Status CheckBodies(uint64_t index, const DerivedEntry& entry);
  absl::Status FollowKey(uint64_t index, const std::string& body);
  bool Retired(const trust::VerifierKey& key, uint64_t size) const;
  absl::Status CheckCheckpoint();
  absl::Status CheckCosignatures(uint64_t size, const std::string& body);
  absl::Status CheckTiles();
  absl::Status CheckHead();

  // A table read in the log's order beside the entries; `more` tells whether the current row is valid.
  struct Cursor {
    Rows rows;
    bool more = false;
    absl::Status Start(FsckDatabase& database, const char* sql) {
      ASSIGN_OR_RETURN(rows, database.Read(sql));
      return Advance();
    }
    absl::Status Advance() {
      ASSIGN_OR_RETURN(more, rows->Next());
      return absl::OkStatus();
    }
    bool At(uint64_t index) const { return more && rows->Unsigned(0) == index; }
  };

  FsckDatabase& database_;
  FsckTrust trust_;  // What is believed; grows where a believed key says which follows it.
  FsckReport& report_;
  ErasureCheck erasures_;
  Cursor entries_, search_, tags_, bodies_, checkpoints_, cosignatures_;
  FsckTree tree_;
  std::map<std::pair<int, uint64_t>, std::string> tiles_;  // the last of each level; full ones are compared and dropped
  std::map<std::pair<int, uint64_t>, Sha256Digest> full_tiles_;
  int64_t newest_ms_ = 0;
  uint64_t newest_checkpoint_ = 0;
};

absl::Status LogCheck::Open() {
  RETURN_IF_ERROR(entries_.Start(database_, "SELECT idx, time_ms, packed, decision_request FROM entry ORDER BY idx"));
  RETURN_IF_ERROR(search_.Start(
      database_,
      "SELECT p.idx, p.agency, s.releasing, s.receiving, s.actor, s.supplier, s.purpose, s.profile, s.board, s.outcome,"
      " s.reasons, s.share_id, s.step FROM entry_party p LEFT JOIN entry_search s ON s.idx = p.idx"
      " ORDER BY p.idx, p.agency"));
  RETURN_IF_ERROR(tags_.Start(database_, "SELECT idx, tag FROM subject_index ORDER BY idx, tag"));
  RETURN_IF_ERROR(bodies_.Start(database_, "SELECT idx, kind, body FROM public_body ORDER BY idx"));
  RETURN_IF_ERROR(cosignatures_.Start(database_, "SELECT size, witness, line FROM cosignature ORDER BY size"));
  return checkpoints_.Start(database_, "SELECT size, note FROM checkpoint ORDER BY size");
}

absl::Status LogCheck::Run() {
  RETURN_IF_ERROR(Open());
  for (uint64_t index = 0; entries_.more; ++index) {
    RETURN_IF_ERROR(CheckEntry(index));
    RETURN_IF_ERROR(entries_.Advance());
    ++report_.entries;
    while (checkpoints_.At(tree_.size())) RETURN_IF_ERROR(CheckCheckpoint());
  }
  if (search_.more || tags_.more || bodies_.more) return Broken("the index names an entry that is not there");
  if (checkpoints_.more)
    return Broken(absl::StrCat("checkpoint ", checkpoints_.rows->Unsigned(0), ": the log has no entry for it"));
  if (cosignatures_.more)
    return Broken(absl::StrCat("cosignature of ", cosignatures_.rows->Unsigned(0), ": there is no such checkpoint"));
  RETURN_IF_ERROR(CheckTiles());
  RETURN_IF_ERROR(CheckHead());
  return erasures_.Finish(database_, trust_.authority);
}

absl::Status LogCheck::CheckEntry(uint64_t index) {
  if (!entries_.At(index)) return Broken(absl::StrCat("entry ", index, ": it is missing"));
  const absl::StatusOr<DerivedEntry> entry = DeriveEntry(entries_.rows->Text(2));
  if (!entry.ok()) return Broken(absl::StrCat("entry ", index, ": ", entry.status().message()));
  const int64_t time_ms = entries_.rows->Int(1);
  if (entry->has_time() && entry->time_ms != time_ms)
    return Broken(absl::StrCat("entry ", index, ": its time is not the one it commits to"));
  if (index > 0 && time_ms < newest_ms_) return Broken(absl::StrCat("entry ", index, ": time goes back"));
  newest_ms_ = time_ms;
  RETURN_IF_ERROR(CheckColumns(index, *entry));
  RETURN_IF_ERROR(CheckTags(index, *entry));
  RETURN_IF_ERROR(CheckBodies(index, *entry));
  tree_.Add(HashOfLeaf(entry->leaf), [this](int height, uint64_t place, const Sha256Digest& hash) {
    if (height % 8 != 0) return;
    const std::pair<int, uint64_t> key(height / 8, place / 256);
    std::string& tile = tiles_[key];
    tile += hash.bytes();
    if (tile.size() < 256 * Sha256Digest::kSize) return;
    full_tiles_[key] = trust::Sha256(tile);
    tiles_.erase(key);
  });
  return absl::OkStatus();
}

absl::Status LogCheck::CheckColumns(uint64_t index, const DerivedEntry& entry) {
  for (const std::string& want : entry.search_rows) {
    std::vector<std::string> columns;
    for (int column = 1; search_.At(index) && column <= 12; ++column) columns.push_back(search_.rows->Text(column));
    if (absl::StrJoin(columns, "\x1f") != want) {
      return Broken(absl::StrCat("entry ", index, ": its search columns are not what its fields say"));
    }
    RETURN_IF_ERROR(search_.Advance());
  }
  return search_.At(index) ? Broken(absl::StrCat("entry ", index, ": it is listed for an agency that is no party"))
                           : absl::OkStatus();
}

absl::Status LogCheck::CheckTags(uint64_t index, const DerivedEntry& entry) {
  for (const std::string& tag : entry.tags) {
    if (!tags_.At(index) || tags_.rows->Text(1) != tag)
      return Broken(absl::StrCat("entry ", index, ": the subject index is not what field 6 says"));
    RETURN_IF_ERROR(tags_.Advance());
  }
  return tags_.At(index) ? Broken(absl::StrCat("entry ", index, ": the subject index is not what field 6 says"))
                         : absl::OkStatus();
}

absl::Status LogCheck::CheckBodies(uint64_t index, const DerivedEntry& entry) {
  if (entry.kind != 0) {
    const bool same = bodies_.At(index) && bodies_.rows->Unsigned(1) == entry.kind &&
                      trust::Sha256(bodies_.rows->Text(2)).view() == entry.commitment;
    if (!same) return Broken(absl::StrCat("entry ", index, ": its public body is not the one it commits to"));
    if (entry.kind == kKeyKind) RETURN_IF_ERROR(FollowKey(index, bodies_.rows->Text(2)));
    if (entry.kind == kErasureKind) RETURN_IF_ERROR(erasures_.Recorded(index, bodies_.rows->Text(2)));
    RETURN_IF_ERROR(bodies_.Advance());
  }
  // An erased decision request leaves its digest behind.
  const std::string request = entries_.rows->Text(3);
  if (entry.kind == 0) erasures_.Saw(index, entry, !request.empty());
  if (!request.empty() && trust::Sha256(request).view() != entry.request_digest) {
    return Broken(absl::StrCat("entry ", index, ": its decision request is not the one of field 17"));
  }
  return absl::OkStatus();
}

// A change of the log's key, signed by one that is believed and not retired. Key events of agencies are another's.
absl::Status LogCheck::FollowKey(uint64_t index, const std::string& body) {
  if (!absl::StartsWith(body, trust::kLogKeyChange)) return absl::OkStatus();
  const absl::StatusOr<trust::LogKeyChange> change = trust::OpenLogKeyChange(body, trust_.vkeys);
  if (!change.ok()) return Broken(absl::StrCat("entry ", index, ": ", change.status().message()));
  if (Retired(change->before, index + 1))
    return Broken(absl::StrCat("entry ", index, ": the log's key is changed by one that was retired before"));
  trust_.vkeys.push_back(change->after);
  return absl::OkStatus();
}

bool LogCheck::Retired(const trust::VerifierKey& key, uint64_t size) const {
  return std::any_of(trust_.retired.begin(), trust_.retired.end(), [&](const trust::LogKey& retired) {
    return retired.key.ToString() == key.ToString() && !retired.CountsAt(size);
  });
}

absl::Status LogCheck::CheckCheckpoint() {
  const uint64_t size = checkpoints_.rows->Unsigned(0);
  absl::StatusOr<trust::Checkpoint> checkpoint = absl::UnauthenticatedError("no key that is believed signed it");
  for (const trust::VerifierKey& key : trust_.vkeys) {
    if (!checkpoint.ok() && !Retired(key, size)) checkpoint = trust::OpenCheckpoint(checkpoints_.rows->Text(1), key);
  }
  if (!checkpoint.ok()) return Broken(absl::StrCat("checkpoint ", size, ": ", checkpoint.status().message()));
  if (checkpoint->origin != trust_.vkeys.front().name || checkpoint->size != size)
    return Broken(absl::StrCat("checkpoint ", size, ": it is of another log or size"));
  // The root recomputed from the entries: successive checkpoints are consistent when each is.
  if (checkpoint->root != tree_.Root())
    return Broken(absl::StrCat("checkpoint ", size, ": its root is not the root of the entries"));
  newest_checkpoint_ = size;
  ++report_.checkpoints;
  RETURN_IF_ERROR(CheckCosignatures(size, checkpoint->Body()));
  return checkpoints_.Advance();
}

// Every line by the key it is kept under, over this checkpoint.
absl::Status LogCheck::CheckCosignatures(uint64_t size, const std::string& body) {
  for (; cosignatures_.At(size); ++report_.cosignatures) {
    const absl::StatusOr<trust::VerifierKey> witness = trust::VerifierKey::Parse(cosignatures_.rows->Text(1));
    const absl::StatusOr<trust::Note> note = trust::Note::Parse(absl::StrCat(body, "\n", cosignatures_.rows->Text(2)));
    const bool sound =
        witness.ok() && note.ok() && note->signatures.size() == 1 && trust::VerifyNote(*note, {*witness}).ok();
    if (!sound) return Broken(absl::StrCat("cosignature of ", size, ": it is not by the witness it is kept under"));
    RETURN_IF_ERROR(cosignatures_.Advance());
  }
  return absl::OkStatus();
}

absl::Status LogCheck::CheckTiles() {
  ASSIGN_OR_RETURN(const Rows rows, database_.Read("SELECT id, hashes FROM tile ORDER BY id"));
  while (true) {
    ASSIGN_OR_RETURN(const bool more, rows->Next());
    if (!more) break;
    const std::pair<int, uint64_t> key(static_cast<int>(rows->Unsigned(0) >> 56),
                                       rows->Unsigned(0) & 0xff'ffff'ffff'ffff);
    const std::string hashes = rows->Text(1);
    const auto partial = tiles_.find(key);
    const auto full = full_tiles_.find(key);
    const bool same = partial != tiles_.end() ? partial->second == hashes
                                              : full != full_tiles_.end() && full->second == trust::Sha256(hashes);
    if (!same) return Broken(absl::StrCat("tile ", key.first, "/", key.second, ": it is not the tile of the entries"));
    ++report_.tiles;
  }
  if (report_.tiles != tiles_.size() + full_tiles_.size()) return Broken("a tile is missing");
  return absl::OkStatus();
}

absl::Status LogCheck::CheckHead() {
  ASSIGN_OR_RETURN(const Rows rows, database_.Read("SELECT size, root, newest_ms FROM log_state"));
  ASSIGN_OR_RETURN(const bool found, rows->Next());
  if (!found) return Broken("head: it is missing");
  if (rows->Unsigned(0) != tree_.size()) return Broken("head: its size is not the number of entries");
  if (rows->Text(1) != tree_.Root().view()) return Broken("head: its root is not the root of the entries");
  if (tree_.size() > 0 && rows->Int(2) != newest_ms_) return Broken("head: its time is not the newest entry's");
  if (newest_checkpoint_ != tree_.size()) return Broken("head: the newest checkpoint is not of its size");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FsckReport> Fsck(absl::string_view path, const trust::VerifierKey& vkey) {
  return Fsck(path, FsckTrust{.vkeys = {vkey}, .retired = {}, .policies = {}});
}

absl::StatusOr<FsckReport> Fsck(absl::string_view path, FsckTrust trust) {
  ASSIGN_OR_RETURN(const std::unique_ptr<FsckDatabase> database, FsckDatabase::Open(std::string(path)));
  FsckReport report;
  const std::vector<trust::QuorumPolicy> policies = trust.policies;
  absl::Status status = CheckFile(*database);
  if (status.ok()) status = LogCheck(*database, std::move(trust), report).Run();
  if (status.ok()) status = CheckState(*database, report);
  if (status.ok() && !policies.empty()) status = CheckQuorums(*database, policies);
  if (!status.ok()) report.broken = std::string(status.message());
  return report;
}

}  // namespace derwent::ledger
