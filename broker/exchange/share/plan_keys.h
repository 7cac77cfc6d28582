#pragma once

#include <set>
#include <string>

#include "broker/exchange/command/batch.h"
#include "derwent/v1/key_service.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {

// The key events of the agencies, with their receipts, into a plan's response: what its caller will seal to.
template <typename Response>
absl::Status AddKeys(const std::set<std::string>& agencies, Response& response, Batch& batch) {
  for (const std::string& agency : agencies) {
    v1::AgencyKeys& keys = *response.add_keys();
    keys.set_agency(agency);
    ASSIGN_OR_RETURN(const std::vector<store::KeyEventRow> events, batch.read().ListKeyEvents(agency));
    for (const store::KeyEventRow& event : events) {
      if (!keys.add_events()->ParseFromString(event.envelope))
        return absl::DataLossError("a stored key event does not parse");
      keys.add_receipts()->set_index(event.entry_index);
    }
  }
  return absl::OkStatus();
}

}  // namespace derwent::exchange
