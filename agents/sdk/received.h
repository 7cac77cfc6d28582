#pragma once

#include <set>
#include <string>
#include <vector>

#include "agents/sdk/draft.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/record.pb.h"
#include "policy/loader/onward.h"

// What a record holds that another agency shared (`Provenance.received_share_id`): it goes onward only as that agency
// agrees.

namespace derwent::agents {

// The shares by which facts of the record were received.
std::set<std::string> ReceivedBy(const v1::CaseRecord& record);
// The categories that hold a fact received by `share_id`, sorted.
std::vector<std::string> ReceivedCategories(const v1::CaseRecord& record, const std::string& share_id);

// What of the subject goes onward of what is considered for a recipient; empty: nothing.
policy::OnwardSources OnwardOf(const DraftSubject& subject, const std::vector<std::string>& considered);

}  // namespace derwent::agents
