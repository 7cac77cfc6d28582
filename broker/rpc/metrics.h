#pragma once

#include <prometheus/collectable.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/ledger/batch.h"
#include "policy/engine/model.h"

namespace derwent::rpc {

// Prometheus metrics with low-cardinality labels only. Thread-safe. The address is a loopback one; empty: no
// exposition.
class Metrics {
 public:
  explicit Metrics(const std::string& address);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void Started(absl::string_view method);
  void Handled(absl::string_view method, absl::string_view code, absl::string_view reason, absl::Duration took);
  // A batch is durable: counts what its entries say was decided, by agency, board, purpose and reason. What a caller
  // named and `policy` does not know is `other`: no word of theirs becomes a label.
  void Committed(size_t commands, absl::Duration took, const ledger::SealedBatch& sealed, const policy::Policy& policy);
  // How long one command's rule took, decisions included.
  void Decided(absl::Duration took);
  void CommitFailed();
  // A checkpoint of this log does not belong to its database.
  void LedgerRefuted();
  void PolicyInForce(const std::string& digest, bool reload_failed);
  void CertificateExpiry(absl::Time time);
  // Asked for its figures at every scrape until Close. Kept weakly.
  void Expose(const std::weak_ptr<prometheus::Collectable>& collectable);
  // Ends the exposition, a scrape in progress too: what Expose was given is asked no more.
  void Close();
  // The port exposed on; 0: none.
  int port() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace derwent::rpc
