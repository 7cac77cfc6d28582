#pragma once

#include <optional>
#include <string>

#include "google/protobuf/repeated_field.h"

#include "derwent/v1/package.pb.h"
#include "policy/engine/request.h"

// Onward shares: what the sender of a package was itself given (domain brief H; domain decision 27). Both sides ask of
// it alike.

namespace derwent::policy {

using OnwardSources = google::protobuf::RepeatedPtrField<v1::OnwardSource>;

// The onward part of a question about `sources`, one at most; nullopt: nothing goes onward. Whether the originator
// agreed its approval shows.
std::optional<Onward> OnwardTo(const std::string& recipient, const OnwardSources& sources);

}  // namespace derwent::policy
