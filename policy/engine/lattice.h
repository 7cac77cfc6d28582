#pragma once

#include "policy/engine/decision.h"
#include "policy/engine/model.h"

namespace derwent::policy {

// What both of two decisions on one question allow: any denial denies; forms meet in the category's declared order, an
// undeclared meet denies; approvers, obligations and reasons unite; the strictest marking and the shortest clock win;
// open stays open only where both leave it so. Commutative and associative.
Decision Intersect(const Decision& a, const Decision& b, const Policy& policy);

// Narrows `outcome` to `form`; denies when the two have no declared meet.
void MeetForm(CategoryOutcome& outcome, Form form, const Category& category, const Reason& why);

// Whether releasing in form `given` stays within `decided`.
bool IsWithin(Form given, Form decided, const Category& category);

}  // namespace derwent::policy
