#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/store/store.h"
#include "derwent/v1/key_service.pb.h"
#include "derwent/v1/register_service.pb.h"

// What agencies publish: their keys, their directories of people, their restrictions.

namespace derwent::exchange {

absl::Status PublishKeyEvent(const Caller& caller, const v1::PublishKeyEventRequest& request,
                             v1::PublishKeyEventResponse& response, Batch& batch);
absl::Status ApplyDirectory(const Caller& caller, const v1::ApplyDirectoryRequest& request,
                            v1::ApplyDirectoryResponse& response, Batch& batch);
absl::Status ApplyRestriction(const Caller& caller, const v1::ApplyRestrictionRequest& request,
                              v1::ApplyRestrictionResponse& response, Batch& batch);
absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const std::string& agency, store::Reader& reader);
absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& request,
                                                            const World& world, store::Reader& reader);

}  // namespace derwent::exchange
