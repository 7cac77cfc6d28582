#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "broker/rpc/json_log.h"
#include "broker/rpc/mailbox_waits.h"
#include "broker/rpc/metrics.h"
#include "broker/sequencer/sequencer.h"
#include "broker/server/configuration.h"
#include "trust/base/clock.h"
#include "trust/base/mutex.h"

namespace derwent::server {

// What its owner adds to a look.
struct WatcherHooks {
  std::function<bool()> may_write;          // Until it says so nothing is entered; what is due then waits.
  std::function<void(absl::Time)> looking;  // Called at each look.
};

// What must happen without anybody calling: every 100 ms it looks whether the bundle or the revocation list changed on
// disk, ends waiting collectors whose time is over or who were revoked; every second it has deadlines swept. A bundle
// that does not verify is not taken: the last good one stays, and log, metric and PolicyService say so.
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
  void LookAtFiles();
  void TakeRevocations();
  void TakeBundle();
  void TellCertificateExpiry();
  // Brings the wanted world into force and enters its policy. What is not taken is tried again at the next look.
  void Publish(std::shared_ptr<const exchange::World> world);
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
  std::string crl_stamp_;
  std::string certificate_stamp_;  // Empty: not looked at yet.
  absl::Time next_sweep_;
  // The newest world asked for. The next change starts from it, not from the one in force: a revocation list and a
  // bundle that change together must both come into force. Its registers may be old; the writer reads them again at the
  // commit.
  std::shared_ptr<const exchange::World> wanted_;
  const WatcherHooks hooks_;
  std::atomic<bool> publish_again_;

  Mutex mutex_;
  CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace derwent::server
