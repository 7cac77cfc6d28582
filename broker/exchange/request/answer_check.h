#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/package_check.h"
#include "broker/exchange/share/stored.h"

namespace derwent::exchange {

// Size of every unit of an existence-sensitive answer.
inline constexpr uint32_t kNeutralUnitOctets = 16 << 10;

// Where an answer departs from its request: the parties, the subject, what was asked. Policy and state play no part.
// Error: kInvalidArgument with all violations.
absl::Status CheckAgainstRequest(const CheckedPackage& answer, const StoredPart& request);

// Why the request takes no such answer now: `REQUEST_NOT_COLLECTED`, `REQUEST_CANCELLED`, `REQUEST_EXPIRED`,
// `REQUEST_HELD`, `ANSWER_TOO_EARLY`, `ANSWER_REQUIRED` (a supplement without an answer).
Objections WhyNotNow(const v1::Manifest& answer, const StoredPart& request, Batch& batch);

// `ANSWER_NOT_NEUTRAL` when an existence-sensitive answer differs from every other one to the same question: other
// categories than those that the broker does not deny, another form or another size.
Objections WhyNotNeutral(const v1::Manifest& answer, const DecidedSubject& decided);

// When answers to the request go out; the past when they go as they come.
absl::Time AnswerTimeOf(const StoredPart& request);

}  // namespace derwent::exchange
