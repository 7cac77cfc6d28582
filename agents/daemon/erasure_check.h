#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/daemon/state.h"
#include "agents/sdk/anchors.h"
#include "derwent/v1/erasure_service.pb.h"
#include "trust/entry/erasure_record.h"
#include "trust/note/checkpoint.h"

namespace derwent::agents {

// An erasure of the broker's whose public entry verified.
struct RecordedErasure {
  trust::ErasureRecord record;
  trust::Checkpoint checkpoint;  // To be held against the newest.
};

// The receipt proves a public entry of kind 0x01 whose record names every entry that the broker says this agency is to
// erase. Error: kDataLoss, kUnauthenticated, kInvalidArgument.
absl::StatusOr<RecordedErasure> VerifyRecord(const v1::Erasure& erasure, const trust::VerifierKey& log_key);

// Two persons of the consortium signed for exactly these entries, the record commits to what they signed, and one of
// them is of `agency` or chairs a board. Their certificates counted when they signed. Error: kUnauthenticated.
absl::Status VerifyApprovals(const v1::Erasure& erasure, const trust::ErasureRecord& record, const std::string& agency,
                             const TrustAnchors& anchors, absl::Time now);

// What this agency holds of the entries is older than the retention of its profile: months by profile, as this agency
// verified them. A receipt whose time or profile is closed tells nothing and stands against nothing. Error:
// kFailedPrecondition.
absl::Status CheckRetention(const std::vector<ReceiptRow>& receipts, const std::map<std::string, int>& months,
                            absl::Time now);

}  // namespace derwent::agents
