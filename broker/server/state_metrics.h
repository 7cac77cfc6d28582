#pragma once

#include <prometheus/collectable.h>

#include <vector>

#include "broker/sequencer/current_world.h"
#include "broker/store/store.h"
#include "trust/base/clock.h"

namespace derwent::server {

// What is measured by looking when somebody scrapes: mailboxes, age of the newest checkpoint, ends of agreements,
// which engine decides.
// Borrows all. Thread-safe. A store that cannot be read gives no figures, never wrong ones.
class StateMetrics final : public prometheus::Collectable {
 public:
  StateMetrics(store::Store& store, const sequencer::CurrentWorld& world, const Clock& clock)
      : store_(store), world_(world), clock_(clock) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  store::Store& store_;
  const sequencer::CurrentWorld& world_;
  const Clock& clock_;
};

}  // namespace derwent::server
