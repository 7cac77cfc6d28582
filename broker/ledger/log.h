#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/ledger/batch.h"
#include "broker/ledger/draft.h"
#include "broker/store/store.h"
#include "trust/merkle/tree.h"
#include "trust/note/note.h"
#include "trust/secret/random.h"
#include "trust/signature/ed25519.h"

namespace derwent::ledger {

// The one writer's side of the ledger (RFC 6962 tree, C2SP checkpoints). Life of a commit:
//
//   txn = store.Begin()
//   per command: txn.Savepoint(), mark = log.mark(); log.Append(txn, drafts, now, random);
//                on failure txn.RollbackTo() and log.RollbackTo(mark), else txn.Release()
//   batch = log.Seal(txn); txn.Commit()
//   OK: answer everybody, with receipts from the batch. Else: log.Forget(), log.Load(reader), answer nobody.
//
// Keeps only the compact right edge in memory. Not thread-safe: it belongs to the writer's thread.
class Log {
 public:
  // `origin` is the checkpoint's first line and the key's name in its signature. With `next`, the key that is to follow
  // it, both sign every checkpoint: whoever believes either verifies them.
  Log(std::string origin, trust::Ed25519Key key, std::optional<trust::Ed25519Key> next = std::nullopt);

  // Takes over writing: raises the epoch in a commit of its own, then loads. Call once at start.
  // Errors: as Load; of Store::Begin, Transaction::Commit.
  absl::Status TakeOver(store::Store& store);
  // Reads head and right edge, recomputes the root from the tiles and compares with the newest checkpoint. Keeps the
  // epoch taken at TakeOver. Errors: kDataLoss the stored log contradicts itself: sign nothing; kAborted somebody else
  // took over.
  absl::Status Load(store::Reader& reader);
  // Drops what is in memory. Append and Seal fail with kFailedPrecondition until Load succeeds.
  void Forget();

  // Where the batch stands; for RollbackTo.
  struct Mark {
    size_t pending = 0;
    absl::Time newest_time;
  };
  Mark mark() const;
  // Takes the entries appended since `mark` out again, together with the transaction's rollback to its savepoint.
  void RollbackTo(const Mark& mark);

  // Appends entries to the open batch and returns their indexes. Entry time is `now` in whole milliseconds or the
  // previous entry's, whichever is later. After an error roll back to savepoint and mark.
  // Errors: kInvalidArgument a draft breaks a field's syntax; of the store.
  absl::StatusOr<std::vector<uint64_t>> Append(store::Transaction& transaction, const std::vector<EntryDraft>& drafts,
                                               absl::Time now, trust::Random& random);
  // Ends the batch: writes tiles, head (fenced) and the checkpoint it signs. shared: replies of one batch are rendered
  // on several threads. A batch without entries keeps the newest checkpoint. Errors: kAborted fenced off; of the store.
  absl::StatusOr<std::shared_ptr<const SealedBatch>> Seal(store::Transaction& transaction);

  // Entries, the open batch included.
  uint64_t size() const;
  uint64_t epoch() const { return epoch_.value_or(0); }
  const trust::VerifierKey& vkey() const { return vkey_; }
  // The body of the public entry (kind 0x03) that says which key follows; empty without one. Error: kInvalidArgument
  // the next key is the key.
  absl::StatusOr<std::string> KeyChange() const;

 private:
  struct Memory {
    store::LogState head;       // as stored
    store::CheckpointRow note;  // newest; size 0 and empty before the first
    trust::RightEdge edge;      // of head.size leaves
    absl::Time newest_time;     // of the last appended
    std::deque<PendingEntry> pending;
  };
  absl::StatusOr<store::CheckpointRow> Sign(uint64_t size, const Sha256Digest& root) const;

  std::string origin_;
  trust::Ed25519Key key_;
  std::optional<trust::Ed25519Key> next_;
  trust::VerifierKey vkey_;
  std::optional<uint64_t> epoch_;
  std::optional<Memory> memory_;
};

}  // namespace derwent::ledger
