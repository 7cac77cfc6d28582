#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/daemon/asking/asker.h"
#include "agents/daemon/context/anchor_reader.h"
#include "agents/daemon/context/config.h"
#include "agents/daemon/context/context.h"
#include "agents/daemon/desks/audit_desk.h"
#include "agents/daemon/desks/desk.h"
#include "agents/daemon/desks/emergency_desk.h"
#include "agents/daemon/desks/request_desk.h"
#include "agents/daemon/desks/rights_desk.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/evidence/upkeep.h"
#include "agents/daemon/holding/approver.h"
#include "agents/daemon/holding/holder.h"
#include "agents/daemon/participant/participant.h"
#include "agents/daemon/receiving/eraser.h"
#include "agents/daemon/receiving/handover.h"
#include "agents/daemon/receiving/receiver.h"
#include "agents/daemon/receiving/rights_taker.h"
#include "agents/daemon/sending/held_back.h"
#include "agents/daemon/sending/intake.h"
#include "agents/daemon/sending/postman.h"
#include "agents/daemon/sending/rights_teller.h"
#include "agents/daemon/sending/sender.h"
#include "agents/daemon/sending/supersessions.h"
#include "agents/daemon/state/request_state.h"

namespace derwent::agents {

// Stops threads that wait. Thread-safe.
class StopSignal {
 public:
  void Stop();
  bool stopped() const;
  // Waits for `time` at most; true when it is time to stop.
  bool WaitFor(absl::Duration time);

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

// One agency's agent without its transport: everything that runs, over a broker that is handed in. Made by Create,
// started once, stopped once.
class AgentDaemon {
 public:
  // What it borrows for its life.
  struct Surroundings {
    Broker& broker;
    const Clock& clock;
    trust::Random& random;
    Log& log;
    const RecordSource* records = nullptr;  // Whom the agency holds; null: the people of its own system.
  };

  // Reads keys, trust and state; makes what is missing in the state folder. Errors: of the files, naming each.
  static absl::StatusOr<std::unique_ptr<AgentDaemon>> Create(const AgentConfig& config,
                                                             const Surroundings& surroundings);
  ~AgentDaemon();

  // Starts the threads: upkeep (also reads the CRL and the agency's own system again), sending, collecting, the folder,
  // and the participant key where the quorum policy asks for it.
  void Start();
  // Ends them, a collect in progress too; what it brought stays at the broker.
  void Stop();

  // Sets the gauges of the metrics to what the state holds now.
  void Measure();

  Desk& desk() { return desk_; }
  RequestDesk& requests() { return request_desk_; }
  EmergencyDesk& emergencies() { return emergency_desk_; }
  AuditDesk& audit() { return audit_desk_; }
  RightsDesk& rights() { return rights_desk_; }
  const AgentContext& context() const { return context_; }
  AnchorReader& anchors() { return anchor_reader_; }
  // What its calls to the broker carry.
  Gossip& gossip() { return told_; }

  // Steps for tests that drive it without threads.
  void ReadSystem();
  // Whether the last round read the agency's own system, or found it as it was.
  bool ReadsSystem() const { return reads_system_; }
  Upkeep& upkeep() { return upkeep_; }
  Sender& sender() { return sender_; }
  Postman& postman() { return postman_; }
  Asker& asker() { return asker_; }
  Holder& holder() { return holder_; }
  HeldBack& held_back() { return held_back_; }
  Supersessions& supersessions() { return supersessions_; }
  Eraser& eraser() { return eraser_; }
  RightsTeller& rights_teller() { return rights_teller_; }

  // What is kept up, once: each part is tried whatever became of the others. Error: the first.
  absl::Status RunUpkeep();
  // Works on and sends what waits, once: emergencies before the rest, and each part is tried whatever became of the
  // others. While releases are stopped for want of witnesses only emergencies go; what is left is no error. Error: the
  // first.
  absl::Status SendOnce();
  Receiver& receiver() { return receiver_; }
  Handover& handover() { return handover_; }
  Intake* intake() { return intake_.get(); }
  Participant* participant() { return participant_.get(); }  // Null: the agency has no participant key.

 private:
  struct Loaded;
  AgentDaemon(const AgentConfig& config, Loaded loaded, const Surroundings& around);
  void KeepUp();
  void SendOut();
  void Collect();
  void WatchFolder();
  void Participate();

  const AgentConfig config_;
  std::unique_ptr<AgencyIdentity> identity_;
  std::unique_ptr<State> state_;
  std::unique_ptr<RequestState> request_state_;
  PolicyCache policy_;
  KeyBook keys_;
  CheckpointWatch watch_;
  QuorumWatch quorum_;
  ToldCheckpoints told_;
  ForkLatch forks_;
  CurrentAnchors roots_;
  PersonRegister system_;
  std::atomic<bool> reads_system_ = false;
  const SystemRecords system_records_;
  const RecordSource& records_;  // Those of the system, unless others are lent.
  AgentMetrics metrics_;
  Doorbell to_send_;
  AgentContext context_;
  AnchorReader anchor_reader_;
  Evidence evidence_;
  Upkeep upkeep_;
  Eraser eraser_;
  Postman postman_;
  Sender sender_;
  RightsTeller rights_teller_;
  Handover handover_;
  Asker asker_;
  Holder holder_;
  HeldBack held_back_;
  Supersessions supersessions_;
  Approver approver_;
  RightsTaker rights_taker_;
  Receiver receiver_;
  Desk desk_;
  RequestDesk request_desk_;
  EmergencyDesk emergency_desk_;
  AuditDesk audit_desk_;
  RightsDesk rights_desk_;
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Participant> participant_;
  StopSignal stop_;
  std::vector<std::thread> threads_;
};

}  // namespace derwent::agents
