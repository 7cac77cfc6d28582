#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

#include "broker/exchange/command/world.h"
#include "broker/ledger/batch.h"
#include "broker/store/store.h"

namespace derwent::rpc {

// Fills every receipt of a response that has an index and no proof yet, as `agency` may open the entry: from the batch
// just committed where it is in there, else from the store. Errors: of the store; kNotFound an entry the agency is no
// party to. Each says what its checkpoint carries of the quorum.
absl::Status FillReceipts(google::protobuf::Message& response, const std::string& agency,
                          const ledger::SealedBatch* sealed, const exchange::World& world, store::Store& store);

}  // namespace derwent::rpc
