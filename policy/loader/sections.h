#pragma once

#include "absl/strings/string_view.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/profile.pb.h"
#include "derwent/v1/vocabulary.pb.h"
#include "policy/engine/model.h"
#include "policy/loader/problem.h"
#include "policy/loader/words.h"

// Compiles each file of a bundle into the policy, in the order in which they refer to one another.

namespace derwent::policy {

void CompileVocabulary(const v1::Vocabulary& text, Policy& policy, Problems& problems);
// How the forms of a category meet, into one compiled but for that.
void CompileMeets(const v1::Category& text, const Words& words, Category& category, Problems& problems);
// A flag, once categories, roles and obligations are known.
Flag CompileFlag(const v1::Flag& text, const Words& words, const Policy& policy, Problems& problems);
void CompileOrganisations(const v1::Organisations& text, Policy& policy, Problems& problems);
void CompileAreas(const v1::Areas& text, Policy& policy, Problems& problems);
void CompileCalendar(const v1::Calendar& text, Policy& policy, Problems& problems);
// Whether the calendar names the holidays of every year in which an agreement runs. After all agreements.
void CheckCalendar(const Policy& policy, Problems& problems);
void CompileGateways(const v1::Gateways& text, Policy& policy, Problems& problems);
void CompileProfile(absl::string_view file, const v1::Profile& text, Policy& policy, Problems& problems);
// What its parties rest on in law, into a profile compiled but for that.
void CompileFootings(absl::string_view file, const v1::Profile& text, const Policy& policy, Profile& profile,
                     Problems& problems);
// What each consent step of a compiled vocabulary names exists and goes together; what only support brings in takes
// consent of whoever must give it. After all profiles.
void CheckConsentSteps(const v1::Vocabulary& text, const Policy& policy, Problems& problems);
// Further shares that a profile sets off. After all profiles: they name one another.
void CompileCompanions(absl::string_view file, const v1::Profile& text, Policy& policy, Problems& problems);
void CompileAgreement(absl::string_view file, const v1::Agreement& text, Policy& policy, Problems& problems);
// Looks at a policy without errors as a whole: every role of a board that it uses has an owner who appoints to it.
void CheckOwners(const Policy& policy, Problems& problems);
// Warns of what decides nothing: categories that no scope reaches, and those of scopes, ceilings and products that are
// in no matrix.
void WarnOfDeadRules(const Profile& profile, Problems& problems);
// Warns of what has nearly, or has, outgrown the index (policy/engine/index.h).
void WarnOfSizes(const Policy& policy, Problems& problems);
// Looks at a policy without errors as a whole: dead senders and gateways, parties that an overlay misses (warnings),
// missing conditions (errors).
void CheckReach(const Policy& policy, Problems& problems);

}  // namespace derwent::policy
