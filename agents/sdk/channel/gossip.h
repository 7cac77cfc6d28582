#pragma once

#include <string>

namespace derwent::agents {

// What every call carries of the ledger: the newest checkpoint that either side knows, so that nobody can be shown
// another history than the others. Signed notes, verbatim. Thread-safe.
class Gossip {
 public:
  // Binary metadata, in requests and at the end of replies.
  static constexpr char kMetadata[] = "derwent-checkpoint-bin";

  virtual ~Gossip() = default;
  // What this side knows; empty: nothing yet.
  virtual std::string Newest() const = 0;
  // What the other side said. Quick: it is judged later.
  virtual void Heard(const std::string& note) = 0;
};

}  // namespace derwent::agents
