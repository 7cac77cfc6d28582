#pragma once

#include <set>
#include <string>
#include <utility>

#include "trust/base/mutex.h"

namespace derwent::agents {

// A lock a name: who holds one waits for nobody who holds another. Thread-safe.
class KeyedLock {
 public:
  // Holds `key` for a scope. Not recursive.
  class Hold {
   public:
    Hold(KeyedLock& of, std::string key) : of_(of), key_(std::move(key)) {
      const MutexLock lock(of_.mutex_);
      while (!of_.held_.insert(key_).second) of_.changed_.Wait(of_.mutex_);
    }
    ~Hold() {
      const MutexLock lock(of_.mutex_);
      of_.held_.erase(key_);
      of_.changed_.NotifyAll();
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    KeyedLock& of_;
    const std::string key_;
  };

 private:
  Mutex mutex_;
  CondVar changed_;
  std::set<std::string> held_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
