#pragma once

#include <optional>

#include "agents/sdk/draft.h"

namespace derwent::agents {

// A child who sees, hears or experiences domestic abuse is a victim (Domestic Abuse Act 2021 s3): the referral's subjects of
// role `victim_child_da` also go to children's services under the child-safeguarding profile, as a share of its own.
// Nothing when there is no such subject, when the referral already is under that profile, or when the sender is children's
// services. Grounds of that profile (`mash.…`) that the sender asserted for any recipient are asserted here, others not.
std::optional<ReferralDraft> CompanionOf(const ReferralDraft& referral);

}  // namespace derwent::agents
