#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/world.h"
#include "broker/server/configuration.h"
#include "broker/store/store.h"
#include "policy/loader/bundle.h"

namespace derwent::server {

// What is in force when a broker starts.
struct PolicyAtStart {
  std::shared_ptr<const policy::Bundle> bundle;
  // In words for the operator: why it would not come into force today. Each names file and rule.
  std::vector<std::string> complaints;
};

// A revision that was activated, whatever lies on disk, judged as it was when it came into force: who signed it may
// have left the signatories or been revoked since, and the exchange goes on. Else the bundle on disk; one that was in
// force already stays so, too, when only its signatories left; one that loses a notice or that gave way before is
// refused. Errors: kUnauthenticated and others of the bundle: nothing is shared under what never was good;
// kFailedPrecondition it must not follow what is in force.
absl::StatusOr<PolicyAtStart> OpenPolicy(const Configuration& configuration, const exchange::World& trusted,
                                         store::Reader& reader, absl::Time now);

// Of lines that are gone from the file of signatories: which, and what follows. Empty: none is gone.
std::string LinesGone(const std::string& path, const exchange::Signatories& before, const exchange::Signatories& now);

}  // namespace derwent::server
