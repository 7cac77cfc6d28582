#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/daemon/state/state.h"
#include "agents/sdk/anchors.h"
#include "agents/sdk/receipts.h"
#include "derwent/v1/erasure_service.pb.h"
#include "policy/engine/model.h"
#include "trust/entry/erasure_record.h"

namespace derwent::agents {

// An erasure of the broker's whose public entry verified.
struct RecordedErasure {
  trust::ErasureRecord record;
  ShownCheckpoint checkpoint;  // To be held against the newest.
};

// The receipt proves a public entry of kind 0x01 whose record names every entry that the broker says this agency is to
// erase. Error: kDataLoss, kUnauthenticated, kInvalidArgument.
absl::StatusOr<RecordedErasure> VerifyRecord(const v1::Erasure& erasure, const trust::LogKeys& log_keys);

// What signatures are judged by. Borrows.
struct ErasureGround {
  const std::string& agency;  // This one.
  const TrustAnchors& anchors;
  policy::Snapshot snapshot;  // Policy and registers as this agency verified them.
  absl::Time now;
};

// Two persons of the consortium signed for exactly these entries and reason, the record commits to what they signed and
// was entered in a month in which both commands were good; one of them is of this agency or chairs the board of every
// entry that it holds (`receipts`), and both are parties to those, the first the one whose data it is. Each held, on
// the day of signing, a role that may `handle_rights`, but for the chair. Their certificates counted when they signed
// and are not revoked since. Error: kUnauthenticated.
absl::Status VerifyApprovals(const v1::Erasure& erasure, const trust::ErasureRecord& record,
                             const std::vector<ReceiptRow>& receipts, const ErasureGround& ground);

// What this agency holds of the entries is older than the retention of its profile: months by profile, as this agency
// verified them. A receipt whose time or profile is closed tells nothing and stands against nothing. Error:
// kFailedPrecondition.
absl::Status CheckRetention(const std::vector<ReceiptRow>& receipts, const std::map<std::string, int>& months,
                            absl::Time now);

}  // namespace derwent::agents
