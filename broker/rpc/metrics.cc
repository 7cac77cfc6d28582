#include "broker/rpc/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "trust/base/mutex.h"

namespace derwent::rpc {
namespace {

using prometheus::Histogram;

const Histogram::BucketBoundaries kSeconds = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30};
const Histogram::BucketBoundaries kDeciding = {0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.005, 0.05};
const Histogram::BucketBoundaries kSizes = {1, 2, 4, 8, 16, 32, 64, 128, 256};

}  // namespace

struct Metrics::Families {
  std::shared_ptr<prometheus::Registry> registry =
      std::make_shared<prometheus::Registry>();  // The exposer keeps a weak reference.
  prometheus::Family<prometheus::Counter>& started =
      prometheus::BuildCounter().Name("grpc_server_started_total").Help("Calls begun").Register(*registry);
  prometheus::Family<prometheus::Counter>& handled =
      prometheus::BuildCounter().Name("grpc_server_handled_total").Help("Calls ended").Register(*registry);
  prometheus::Family<Histogram>& handling =
      prometheus::BuildHistogram().Name("grpc_server_handling_seconds").Help("Time of a call").Register(*registry);
  prometheus::Family<prometheus::Counter>& case_requests = prometheus::BuildCounter()
                                                               .Name("derwent_case_requests_total")
                                                               .Help("Case-data requests by holder")
                                                               .Register(*registry);
  prometheus::Family<prometheus::Counter>& approvals = prometheus::BuildCounter()
                                                           .Name("derwent_approvals_total")
                                                           .Help("Approvals asked of and given by other agencies")
                                                           .Register(*registry);
  prometheus::Counter& entries = prometheus::BuildCounter()
                                     .Name("derwent_ledger_entries_total")
                                     .Help("Ledger entries appended")
                                     .Register(*registry)
                                     .Add({});
  prometheus::Counter& refuted = prometheus::BuildCounter()
                                     .Name("derwent_ledger_refuted_total")
                                     .Help("Checkpoints of this log that its database does not hold: rollback or fork")
                                     .Register(*registry)
                                     .Add({});
  prometheus::Counter& failures = prometheus::BuildCounter()
                                      .Name("derwent_commit_failures_total")
                                      .Help("Commits that failed")
                                      .Register(*registry)
                                      .Add({});
  prometheus::Family<prometheus::Counter>& decisions = prometheus::BuildCounter()
                                                           .Name("derwent_decisions_total")
                                                           .Help("Decisions entered, refusals too")
                                                           .Register(*registry);
  prometheus::Family<prometheus::Counter>& referrals = prometheus::BuildCounter()
                                                           .Name("derwent_referrals_total")
                                                           .Help("Referrals by recipient and subject")
                                                           .Register(*registry);
  prometheus::Family<prometheus::Counter>& emergencies = prometheus::BuildCounter()
                                                             .Name("derwent_emergency_releases_total")
                                                             .Help("Answers in emergencies that released something")
                                                             .Register(*registry);
  Histogram& deciding = prometheus::BuildHistogram()
                            .Name("derwent_decision_seconds")
                            .Help("Time of a command's rule, decisions included")
                            .Register(*registry)
                            .Add({}, kDeciding);
  Histogram& append = prometheus::BuildHistogram()
                          .Name("derwent_ledger_append_seconds")
                          .Help("Time of a commit")
                          .Register(*registry)
                          .Add({}, kSeconds);
  Histogram& batch = prometheus::BuildHistogram()
                         .Name("derwent_commit_batch_size")
                         .Help("Commands in a commit")
                         .Register(*registry)
                         .Add({}, kSizes);
  prometheus::Family<prometheus::Gauge>& policy =
      prometheus::BuildGauge().Name("derwent_policy_info").Help("Policy in force").Register(*registry);
  prometheus::Gauge& reload_failed = prometheus::BuildGauge()
                                         .Name("derwent_policy_reload_failed")
                                         .Help("1: a newer bundle was not taken")
                                         .Register(*registry)
                                         .Add({});
  prometheus::Gauge& expiry = prometheus::BuildGauge()
                                  .Name("derwent_certificate_expiry_timestamp_seconds")
                                  .Help("End of the server's certificate")
                                  .Register(*registry)
                                  .Add({});
  Mutex mutex;
  prometheus::Gauge* in_force GUARDED_BY(mutex) = nullptr;
  std::unique_ptr<prometheus::Exposer> exposer;
};

Metrics::Metrics(const std::string& address) : families_(std::make_unique<Families>()) {
  prometheus::BuildGauge()
      .Name("derwent_build_info")
      .Help("Version")
      .Register(*families_->registry)
      .Add({{"version", "0.1.0"}})
      .Set(1);
  if (address.empty()) return;
  families_->exposer = std::make_unique<prometheus::Exposer>(address, 1);
  families_->exposer->RegisterCollectable(families_->registry);
}

Metrics::~Metrics() = default;

void Metrics::Started(absl::string_view method) {
  families_->started.Add({{"grpc_method", std::string(method)}}).Increment();
}

void Metrics::Handled(absl::string_view method, absl::string_view code, absl::string_view reason, absl::Duration took) {
  families_->handled
      .Add({{"grpc_method", std::string(method)}, {"grpc_code", std::string(code)}, {"reason", std::string(reason)}})
      .Increment();
  families_->handling.Add({{"grpc_method", std::string(method)}}, kSeconds).Observe(absl::ToDoubleSeconds(took));
}

namespace {

template <typename Known>
std::string Label(const std::string& word, const Known& known) {
  return word.empty() || known.contains(word) ? word : "other";
}

}  // namespace

void Metrics::Committed(size_t commands, absl::Duration took, const ledger::SealedBatch& sealed,
                        const policy::Policy& policy) {
  families_->batch.Observe(static_cast<double>(commands));
  families_->append.Observe(absl::ToDoubleSeconds(took));
  families_->entries.Increment(static_cast<double>(sealed.entries().size()));
  for (const ledger::PendingEntry& entry : sealed.entries()) {
    const store::EntryColumns& said = entry.row.columns;
    if (said.step == "approval" || said.step == "approval_asked" || said.step == "approval_declined")
      families_->approvals.Add({{"agency", said.releasing_agency}, {"step", said.step}}).Increment();
    if (said.outcome.empty()) continue;
    if (said.step == "emergency_answer" && said.outcome != "DENY")
      families_->emergencies.Add({{"agency", said.releasing_agency}, {"to", said.receiving_agency}}).Increment();
    prometheus::Labels labels = {{"agency", Label(said.releasing_agency, policy.organisations)},
                                 {"board", Label(said.board, policy.profiles)},
                                 {"purpose", Label(said.purpose, policy.purposes)},
                                 {"outcome", said.outcome}};
    if (said.step == "referral") families_->referrals.Add(labels).Increment();
    prometheus::Labels because = labels;
    labels["agency"] = Label(said.receiving_agency, policy.organisations);
    if (said.step == "request") families_->case_requests.Add(labels).Increment();
    because["step"] = said.step;
    because["reason"] = said.reasons.empty() ? "" : said.reasons.front();
    families_->decisions.Add(because).Increment();
  }
}

void Metrics::Decided(absl::Duration took) { families_->deciding.Observe(absl::ToDoubleSeconds(took)); }

void Metrics::Expose(const std::weak_ptr<prometheus::Collectable>& collectable) {
  if (families_->exposer != nullptr) families_->exposer->RegisterCollectable(collectable);
}

void Metrics::LedgerRefuted() { families_->refuted.Increment(); }

void Metrics::CommitFailed() { families_->failures.Increment(); }

void Metrics::PolicyInForce(const std::string& digest, bool reload_failed) {
  const MutexLock lock(families_->mutex);
  if (families_->in_force != nullptr) families_->in_force->Set(0);
  families_->in_force = &families_->policy.Add({{"digest", digest}});
  families_->in_force->Set(1);
  families_->reload_failed.Set(reload_failed ? 1 : 0);
}

void Metrics::CertificateExpiry(absl::Time time) {
  families_->expiry.Set(absl::ToDoubleSeconds(time - absl::UnixEpoch()));
}

void Metrics::Close() { families_->exposer.reset(); }

int Metrics::port() const {
  if (families_->exposer == nullptr) return 0;
  const auto ports = families_->exposer->GetListeningPorts();
  return ports.empty() ? 0 : ports.front();
}

}  // namespace derwent::rpc
