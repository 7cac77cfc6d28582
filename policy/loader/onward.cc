#include "policy/loader/onward.h"

namespace derwent::policy {

std::optional<Onward> OnwardTo(const std::string& recipient, const OnwardSources& sources) {
  if (sources.empty()) return std::nullopt;
  return Onward{.organisation = recipient,
                .as_controller = true,
                .originator_approval = "pending",
                .categories = {sources[0].categories().begin(), sources[0].categories().end()}};
}

}  // namespace derwent::policy
