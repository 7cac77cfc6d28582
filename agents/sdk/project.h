#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/sdk/reduction.h"
#include "derwent/v1/record.pb.h"

namespace derwent::agents {

// What the forms that hold no facts are made of.
struct HolderContact {
  v1::OwnerContact owner;  // Form `contact_owner`.
  v1::RelayRoute relay;    // Form `relay`.
};

// Category ids for which the record holds at least one fact or a gist, sorted.
std::vector<std::string> HeldCategories(const v1::CaseRecord& record);

// The unit (category, form) of a record: the facts of that category after the rules of options.proto, or the gist,
// contact or route. FULL keeps every known field, free text only where a named human read it (`reviewed_by`).
// Idempotent: projecting a unit's facts again changes nothing.
// Errors: kInvalidArgument no such category or form; kNotFound the record holds nothing of it (of `aggregate` none
// does); kFailedPrecondition the form needs a named person's gist and there is none.
absl::StatusOr<v1::UnitContent> ProjectUnit(const v1::CaseRecord& record, absl::string_view category,
                                            absl::string_view form, const Pseudonymiser& pseudonyms,
                                            const HolderContact& holder);

// Projects the facts of `content` again in place, by its own form. Content without facts is left alone.
// Error: kInvalidArgument when category, form and content do not belong together.
absl::Status ProjectAgain(v1::UnitContent& content, const Pseudonymiser& pseudonyms);

// True for the forms that hold facts: `full`, `generalise`, `mask`, `pseudonymise`, `flag_only`.
bool HoldsFacts(absl::string_view form);

// Under the flag `address_protected`: moves every current address to `location.protected` (record_person.proto).
void MoveProtectedAddresses(v1::CaseRecord& record);

// Text of a withheld unit in an existence-sensitive answer: the same for every unit of one holder.
std::string NeutralText(absl::string_view holder_agency);

}  // namespace derwent::agents
