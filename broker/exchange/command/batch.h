#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "broker/ledger/draft.h"
#include "broker/ledger/tagger.h"
#include "broker/store/store.h"
#include "trust/identity/certificate.h"
#include "trust/identity/spiffe.h"
#include "trust/secret/random.h"

namespace derwent::exchange {

// Who calls: the identity of its certificate.
struct Caller {
  trust::SpiffeId id;
  std::string serial;
  trust::Chain chain;                           // Of its certificate, that one's serial first.
  absl::Time not_after = absl::InfinitePast();  // Its end.

  const std::string& agency() const { return id.agency; }
  // The opaque person id, or empty for an agent or console.
  std::string person() const { return id.kind == trust::CallerKind::kPerson ? id.name : ""; }
};

// What one command may use: the open transaction, the ledger, the world as it now stands, the time, ids. All handed in.
// A command that fails leaves nothing: its owner rolls store and ledger back to where it began.
class Batch {
 public:
  using Appender = std::function<absl::StatusOr<std::vector<uint64_t>>(const std::vector<ledger::EntryDraft>&)>;
  Batch(store::Transaction& transaction, Appender append, const World& world, const ledger::Tagger& tagger,
        absl::Time now, trust::Random& random)
      : transaction_(transaction),
        append_(std::move(append)),
        world_(world),
        tagger_(tagger),
        now_(now),
        random_(random) {}

  store::Reader& read() { return transaction_; }
  store::Transaction& write() {
    wrote_ = true;
    return transaction_;
  }
  absl::StatusOr<std::vector<uint64_t>> Append(const std::vector<ledger::EntryDraft>& drafts) {
    wrote_ = true;
    return append_(drafts);
  }
  absl::StatusOr<uint64_t> Append(const ledger::EntryDraft& draft);
  // Puts something in an agency's mailbox, under a new id, and remembers to wake its collectors.
  absl::Status Deliver(store::DeliveryRow delivery);

  const World& world() const { return world_; }
  const ledger::Tagger& tagger() const { return tagger_; }
  absl::Time now() const { return now_; }

  // `world` comes into force with this command's commit, and ends the batch.
  void Enact(std::shared_ptr<const World> world) { enacted_ = std::move(world); }
  const std::shared_ptr<const World>& enacted() const { return enacted_; }

  bool wrote() const { return wrote_; }
  const std::set<std::string>& woken() const { return woken_; }
  bool registers_changed = false;  // Ends the batch: the next command must see the new world.
  bool more_due = false;           // The command did a bounded part of what is due: run it again soon.

 private:
  store::Transaction& transaction_;
  Appender append_;
  const World& world_;
  const ledger::Tagger& tagger_;
  absl::Time now_;
  trust::Random& random_;
  bool wrote_ = false;
  std::shared_ptr<const World> enacted_;  // Null: the world stays.
  std::set<std::string> woken_;
};

}  // namespace derwent::exchange
