#pragma once

#include <atomic>
#include <cstddef>

namespace derwent::rpc {

// How many octets of requests are held at once, whatever their number: from when a request is read until its call is
// over, in the workers' queue and in the writer's. Thread-safe.
class RequestRoom {
 public:
  explicit RequestRoom(size_t octets) : octets_(octets) {}
  RequestRoom(const RequestRoom&) = delete;
  RequestRoom& operator=(const RequestRoom&) = delete;

  // False when they do not fit.
  bool Take(size_t octets) {
    if (taken_.fetch_add(octets) + octets <= octets_) return true;
    Give(octets);
    return false;
  }
  void Give(size_t octets) { taken_ -= octets; }

 private:
  const size_t octets_;
  std::atomic<size_t> taken_ = 0;
};

}  // namespace derwent::rpc
