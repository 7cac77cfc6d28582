#pragma once

#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"

#include "trust/base/mutex.h"

namespace derwent::agents {

// Under which name the agent keeps the proof for which it releases nothing.
inline constexpr char kLedgerForked[] = "ledger_forked";

// Proof that the log signed two histories, or went back behind one. Whoever holds it releases nothing more: not once
// the log looks sound again, nor after a restart, until the agency's configuration names the proof as looked into.
// Thread-safe.
class ForkLatch {
 public:
  struct Proof {
    std::string code;  // The alarm's: `LEDGER_FORKED`, `LEDGER_ROLLED_BACK`.
    std::string name;  // Of the file in which the note is kept, without its ending (evidence_files.h).
  };

  // `kept`: what Kept() said before; empty at the very first. `accepted`: names of proofs that were looked into.
  ForkLatch(absl::string_view kept, std::set<std::string> accepted);

  // Holds on to a proof that is not accepted; the first one stays. True when it is held from now on.
  bool Hold(const Proof& proof);
  // For which nothing is released; nullopt: there is none.
  std::optional<Proof> held() const;
  // What must survive a restart; empty: nothing.
  std::string Kept() const;

 private:
  const std::set<std::string> accepted_;
  mutable Mutex mutex_;
  std::optional<Proof> held_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
