#pragma once

#include <string>

#include "derwent/v1/agent_request.pb.h"
#include "derwent/v1/approval.pb.h"

namespace derwent::cli {

// The units of what is asked or signed, by category and form: in whatever order the answer was put together.
void PutInOrder(v1::ApprovalCommand& command);
// Likewise the units asked for and those opened. Nothing that is signed is changed: it is for reading.
void PutInOrder(v1::ShowApprovalResponse& shown);
void PutInOrder(v1::ListApprovalsResponse& waiting);

// `category=form category=form`, in the order of the command.
std::string UnitsText(const v1::ApprovalCommand& command);

}  // namespace derwent::cli
