#pragma once

#include <cstddef>
#include <vector>

#include "absl/time/civil_time.h"

#include "agents/sdk/draft.h"
#include "derwent/v1/record.pb.h"

namespace derwent::agents {

// What no record of a person can say, whoever it comes from: a number below zero (a year group below -1, nursery), a
// date that is no ISO 8601 date, a birth or a death after `today`, an NHS number said to be right whose check digit is
// wrong. Names every field by its path, never a value. Pure.
std::vector<FieldProblem> CheckRecord(const v1::CaseRecord& record, absl::CivilDay today);

// A surname, or the given names of one name together, of more octets is compared with nobody's (agents/matching).
inline constexpr size_t kMaxNameOctets = 100;

// Names that are too long to find anybody by, each field by its path. Pure.
std::vector<FieldProblem> CheckNames(const v1::CaseRecord& record);

}  // namespace derwent::agents
