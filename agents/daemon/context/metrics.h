#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

#include "prometheus/counter.h"
#include "prometheus/family.h"
#include "prometheus/gauge.h"
#include "prometheus/registry.h"

namespace derwent::agents {

// What the agent counts (api.md section 4). Labels are codes and states, never a person, subject or share. Thread-safe.
class AgentMetrics {
 public:
  AgentMetrics();

  void ShareSettled(absl::string_view state);
  void ShareReceived(absl::string_view result);
  void AlarmRaised(absl::string_view code);
  void CallHandled(absl::string_view method, absl::string_view code);
  // By which of LocalLimits.
  void CallRefused(absl::string_view rule);
  void SetDepths(double outbox, double inbox);
  void SetApprovalsPending(double waiting);
  void SetBrokerReachable(bool reachable);
  void SetSystemRead(bool read);

  const std::shared_ptr<prometheus::Registry>& registry() const { return registry_; }

 private:
  std::shared_ptr<prometheus::Registry> registry_;  // Shared: the exposer holds it weakly.
  prometheus::Family<prometheus::Counter>& shares_;
  prometheus::Family<prometheus::Counter>& received_;
  prometheus::Family<prometheus::Counter>& alarms_;
  prometheus::Family<prometheus::Counter>& calls_;
  prometheus::Family<prometheus::Counter>& refused_calls_;
  prometheus::Gauge& outbox_;
  prometheus::Gauge& inbox_;
  prometheus::Gauge& approvals_;
  prometheus::Gauge& reachable_;
  prometheus::Gauge& system_read_;
};

}  // namespace derwent::agents
