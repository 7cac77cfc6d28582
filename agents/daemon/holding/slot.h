#pragma once

#include "absl/time/time.h"

namespace derwent::agents {

// An existence-sensitive answer is made this long before its slot.
inline constexpr absl::Duration kAnswerLead = absl::Seconds(1);
// When a holder tries again what something outside, or its own system, did not let it do.
inline constexpr absl::Duration kHolderAgain = absl::Seconds(5);
// The alarm: something of an answer could not be made, because of what is held. Seen at the holder alone.
inline constexpr char kAnswerNotMade[] = "ANSWER_NOT_MADE";

}  // namespace derwent::agents
