#pragma once

#include "absl/time/time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// The text of `policy/derbyshire`, read once for the process.
const Files& DerbyshireFiles();
// The same, compiled.
const Policy& Derbyshire();

// The same with two profiles, `marac` and `channel`: enough to see a change, and quick.
Policy TwoProfiles();

// A list by its words; `Strings()` is known to be empty.
using Strings = std::vector<std::string>;

// Tuesday 1 December 2026, 10:00: inside every agreement of the bundle.
absl::Time Midday();

// Fire asks adults' services before a home visit; the holder's facts are known, nothing is asserted.
DecisionRequest HomeVisit(std::vector<std::string> categories);
// A council officer asks the police about somebody said to cause nuisance.
DecisionRequest AsbCase(std::vector<std::string> categories);
// Children's services receive a referral about a child from the police.
DecisionRequest ChildReferral(std::vector<std::string> categories);

// Decides under the bundle, its agreements taken as signed and roles as held.
Decision DecideUnder(const Policy& policy, const DecisionRequest& request);
Decision DecideHere(const DecisionRequest& request);

// Whether some reason of `outcome` has `code`.
bool Says(const CategoryOutcome& outcome, ReasonCode code);

}  // namespace derwent::policy
