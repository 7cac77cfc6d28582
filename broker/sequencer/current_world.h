#pragma once

#include <memory>
#include <utility>

#include "broker/exchange/command/world.h"
#include "trust/base/mutex.h"

namespace derwent::sequencer {

// The world in force, for everybody. Thread-safe; a reader keeps the world it took for as long as it needs it.
class CurrentWorld {
 public:
  std::shared_ptr<const exchange::World> Get() const {
    MutexLock lock(mutex_);
    return world_;
  }
  void Set(std::shared_ptr<const exchange::World> world) {
    MutexLock lock(mutex_);
    world_ = std::move(world);
  }

 private:
  mutable Mutex mutex_;
  std::shared_ptr<const exchange::World> world_ GUARDED_BY(mutex_);  // Shared: immutable, outlives a change while read.
};

}  // namespace derwent::sequencer
