#include "policy/loader/canonical_request.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "policy/loader/record.h"
#include "trust/entry/canonical.h"

namespace derwent::policy {
namespace {

std::vector<std::string> Sorted(std::vector<std::string> list) {
  std::sort(list.begin(), list.end());
  return list;
}

void Facts(const DecisionRequest& q, trust::CanonicalWriter& writer) {
  writer.Bool(19, q.facts.has_value());
  if (!q.facts.has_value()) return;
  if (q.facts->age.has_value()) writer.Number(20, static_cast<uint64_t>(*q.facts->age));
  if (q.facts->flags.has_value()) writer.List(21, Sorted(*q.facts->flags));
  std::vector<std::string> consents;
  for (const Consent& consent : q.facts->consents) consents.push_back(absl::StrCat(consent.giver, "|", consent.step, "|", consent.given ? 1 : 0));
  writer.List(22, Sorted(std::move(consents)));
}

}  // namespace

std::string CanonicalBytes(const DecisionRequest& q, absl::Time now) {
  trust::CanonicalWriter writer("derwent/decision-request/v1");
  writer.Number(1, static_cast<uint64_t>(absl::ToUnixMillis(now)));
  writer.Text(2, q.releasing_agency);
  writer.Text(3, q.receiving_agency);
  writer.Text(4, q.receiving_role);
  writer.Text(5, q.profile);
  writer.Text(6, q.purpose);
  writer.Text(7, q.board);
  writer.Text(8, q.area);
  writer.Number(9, static_cast<uint64_t>(q.direction));
  writer.Text(10, q.route.has_value() ? RouteName(*q.route) : "");
  writer.Number(11, static_cast<uint64_t>(q.case_link));
  writer.Bool(12, q.justification);
  writer.List(13, Sorted(q.grounds));
  writer.Text(14, q.document_reference);
  writer.Text(15, q.subject_role);
  writer.List(16, q.categories);
  writer.Text(17, q.step);
  writer.Text(18, q.product);
  Facts(q, writer);
  writer.List(23, {q.exception_flag, q.exception_ground});
  if (q.event.has_value()) {
    writer.Text(24, q.event->type);
    writer.List(25, Sorted(q.event->own));
    writer.List(26, Sorted(q.event->mixed));
    writer.Text(27, q.event->fan_out_to);
  }
  if (q.onward.has_value()) writer.List(28, {q.onward->organisation, q.onward->as_controller ? "controller" : "processor", q.onward->originator_approval});
  if (q.table.has_value()) writer.List(29, {q.table->topic, q.table->geography, q.table->period});
  writer.List(30, Sorted(q.payload));
  return writer.octets();
}

}  // namespace derwent::policy
