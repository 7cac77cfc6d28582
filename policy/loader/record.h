#pragma once

#include "absl/strings/string_view.h"

#include "derwent/v1/decision.pb.h"
#include "policy/engine/decision.h"

namespace derwent::policy {

// The whole decision for the parties' officers. `digest` is the bundle's, lowercase hex.
v1::DecisionRecord ToProto(const Decision& decision, absl::string_view digest);
// Likewise into a new record, where that lies.
void Write(const Decision& decision, absl::string_view digest, v1::DecisionRecord& record);

// What an asker may be told of a decision made without the subject's facts: where the profile is existence-sensitive,
// only what rests on the asker.
v1::DecisionForAsker ForAsker(const Decision& decision);

// `ORDINARY`, …
absl::string_view RouteName(Route route);

}  // namespace derwent::policy
