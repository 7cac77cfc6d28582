#pragma once

#include <functional>

#include "absl/strings/string_view.h"

#include "derwent/v1/package.pb.h"

namespace derwent::exchange {

// Takes note of a field that breaks a rule, unless it holds.
using Requirement = std::function<void(bool holds, absl::string_view field, absl::string_view rule)>;

// What the kind of a package adds to its form: a selector asks, an answer names its request, a referral does neither.
// No look at policy or state.
void CheckKind(const v1::Manifest& manifest, const v1::SenderStatement& statement, const Requirement& require);

}  // namespace derwent::exchange
