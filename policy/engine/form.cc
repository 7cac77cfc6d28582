#include "policy/engine/form.h"

#include <array>

namespace derwent::policy {
namespace {

constexpr std::array<absl::string_view, 9> kNames = {"full",      "summarise", "generalise",    "mask", "pseudonymise",
                                                     "aggregate", "flag_only", "contact_owner", "relay"};

}  // namespace

absl::string_view FormName(Form form) { return kNames[static_cast<size_t>(form)]; }

std::optional<Form> ParseForm(absl::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Form>(i);
  }
  return std::nullopt;
}

}  // namespace derwent::policy
