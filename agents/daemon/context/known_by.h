#pragma once

#include <string>
#include <vector>

#include "agents/daemon/context/context.h"
#include "derwent/v1/record.pb.h"

// By what a person is known again in what this agent keeps: keyed digests of verified identifiers' references and of
// records of the agency's own system, which tell nothing by themselves.
namespace derwent::agents {

std::string KnownByRecord(const std::string& record_ref, const AgentContext& context);
std::string KnownByReference(const std::string& reference, const AgentContext& context);
// All of a record: its verified identifiers' general references, and its own reference.
std::vector<std::string> KnownBy(const v1::CaseRecord& record, const AgentContext& context);

}  // namespace derwent::agents
