#include "broker/ledger/log.h"

#include <algorithm>
#include <utility>

#include "absl/container/btree_map.h"

#include "broker/ledger/packed_entry.h"
#include "broker/ledger/tile_nodes.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/tile.h"
#include "trust/note/checkpoint.h"
#include "trust/note/log_key_change.h"

namespace derwent::ledger {
namespace {

absl::Time WholeMillis(absl::Time time) { return absl::FromUnixMillis(absl::ToUnixMillis(time)); }

absl::Status NotLoaded() { return absl::FailedPreconditionError("ledger: not loaded"); }

trust::VerifierKey KeyOf(const std::string& origin, const trust::Ed25519Key& key) {
  // A name that no note can carry fails at the first Seal and at Load; here it only makes an empty key.
  return trust::VerifierKey::Make(origin, trust::kNoteEd25519, key.public_key()).value_or(trust::VerifierKey{});
}

}  // namespace

Log::Log(std::string origin, trust::Ed25519Key key, std::optional<trust::Ed25519Key> next)
    : origin_(std::move(origin)), key_(std::move(key)), next_(std::move(next)), vkey_(KeyOf(origin_, key_)) {}

absl::StatusOr<std::string> Log::KeyChange() const {
  if (!next_.has_value()) return std::string();
  return trust::SignLogKeyChange(origin_, key_, *next_);
}

absl::Status Log::TakeOver(store::Store& store) {
  Forget();
  uint64_t epoch = 0;
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<store::Transaction> transaction, store.Begin());
    ASSIGN_OR_RETURN(epoch, transaction->RaiseEpoch());
    RETURN_IF_ERROR(transaction->Commit());
  }
  epoch_ = epoch;
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store.Read());
  return Load(*reader);
}

absl::Status Log::Load(store::Reader& reader) {
  Forget();
  Memory memory;
  ASSIGN_OR_RETURN(memory.head, reader.GetLogState());
  if (epoch_.has_value() && memory.head.epoch != *epoch_) return absl::AbortedError("ledger: another writer took over");
  ASSIGN_OR_RETURN(memory.edge, EdgeAt(reader, memory.head.size));
  if (memory.edge.Root() != memory.head.root)
    return absl::DataLossError("ledger: the tiles do not give the root of the head");
  ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> newest, reader.NewestCheckpoint());
  if (newest.has_value() != (memory.head.size > 0))
    return absl::DataLossError("ledger: the newest checkpoint is missing");
  if (newest.has_value()) {
    const absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(newest->note, vkey_);
    if (!checkpoint.ok()) return absl::DataLossError("ledger: the newest checkpoint is not signed by this log's key");
    if (checkpoint->size != memory.head.size || checkpoint->root != memory.head.root || checkpoint->origin != origin_) {
      return absl::DataLossError("ledger: the newest checkpoint is not of the head");
    }
    memory.note = *newest;
  }
  memory.newest_time = memory.head.newest_time;
  memory_ = std::move(memory);
  return absl::OkStatus();
}

void Log::Forget() { memory_.reset(); }

Log::Mark Log::mark() const {
  if (!memory_.has_value()) return {};
  return {.pending = memory_->pending.size(), .newest_time = memory_->newest_time};
}

void Log::RollbackTo(const Mark& mark) {
  if (!memory_.has_value() || mark.pending > memory_->pending.size()) return;
  memory_->pending.resize(mark.pending);
  memory_->newest_time = mark.newest_time;
}

uint64_t Log::size() const { return memory_.has_value() ? memory_->head.size + memory_->pending.size() : 0; }

absl::StatusOr<std::vector<uint64_t>> Log::Append(store::Transaction& transaction,
                                                  const std::vector<EntryDraft>& drafts, absl::Time now,
                                                  trust::Random& random) {
  if (!memory_.has_value()) return NotLoaded();
  const absl::Time time = std::max(WholeMillis(now), memory_->newest_time);
  std::vector<uint64_t> indexes;
  for (const EntryDraft& draft : drafts) {
    ASSIGN_OR_RETURN(EntryPacker::Packed packed, EntryPacker::Pack(draft, size(), time, random));
    RETURN_IF_ERROR(transaction.InsertEntry(packed.row));
    PendingEntry pending{.entry = std::move(packed.entry), .row = std::move(packed.row)};
    if (packed.body.has_value()) {
      RETURN_IF_ERROR(transaction.InsertPublicBody(*packed.body));
      pending.public_body = std::move(packed.body->body);
    }
    indexes.push_back(pending.row.index);
    memory_->pending.push_back(std::move(pending));
    memory_->newest_time = time;
  }
  return indexes;
}

absl::StatusOr<store::CheckpointRow> Log::Sign(uint64_t size, const Sha256Digest& root) const {
  const std::string text = trust::Checkpoint{.origin = origin_, .size = size, .root = root}.Body();
  ASSIGN_OR_RETURN(trust::NoteSignature signature, trust::SignNote(text, origin_, key_));
  trust::Note note{.text = text, .signatures = {std::move(signature)}};
  if (next_.has_value()) {
    ASSIGN_OR_RETURN(trust::NoteSignature by_next, trust::SignNote(text, origin_, *next_));
    note.signatures.push_back(std::move(by_next));
  }
  return store::CheckpointRow{.size = size, .note = note.ToString()};
}

absl::StatusOr<std::shared_ptr<const SealedBatch>> Log::Seal(store::Transaction& transaction) {
  if (!memory_.has_value()) return NotLoaded();
  RecentNodes nodes(memory_->edge);
  trust::RightEdge edge = memory_->edge;
  absl::btree_map<store::TileKey, std::string> tiles;
  for (const PendingEntry& entry : memory_->pending) {
    edge.Append(trust::LeafHash(LeafOf(entry.row.packed)), [&](trust::NodeId node, const Sha256Digest& hash) {
      nodes.Add(node, hash);
      if (node.level % trust::kTileHeight != 0) return;
      const store::TileKey key{.level = static_cast<uint32_t>(node.level / trust::kTileHeight),
                               .number = node.index / trust::kTileWidth};
      tiles[key].append(hash.view().data(), hash.view().size());
    });
  }
  for (const auto& [key, hashes] : tiles) RETURN_IF_ERROR(transaction.ExtendTile(key, hashes));
  const store::LogState head{
      .size = edge.size(), .root = edge.Root(), .epoch = memory_->head.epoch, .newest_time = memory_->newest_time};
  // Also without entries: a writer that was fenced off must not change state either.
  RETURN_IF_ERROR(transaction.AdvanceLog(memory_->head, head));
  if (!memory_->pending.empty()) {
    ASSIGN_OR_RETURN(memory_->note, Sign(head.size, head.root));
    RETURN_IF_ERROR(transaction.InsertCheckpoint(memory_->note));
  }
  memory_->head = head;
  memory_->edge = std::move(edge);
  return std::make_shared<const SealedBatch>(memory_->note, std::move(nodes), std::exchange(memory_->pending, {}));
}

}  // namespace derwent::ledger
