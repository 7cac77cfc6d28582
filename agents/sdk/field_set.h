#pragma once

#include <set>
#include <string>
#include <vector>

#include "agents/sdk/draft.h"
#include "derwent/v1/record.pb.h"
#include "policy/engine/model.h"

// Statutory field sets, built by whitelist (policy/engine/field_set.h; domain brief C.1): of an adult who does not
// consent nothing else may reach the Home Office, by whomever it was written.

namespace derwent::agents {

// The one there is.
inline constexpr char kDutyToNotify[] = "nrm.duty_to_notify";

// What is wrong with a record's field sets when `authority` notifies and only the fields `listed` may go: each by its
// path, never a value.
std::vector<FieldProblem> CheckFieldSets(const v1::StatutoryFieldsetFacts& sets, const std::string& authority,
                                         const std::set<std::string>& listed);

// The fields that one may have under the profile: the product's or, where none is named, any product's.
std::set<std::string> FieldsListed(const policy::Policy& policy, const std::string& profile,
                                   const std::string& product);

// Takes from the field sets of a unit what no enactment lists: where in its system the notifier found it, and when.
void StripFieldSets(v1::UnitContent& content);

// Whether the unit holds no field set or ones in order and stripped; the sender asks before sealing, the recipient
// before handing on. An answer that tells nothing (`neutral`) holds none.
bool FieldSetsHold(const v1::UnitContent& content, const std::string& authority, const std::set<std::string>& listed);

}  // namespace derwent::agents
