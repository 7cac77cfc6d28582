#pragma once

#include <string>
#include <utility>

#include "absl/status/statusor.h"

#include "agents/daemon/participant/known_shares.h"
#include "trust/entry/opening.h"

namespace derwent::agents {

// Holds what the ledger says of this agency against what it knows itself:
//
// * what it is said to have sent (referral, request, answer, supplement) it signed, with that manifest;
// * what it is said to have told (acknowledgement, progress, withdrawal, notice) it signed a message of that kind,
// about
//   that share, to that agency; how often is not counted;
// * whatever else is told of a share that it knows (collected, held, expired, overdue) names the manifest it knows;
// * of a share that it does not know it released nothing: only questions put to it may be told that it has not
// collected;
// * what it is said to have told or answered of a person's rights it signed, with that digest;
// * an approval it is said to have asked for, it asked for; one used was for a share of its own;
// * every other step that names it as releasing party gives nothing, and is one of those that need no signature of an
//   agent: a person's own command (cases, holds, erasures), or a call that concerns the agency alone (plan, read).
//
// Thread-safe.
class OwnEntries {
 public:
  OwnEntries(std::string agency, KnownShares known) : agency_(std::move(agency)), known_(known) {}

  // Why the entry does not fit, without a name of any person; empty: it fits. Errors: kInvalidArgument the entry does
  // not open what must be known, or names this agency nowhere; of the state.
  absl::StatusOr<std::string> Misfit(const trust::Opening& entry);

 private:
  struct Said;
  absl::StatusOr<std::string> PackageMisfit(const Said& said, bool sends);
  absl::StatusOr<std::string> MessageMisfit(const Said& said);
  absl::StatusOr<std::string> RightsMisfit(const Said& said);
  absl::StatusOr<std::string> ApprovalMisfit(const Said& said);
  absl::StatusOr<std::string> ApprovalUseMisfit(const Said& said);

  const std::string agency_;
  KnownShares known_;
};

}  // namespace derwent::agents
