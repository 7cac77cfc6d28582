#include "absl/status/status.h"

#include "broker/exchange/registers/registers.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {

absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const std::string& agency, store::Reader& reader) {
  v1::AgencyKeys keys;
  keys.set_agency(agency);
  ASSIGN_OR_RETURN(const std::vector<store::KeyEventRow> events, reader.ListKeyEvents(agency));
  for (const store::KeyEventRow& event : events) {
    if (!keys.add_events()->ParseFromString(event.envelope))
      return absl::DataLossError("a stored key event does not parse");
    keys.add_receipts()->set_index(event.entry_index);
  }
  return keys;
}

absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& request,
                                                            const World& world, store::Reader& reader) {
  v1::ListDirectoriesResponse response;
  response.set_digest(world.register_digest.bytes());
  if (request.known_digest() == response.digest()) return response;
  ASSIGN_OR_RETURN(const std::vector<store::DirectoryRow> rows, reader.ListDirectories());
  for (const store::DirectoryRow& row : rows) {
    if (!response.add_directories()->ParseFromString(row.envelope))
      return absl::DataLossError("a stored directory does not parse");
  }
  return response;
}

}  // namespace derwent::exchange
