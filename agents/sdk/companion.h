#pragma once

#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

#include "agents/sdk/draft.h"
#include "policy/engine/model.h"

namespace derwent::agents {

// The further shares that the profile's policy sets off by its subjects' roles (a child who sees, hears or experiences
// domestic abuse is a victim: Domestic Abuse Act 2021 s3), each under its own profile and with those subjects only.
// Each goes to the first agency listed that holds the role for the area; when none does to the first, so that the
// refusal is seen. None to the sender itself. Grounds of the companion's profile (`mash.…`) that the sender asserted
// for any recipient are asserted there, others not.
std::vector<ReferralDraft> CompanionsOf(const ReferralDraft& referral, const policy::Snapshot& snapshot,
                                        absl::CivilDay day);

// Why a person may say that such a share is not to be made.
inline constexpr absl::string_view kCompanionReasons =
    "REFERRED_ALREADY, REFERRED_BY_ANOTHER_AGENCY, CHILD_NOT_IN_AREA or MORE_DETRIMENTAL";
bool IsCompanionReason(absl::string_view code);

}  // namespace derwent::agents
