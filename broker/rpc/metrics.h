#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace derwent::rpc {

// Prometheus metrics with low-cardinality labels only. Thread-safe. The address is a loopback one; empty: no exposition.
class Metrics {
 public:
  explicit Metrics(const std::string& address);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void Started(absl::string_view method);
  void Handled(absl::string_view method, absl::string_view code, absl::string_view reason, absl::Duration took);
  void Committed(size_t commands, absl::Duration took, uint64_t entries);
  void CommitFailed();
  void PolicyInForce(const std::string& digest, bool reload_failed);
  void CertificateExpiry(absl::Time time);
  // The port exposed on; 0: none.
  int port() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace derwent::rpc
