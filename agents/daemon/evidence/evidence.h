#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "agents/sdk/receipts.h"
#include "derwent/v1/ledger.pb.h"
#include "derwent/v1/package.pb.h"

namespace derwent::agents {

// Under which name the agent keeps since when it has missed the quorum of witnesses.
inline constexpr char kUnwitnessed[] = "unwitnessed";

// What the entry of a package must say. Of a request the holder is the releasing side.
ExpectedEntry ExpectedOf(const v1::Manifest& manifest, const Sha256Digest& digest);

// Whether a failure speaks against the receipts themselves: only what verifying them and the watch say is anybody's
// fault, not that something could not be asked.
bool IsFaultOfReceipts(const absl::Status& status);

// Holds every receipt and checkpoint the broker shows against what this agent saw before. Two that do not belong
// together are kept as files, verbatim notes that the log signed; so is a receipt of what it says wrongly. Thread-safe.
class Evidence {
 public:
  // `folder`: for such files; made when there are any.
  Evidence(const AgentContext& context, std::string folder) : context_(context), folder_(std::move(folder)) {}

  // A receipt as it came, and what its entry must say.
  struct Shown {
    v1::Receipt receipt;
    ExpectedEntry expected;
  };
  // Receipts that verified, as they are kept.
  using Verified = std::vector<ReceiptRow>;
  // Verifies each receipt, then its checkpoint's consistency. Raises `RECEIPT_INVALID`, `LEDGER_FORKED`. Errors:
  // kDataLoss, kUnauthenticated, kInvalidArgument: do not believe the answer; kUnavailable: ask again later.
  absl::StatusOr<Verified> Verify(const std::vector<Shown>& receipts);
  // Keeps them, and how far the log is known, together with what else is done of what they prove.
  absl::Status Keep(const Verified& receipts, Changes& changes) const;
  // Verifies and keeps them by themselves. Errors: as Verify; nothing was kept.
  absl::Status Take(const std::vector<Shown>& receipts);

  // Holds checkpoints already verified against the newest. Errors: as Take.
  absl::Status Observe(const std::vector<ShownCheckpoint>& checkpoints);

  // Opens a checkpoint that the log signed and holds it against the newest: the tree is known from then on. Raises
  // `CHECKPOINT_INVALID`, `LEDGER_FORKED`. Errors: as Take.
  absl::StatusOr<trust::Checkpoint> ObserveNote(const std::string& note);

  // Keeps a receipt that speaks against the log, as it came.
  void KeepReceipt(const v1::Receipt& receipt) const;

  // Asks for the newest checkpoint, and judges what the broker told with its replies; then, whatever the broker gave or
  // withheld, observes whether what is known is under its quorum. Raises `LEDGER_ROLLED_BACK`, `COSIGNATURES_INVALID`,
  // `LEDGER_NOT_WITNESSED` too. Error: the first.
  absl::Status CheckNewest();

 private:
  // `note`: the one that was held against what was seen.
  absl::Status Judge(const absl::Status& status, const std::string& note);
  absl::Status JudgeHeard();
  void KeepNotes(const std::string& note) const;
  CheckpointWatch::ProofSource Proofs() const;
  absl::Status KeepNewest();
  // Holds a checkpoint that verified against what was seen; the tree is known from then on. Errors: as Take.
  absl::Status Hold(const trust::Checkpoint& checkpoint, const std::string& note);
  // `known`: the newest when the broker was asked.
  absl::Status HoldNewest(const v1::GetCheckpointResponse& newest, const std::optional<trust::Checkpoint>& known);
  absl::Status ObserveQuorum(const std::string& cosigned_note);
  std::string NewestBody() const;

  const AgentContext& context_;
  const std::string folder_;
  std::atomic<uint64_t> kept_size_ = 0;  // Of the newest checkpoint that was kept since the start.
};

}  // namespace derwent::agents
