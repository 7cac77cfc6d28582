#pragma once

// std::mutex with clang's thread-safety annotations. Not absl::Mutex: ThreadSanitizer cannot see the packaged one.

#include <chrono>
#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define DERWENT_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define DERWENT_THREAD_ANNOTATION(x)
#endif

#ifndef GUARDED_BY
#define GUARDED_BY(x) DERWENT_THREAD_ANNOTATION(guarded_by(x))
#endif
#define DERWENT_REQUIRES(x) DERWENT_THREAD_ANNOTATION(requires_capability(x))

namespace derwent {

// A mutual exclusion lock. Not recursive.
class DERWENT_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;
  ~Mutex() = default;

  void Lock() DERWENT_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() DERWENT_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a Mutex for a scope.
class DERWENT_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) DERWENT_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() DERWENT_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable for Mutex. Spurious wake-ups happen: wait in a loop.
class CondVar {
 public:
  void Wait(Mutex& mutex) DERWENT_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // Returns after `limit` at the latest.
  void WaitFor(Mutex& mutex, std::chrono::milliseconds limit) DERWENT_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait_for(lock, limit);
    lock.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace derwent
