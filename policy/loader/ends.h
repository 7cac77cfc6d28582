#pragma once

#include <string>

#include "absl/time/civil_time.h"

#include "policy/engine/model.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// How long before its last day something is warned of.
inline constexpr int kDaysAhead = 90;
// How long before the calendar's last bank holiday.
inline constexpr int kCalendarDaysAhead = 400;

// Warns of agreements, organisations, areas and gateways whose last day is `day` or within 90 days of it, of reviews
// due in that time, of agreements that are over and reviews that are overdue, and of a calendar that ends.
// `problems` has compiled `policy`.
void WarnOfEnds(const Policy& policy, absl::CivilDay day, Problems& problems);

// The same of the roles and training in an agency's directory: the text file `path` of `files`, which `problems` was
// made for. A directory that is malformed, or names what the policy does not know, is an error.
void WarnOfEndsInDirectory(const Files& files, const std::string& path, const Policy& policy, absl::CivilDay day,
                           Problems& problems);

}  // namespace derwent::policy
