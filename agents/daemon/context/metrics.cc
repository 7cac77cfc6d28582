#include "agents/daemon/context/metrics.h"

namespace derwent::agents {
namespace {

prometheus::Family<prometheus::Counter>& Counters(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Gauge& OneGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

AgentMetrics::AgentMetrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      shares_(Counters(*registry_, "derwent_agent_shares_total", "shares sent, by state")),
      received_(Counters(*registry_, "derwent_agent_received_total", "packages received, by result")),
      alarms_(Counters(*registry_, "derwent_agent_alarms_total", "alarms raised, by code")),
      calls_(Counters(*registry_, "grpc_server_handled_total", "local calls handled, by method and code")),
      refused_calls_(Counters(*registry_, "derwent_agent_refused_calls_total", "local calls over a limit, by limit")),
      outbox_(OneGauge(*registry_, "derwent_agent_outbox_depth", "shares not yet answered by the broker")),
      inbox_(OneGauge(*registry_, "derwent_agent_inbox_depth", "shares received and not handed over")),
      approvals_(OneGauge(*registry_, "derwent_approvals_pending", "approvals that wait for somebody of this agency")),
      reachable_(OneGauge(*registry_, "derwent_agent_broker_reachable", "1 when the broker answers")),
      system_read_(OneGauge(*registry_, "derwent_agent_system_read",
                            "1 when the agency's own system was read, or was as it was, the last time")) {}

void AgentMetrics::ShareSettled(absl::string_view state) { shares_.Add({{"state", std::string(state)}}).Increment(); }
void AgentMetrics::ShareReceived(absl::string_view result) {
  received_.Add({{"result", std::string(result)}}).Increment();
}
void AgentMetrics::AlarmRaised(absl::string_view code) { alarms_.Add({{"code", std::string(code)}}).Increment(); }
void AgentMetrics::CallHandled(absl::string_view method, absl::string_view code) {
  calls_.Add({{"grpc_method", std::string(method)}, {"grpc_code", std::string(code)}}).Increment();
}
void AgentMetrics::CallRefused(absl::string_view rule) {
  refused_calls_.Add({{"limit", std::string(rule)}}).Increment();
}
void AgentMetrics::SetDepths(double outbox, double inbox) {
  outbox_.Set(outbox);
  inbox_.Set(inbox);
}
void AgentMetrics::SetApprovalsPending(double waiting) { approvals_.Set(waiting); }
void AgentMetrics::SetBrokerReachable(bool reachable) { reachable_.Set(reachable ? 1 : 0); }
void AgentMetrics::SetSystemRead(bool read) { system_read_.Set(read ? 1 : 0); }

}  // namespace derwent::agents
