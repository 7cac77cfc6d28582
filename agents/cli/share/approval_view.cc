#include "agents/cli/share/approval_view.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace derwent::cli {

void PutInOrder(v1::ApprovalCommand& command) {
  std::ranges::sort(*command.mutable_units(), {},
                    [](const v1::ApprovedUnit& unit) { return std::tie(unit.category(), unit.form()); });
}

void PutInOrder(v1::ShowApprovalResponse& shown) {
  PutInOrder(*shown.mutable_approval()->mutable_question()->mutable_proposed());
  std::ranges::sort(*shown.mutable_units(), {}, [](const v1::OpenedUnit& unit) {
    return std::tuple(unit.content().category(), unit.content().form(), unit.subject());
  });
}

void PutInOrder(v1::ListApprovalsResponse& waiting) {
  for (v1::PendingApproval& pending : *waiting.mutable_approvals())
    PutInOrder(*pending.mutable_question()->mutable_proposed());
}

std::string UnitsText(const v1::ApprovalCommand& command) {
  std::vector<std::string> units;
  for (const v1::ApprovedUnit& unit : command.units()) units.push_back(absl::StrCat(unit.category(), "=", unit.form()));
  return absl::StrJoin(units, " ");
}

}  // namespace derwent::cli
