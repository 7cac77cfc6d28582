#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "policy/engine/model.h"

// The duty to notify (Modern Slavery Act 2015 s52; SI 2015/1743 Schedule 1; domain brief B.15): of an adult who does
// not consent its fields leave and nothing else. Every value is of a closed list, so that text stands nowhere.

namespace derwent::policy {

// Its fields, by name.
const std::vector<std::string>& DutyToNotifyFields();

// Whether the field may have the value; false of a field that is none. `authority`: the agency that notifies.
bool IsFieldValue(absl::string_view field, absl::string_view value, absl::string_view authority);

// Whether a set may hold the field more than once.
bool MayRepeat(absl::string_view field);

// The fields that a set may have under the profile: those of the product that is sent or, where none is, of any.
// Empty: no set may be sent.
std::set<std::string> FieldsOf(const Profile& profile, const std::string& product);

}  // namespace derwent::policy
