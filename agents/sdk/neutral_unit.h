#pragma once

#include "absl/strings/string_view.h"

#include "derwent/v1/record.pb.h"

namespace derwent::agents {

// A withheld unit of an existence-sensitive answer: the neutral text of the holder under the label asked for.
v1::UnitContent NeutralUnit(absl::string_view category, absl::string_view form, absl::string_view holder_agency);

}  // namespace derwent::agents
