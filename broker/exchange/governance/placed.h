#pragma once

#include <set>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/world.h"
#include "broker/store/store.h"
#include "policy/loader/bundle.h"
#include "trust/base/digest.h"

// A bundle that an operator puts in place, with no signatory's activation. Its quorum vouches for what it says, not for
// its being the newest: what must not be undone is compared with what is in force.

namespace derwent::exchange {

// That `after` may follow `before`: it loses no notice, and its MANIFEST was not in force earlier (`earlier`, digests;
// that of `before` does not count), for then its signatures are old. Error: kFailedPrecondition saying what is lost.
absl::Status CheckPlaced(const policy::Bundle& before, const policy::Bundle& after,
                         const std::set<Sha256Digest>& earlier);

// The same of what lies there when a broker starts, against what its ledger says is in force, judged as it was when it
// came into force: a notice whose signer lapsed since is lost, too. `trusted` needs no bundle. Errors: likewise;
// kFailedPrecondition when what is in force is not at hand to compare with; of the store.
absl::Status CheckPlacedAtStart(const policy::Bundle& after, const World& trusted, store::Reader& reader);

}  // namespace derwent::exchange
