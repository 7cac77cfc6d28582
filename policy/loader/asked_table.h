#pragma once

#include <optional>

#include "derwent/v1/package.pb.h"
#include "policy/engine/request.h"

namespace derwent::policy {

inline constexpr char kTableRule[] =
    "is unset or, where `aggregate` is asked, has a topic of a to z and _ (40 at most), a geography (LSOA, ward, "
    "district, "
    "county_city, national) and a period (week, month, quarter, year)";

// Whether a question may name the table it names: none, or a whole one where counts are asked for.
bool IsTableInOrder(const v1::Question& question);

// The table asked for, as the engine takes it; absent: none is named.
std::optional<Table> AskedTable(const v1::Question& question);

// Whether a question asks for counts alone. It is about nobody: nobody is named in it.
bool AsksForCountsAlone(const v1::Question& question);

}  // namespace derwent::policy
