#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "derwent/v1/package.pb.h"

namespace derwent::exchange {

// The London day that a quota counts on, in days since 1 January 1970.
int64_t QuotaDay(absl::Time time);

// How many holders one person asks in a day is bounded. Error: kResourceExhausted `QUOTA_EXCEEDED` when `more` go over
// the limit.
absl::Status CheckQuota(const std::string& agency, const std::string& person, size_t more, Batch& batch);
absl::Status CountQuota(const std::string& agency, const std::string& person, size_t more, Batch& batch);

// Tells the asker's agency and the holders of a refused call, of which `asked` are the selectors as far as they are
// known, one at least: once a person and day.
absl::Status AlarmQuota(const std::vector<v1::Manifest>& asked, Batch& batch);

}  // namespace derwent::exchange
