#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "broker/rpc/json_log.h"
#include "broker/rpc/mailbox_waits.h"
#include "broker/rpc/metrics.h"
#include "broker/sequencer/sequencer.h"
#include "broker/server/configuration.h"
#include "trust/base/clock.h"
#include "trust/base/digest.h"
#include "trust/base/mutex.h"

namespace derwent::server {

// What its owner adds to a look.
struct WatcherHooks {
  std::function<bool()> may_write;          // Until it says so nothing is entered; what is due then waits.
  std::function<void(absl::Time)> looking;  // Called at each look.
  // The MANIFESTs that were ever in force.
  std::function<absl::StatusOr<std::set<Sha256Digest>>()> ever_in_force;
};

// What must happen without anybody calling: every 100 ms it looks whether the bundle, the signatories or the revocation
// list changed on disk, ends waiting collectors whose time is over or who were revoked; every second it has deadlines
// swept, every minute what lapsed tidied away. A bundle that does not verify, that loses a notice or that gave way
// before is not taken: the last good one stays, and log, metric and PolicyService say so. A revocation list that is
// older than the one in force is not taken either. What could not be read or taken is tried again every second. Once a
// signatory has activated a revision, the bundle on disk is no longer looked at.
class Watcher {
 public:
  Watcher(const Configuration& configuration, sequencer::Sequencer& sequencer, sequencer::CurrentWorld& world,
          rpc::MailboxWaits& waits, const Clock& clock, rpc::JsonLog& log, rpc::Metrics& metrics, WatcherHooks hooks);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  void Stop();

 private:
  void Loop();
  void Look();
  // Has the writer do what is due; `what` for the log.
  void Due(absl::string_view what, std::function<absl::Status(exchange::Batch&)> rule);
  void LookAtCertificates();
  // And at who signs it. A bundle comes into force with its entry: it is looked at while there may be one.
  void LookAtBundle();
  void TakeRevocations();
  // Of whom signs from now on. A bundle on disk is judged by them again; a revision that was activated stays.
  void TakeSignatories();
  void TakeBundle();
  // By whoever counts by now; that it may follow what is in force.
  absl::StatusOr<std::shared_ptr<const policy::Bundle>> ReadWholeBundle();
  // Not taken: logged once for the same reason.
  void Complain(absl::string_view what, const absl::Status& why, std::string& last);
  void TellCertificateExpiry();
  // What was read from disk, to be applied to the world in force.
  struct Seen {
    std::shared_ptr<const trust::RevocationSet> revoked;  // Null: nothing new.
    std::shared_ptr<const policy::Bundle> bundle;         // Likewise.
    std::optional<exchange::Signatories> signatories;     // Likewise.
    absl::Time policy_time;
    std::string reload_error;
  };
  static std::shared_ptr<const exchange::World> Apply(const Seen& seen, const exchange::World& world);
  // Brings the revocation list into force. No entry tells of it, so that it counts though nothing may be written.
  void Revoke();
  // Brings all that was seen into force and enters the policy. What is not taken is tried again at the next look.
  void Publish();
  // Changes whenever a file of the directory does.
  static std::string StampOf(const std::string& path);

  const Configuration& configuration_;
  sequencer::Sequencer& sequencer_;
  sequencer::CurrentWorld& world_;
  rpc::MailboxWaits& waits_;
  const Clock& clock_;
  rpc::JsonLog& log_;
  rpc::Metrics& metrics_;
  std::string bundle_stamp_;
  std::string signatories_stamp_;
  std::string crl_stamp_;
  std::string crl_complaint_;  // The last; empty: taken since.
  std::string signatories_complaint_;
  absl::Time retry_bundle_ = absl::InfiniteFuture();  // When what was not taken is tried again.
  absl::Time retry_signatories_ = absl::InfiniteFuture();
  std::string certificate_stamp_;  // Empty: not looked at yet.
  absl::Time next_sweep_;
  absl::Time next_tidy_;
  std::atomic<bool> more_to_tidy_ = false;  // Set by the writer.
  // All that was read since the start. Applied on the writer to the world then in force, so that a revocation list, a
  // bundle and an activation that come together all come into force.
  Seen seen_;
  const WatcherHooks hooks_;
  std::atomic<bool> revoke_again_ = false;
  std::atomic<bool> publish_again_;

  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derwent::server
