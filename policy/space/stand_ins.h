#pragma once

#include "policy/engine/model.h"

namespace derwent::policy {

// Ids of stand-ins start so; the rest is the type.
inline constexpr char kStandIn[] = "any.";

// The policy with a stand-in, `any.<type>`, for each type without an agency, party to every agreement: so that an
// assertion or a worked decision that is about the type is not idle.
Policy WithStandIns(Policy policy);

}  // namespace derwent::policy
