#include "broker/server/state_metrics.h"

#include <prometheus/metric_family.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "broker/witness/standing.h"
#include "trust/base/london.h"

namespace derwent::server {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;

MetricFamily Gauge(const char* name, const char* help) {
  return {.name = name, .help = help, .type = prometheus::MetricType::Gauge, .metric = {}};
}

void Add(MetricFamily& family, const std::string& label, const std::string& of, double value) {
  ClientMetric& metric = family.metric.emplace_back();
  if (!label.empty()) metric.label.push_back({.name = label, .value = of});
  metric.gauge.value = value;
}

// Those without a last day have none to watch.
MetricFamily Agreements(const policy::Policy& policy) {
  MetricFamily ends = Gauge("derwent_agreement_expiry_timestamp_seconds", "End of an agreement's last day");
  for (const policy::Agreement& agreement : policy.agreements) {
    if (agreement.effective.last == absl::CivilDay::max()) continue;
    Add(ends, "agreement", agreement.id,
        absl::ToDoubleSeconds(LondonStartOf(agreement.effective.last + 1) - absl::UnixEpoch()));
  }
  return ends;
}

// `linear` means that the policy has outgrown the index: each decision has one engine's word.
MetricFamily Engine(const policy::Decider& decider) {
  MetricFamily engine = Gauge("derwent_policy_engine", "Which engine decides under the policy in force");
  Add(engine, "engine", std::string(decider.engine()), 1);
  return engine;
}

// How far behind each witness is, and how long entries have been without a quorum.
std::vector<MetricFamily> Witnesses(const witness::Quorum& quorum, store::Reader& reader, absl::Time now) {
  MetricFamily lag = Gauge("derwent_witness_lag_entries", "Entries beyond the largest checkpoint a witness cosigned");
  MetricFamily age = Gauge("derwent_ledger_unwitnessed_seconds", "Age of the oldest entry without its quorum");
  const absl::StatusOr<witness::Standing> standing = witness::StandingOf(reader, quorum, now);
  const absl::StatusOr<std::vector<store::WitnessViewRow>> views = reader.ListWitnessViews();
  const absl::StatusOr<store::LogState> head = reader.GetLogState();
  if (!standing.ok() || !views.ok() || !head.ok()) return {};
  Add(age, "", "", absl::ToDoubleSeconds(standing->unwitnessed_age));
  for (size_t i = 0; i < quorum.policy().witnesses().size(); ++i) {
    uint64_t seen = 0;
    for (const store::WitnessViewRow& view : *views) {
      if (view.witness == quorum.policy().witnesses()[i].ToString()) seen = std::min(view.size, head->size);
    }
    Add(lag, "witness", quorum.policy().witness_names()[i], static_cast<double>(head->size - seen));
  }
  return {std::move(lag), std::move(age)};
}

}  // namespace

std::vector<MetricFamily> StateMetrics::Collect() const {
  const std::shared_ptr<const exchange::World> world = world_.Get();
  std::vector<MetricFamily> families = {Agreements(*world->bundle->policy), Engine(*world->bundle->decider)};
  const absl::StatusOr<std::unique_ptr<store::Reader>> reader = store_.Read();
  if (!reader.ok()) return families;
  const absl::Time now = clock_.Now();
  MetricFamily depth = Gauge("derwent_mailbox_depth", "Deliveries that wait");
  MetricFamily oldest = Gauge("derwent_mailbox_oldest_seconds", "Age of the oldest delivery that waits");
  for (const auto& [agency, directory] : world->directories) {
    const absl::StatusOr<store::MailboxDepth> mailbox = (*reader)->GetMailboxDepth(agency);
    if (!mailbox.ok()) return families;
    Add(depth, "agency", agency, static_cast<double>(mailbox->waiting));
    Add(oldest, "agency", agency, mailbox->oldest.has_value() ? absl::ToDoubleSeconds(now - *mailbox->oldest) : 0);
  }
  MetricFamily age =
      Gauge("derwent_ledger_checkpoint_age_seconds", "Time since the newest entry's checkpoint was signed");
  const absl::StatusOr<store::LogState> head = (*reader)->GetLogState();
  if (head.ok() && head->size > 0) Add(age, "", "", absl::ToDoubleSeconds(now - head->newest_time));
  MetricFamily behind = Gauge("derwent_clock_behind_ledger_seconds", "By how much the newest entry is dated ahead");
  if (head.ok() && head->size > 0) Add(behind, "", "", std::max(0.0, absl::ToDoubleSeconds(head->newest_time - now)));
  for (MetricFamily* family : {&depth, &oldest, &age, &behind}) families.push_back(std::move(*family));
  if (world->quorum == nullptr || world->quorum->none()) return families;
  for (MetricFamily& family : Witnesses(*world->quorum, **reader, now)) families.push_back(std::move(family));
  return families;
}

}  // namespace derwent::server
