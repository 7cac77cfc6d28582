#pragma once

#include "absl/time/time.h"

namespace derwent::agents {

// An existence-sensitive answer is made this long before its slot.
inline constexpr absl::Duration kAnswerLead = absl::Seconds(1);
// How late an answer may be and still be its slot's.
inline constexpr absl::Duration kStillTheSlots = absl::Seconds(30);
// Later ones say no more than this of when they were made.
inline constexpr absl::Duration kLateStep = absl::Seconds(5);
// The time that an existence-sensitive answer made at `now` says it is of, and leaves at: when it really was made tells
// how much there was to do.
absl::Time SlotOf(absl::Time slot, absl::Time now);
// When a holder tries again what something outside, or its own system, did not let it do.
inline constexpr absl::Duration kHolderAgain = absl::Seconds(5);
// The alarm: something of an answer could not be made, because of what is held. Seen at the holder alone.
inline constexpr char kAnswerNotMade[] = "ANSWER_NOT_MADE";

}  // namespace derwent::agents
