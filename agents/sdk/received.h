#pragma once

#include <set>
#include <string>
#include <vector>

#include "agents/sdk/draft.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/record.pb.h"
#include "policy/engine/request.h"

// What a record holds that another agency shared (`Provenance.received_share_id`): it goes onward only as that agency
// agrees.

namespace derwent::agents {

// The shares by which facts of the record were received.
std::set<std::string> ReceivedBy(const v1::CaseRecord& record);
// The categories that hold a fact received by `share_id`, sorted.
std::vector<std::string> ReceivedCategories(const v1::CaseRecord& record, const std::string& share_id);

// What of the subject goes onward of what is considered for a recipient; empty: nothing.
std::vector<v1::OnwardSource> OnwardOf(const DraftSubject& subject, const std::vector<std::string>& considered);
// The onward part of a question about that; nullopt: nothing goes onward. Whether the originator agreed its approval
// shows.
std::optional<policy::Onward> OnwardTo(const std::string& recipient, const std::vector<v1::OnwardSource>& sources);

}  // namespace derwent::agents
