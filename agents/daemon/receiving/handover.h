#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/keyed_lock.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// Hands received shares to the agency's system as files: `<folder>/handover/<share>.json`, written as `.part`, synced
// and renamed, with the delivery id. A hand-over repeated after a crash has the same id and says `repeated: true`; one
// that the system moved to `handover/done/` is never written again. Without a folder the local service is the only way.
// Thread-safe: who writes or removes the files of a share does so alone, and by what is kept of it then.
class Handover {
 public:
  // Borrows the context. `folder` may be empty. Makes the folders, mode 0700.
  Handover(const AgentContext& context, std::string folder);

  // Hands one share over, durably, as it is kept at this moment. Idempotent; nothing for one that is not kept.
  absl::Status Give(const std::string& share_id);
  // Those that a crash left. Error: the first failure; the rest were tried.
  absl::Status GiveAll();
  // Writes again, where they still lie in the folder, the files of a share whose kept content was changed: an erasure
  // reaches what the system has not taken away.
  absl::Status GiveAgain(const std::string& share_id);
  // Tells the system of shares it was given that a later version took the place of them: `<older>.superseded.json`,
  // once each; a note that the system moved to `done/` is never written again. What still lies here of the older one
  // goes. Error: the first failure; the rest were tried.
  absl::Status GiveSupersessions();
  // What the sender of a share said: it is withdrawn.
  struct Withdrawn {
    std::string share_id;
    uint32_t number = 0;  // Of the message, among its sender's about the share.
    std::string reason;
    bool delete_copies = false;
  };
  // Tells the system so, of a share it was given: `<share>.withdrawn.json`, with a delivery id of its own. One repeated
  // after a crash has the same id and says `repeated: true`; one that the system moved to `done/` is never written
  // again. What still lies here of copies to be deleted goes.
  absl::Status GiveWithdrawal(const Withdrawn& withdrawn);

 private:
  absl::StatusOr<std::string> Render(const InboxRow& received, bool repeated) const;
  absl::Status GiveSupersession(const Supersession& supersession);
  // Removes the files of a share, taken by the system or not.
  absl::Status TakeAway(const std::string& share_id) const;

  const AgentContext& context_;
  const std::string folder_;  // `<folder>/handover`, or empty.
  KeyedLock giving_;          // A share at a time.
};

}  // namespace derwent::agents
