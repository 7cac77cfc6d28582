#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "policy/engine/model.h"
#include "policy/engine/request.h"

// How fine a table of counts may be (domain decision 31).

namespace derwent::policy {

// From the finest, 0; -1: no such grain.
int GeographyRank(absl::string_view geography);
int PeriodRank(absl::string_view period);

// What holds of tables of the topic, or else of all others; nullptr: nothing, and none is released.
const TableLimit* LimitOf(const std::string& topic, const Policy& policy);
// The table as it may be released: where it is finer than the limits of its topic, or else the default's, at them.
// Nullopt where there are none.
std::optional<Table> AtLimit(const Table& table, const Policy& policy);

}  // namespace derwent::policy
