#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/exchange/batch.h"

namespace derwent::exchange {

// The London day that a quota counts on, in days since 1 January 1970.
int64_t QuotaDay(absl::Time time);

// How many holders one person asks in a day is bounded. Error: kResourceExhausted `QUOTA_EXCEEDED` when `more` go over
// the limit.
absl::Status CheckQuota(const std::string& agency, const std::string& person, size_t more, Batch& batch);
absl::Status CountQuota(const std::string& agency, const std::string& person, size_t more, Batch& batch);

}  // namespace derwent::exchange
