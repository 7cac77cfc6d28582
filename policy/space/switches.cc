#include "policy/space/switches.h"

#include <set>

namespace derwent::policy {
namespace {

class Switches {
 public:
  explicit Switches(absl::CivilDay from) : from_(from), days_({from}) {}

  void Begins(absl::CivilDay first) {
    if (first > from_ && first != absl::CivilDay::max()) days_.insert(first);
  }
  void Ends(absl::CivilDay last) {
    if (last != absl::CivilDay::max()) Begins(last + 1);
  }
  void Of(const Days& days) {
    Begins(days.first);
    Ends(days.last);
  }
  const std::set<absl::CivilDay>& all() const { return days_; }

 private:
  const absl::CivilDay from_;
  std::set<absl::CivilDay> days_;
};

}  // namespace

std::vector<absl::CivilDay> SwitchDays(const Policy& policy, absl::CivilDay from) {
  Switches days(from);
  for (const Agreement& agreement : policy.agreements) {
    days.Of(agreement.effective);
    days.Ends(agreement.apd_review);
    for (const Notice& notice : agreement.notices) days.Begins(notice.from);
  }
  for (const auto& [id, organisation] : policy.organisations) days.Of(organisation.valid);
  for (const auto& [id, area] : policy.areas) days.Of(area.valid);
  for (const auto& [id, purpose] : policy.purposes) days.Of(purpose.valid);
  for (const auto& [id, valid] : policy.role_days) days.Of(valid);
  for (const auto& [id, gateway] : policy.gateways)
    days.Of({.first = gateway.effective_from.value_or(absl::CivilDay::min()), .last = gateway.effective_to});
  return {days.all().begin(), days.all().end()};
}

}  // namespace derwent::policy
