#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/state/state.h"

namespace derwent::agents {

// Whose a certificate is that was used here, so that its serial alone names the credential when it is lost.
struct Credential {
  std::string person;  // Opaque id.
  absl::Time certified_from;
};

// Keeps a person's, once. Errors: of the state.
absl::Status KeepCredential(const LocalCaller& caller, State& state);
// Nothing where none with that serial was used. Errors: of the state.
absl::StatusOr<std::optional<Credential>> FindCredential(const std::string& serial, State& state);

}  // namespace derwent::agents
