#pragma once

#include <string>
#include <vector>

#include "derwent/v1/profile.pb.h"

namespace derwent::cli {

// What a profile says its parties rest on, one row a footing, in plain text: whose, when, regime, Article 6 basis,
// Article 9 and 10 conditions, Schedule 8 condition. None where it says nothing.
std::vector<std::vector<std::string>> FootingRows(const v1::Profile& profile);

// The same of one field, as `parties: code` joined by `; ` and led by one: what follows the types' own in a record.
std::string BasesIn(const v1::Profile& profile);
std::string SpecialConditionsIn(const v1::Profile& profile);
std::string OffenceConditionsIn(const v1::Profile& profile);
std::string Schedule8ConditionsIn(const v1::Profile& profile);
// Whether the profile has organisations of the type act under UK GDPR for every purpose of mixed regime, though they
// are competent authorities.
bool UnderUkGdpr(const v1::Profile& profile, const std::string& type);

}  // namespace derwent::cli
