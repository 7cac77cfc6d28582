#pragma once

#include <functional>
#include <string>

#include "broker/rpc/gossip.h"
#include "broker/rpc/mailbox_waits.h"
#include "broker/witness/quorum.h"
#include "broker/witness/restart.h"
#include "broker/witness/rounds.h"

namespace derwent::rpc {

// What gathering cosignatures needs, borrowed; wired by the server.
struct Witnesses {
  const witness::Quorum* quorum = nullptr;
  witness::Rounds* rounds = nullptr;
  witness::Restart* restart = nullptr;
  Gossip* gossip = nullptr;
  MailboxWaits* waits = nullptr;  // Of witnesses that wait for a checkpoint.
  // A note signed by this log does not belong to its database: keeps it as evidence and ends all writing.
  std::function<void(const std::string& note)> refute;
  // The witnesses have shown enough: writing begins.
  std::function<void()> opened;
  // A witness, by its name in the policy, shows less than it cosigned.
  std::function<void(const std::string& name)> behind;
};

}  // namespace derwent::rpc
