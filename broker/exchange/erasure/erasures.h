#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/erasure/erasure_check.h"
#include "broker/exchange/erasure/erasure_targets.h"
#include "derwent/v1/erasure_service.pb.h"
#include "trust/entry/erasure_record.h"

// Holds, and erasures: asked for, agreed to, attested, and by schedule.

namespace derwent::exchange {

// A hold is placed or ended, under a person's own signature.
absl::Status ApplyHold(const Caller& caller, const CheckedHold& hold, v1::ApplyHoldResponse& response, Batch& batch);
// An erasure is asked for by the data owner's officer; and done once somebody of the other side agrees.
absl::Status RequestErasure(const Caller& caller, const CheckedErasure& asked, v1::Erasure& response, Batch& batch);
absl::Status ApproveErasure(const Caller& caller, const CheckedErasure& agreed, v1::Erasure& response, Batch& batch);
absl::Status AttestErasure(const Caller& caller, const v1::AttestErasureRequest& request,
                           v1::AttestErasureResponse& response, Batch& batch);
// Erases whole what the retention of its profile no longer covers: each retention walks over at most 256 entries a
// call, and `more_due` says that one has not come to its end.
absl::Status EraseDue(Batch& batch);
// Enters which parties have not attested an erasure in time, at most 64 a call.
absl::Status ChaseErasures(Batch& batch);
// What concerns the caller's agency; `now` tells what lapsed.
absl::StatusOr<v1::ListErasuresResponse> ListErasures(const Caller& caller, const v1::ListErasuresRequest& request,
                                                      absl::Time now, store::Reader& reader);

// Shared by approved and scheduled erasures.

// How long a party has to erase the same and attest it, before it is asked again.
inline constexpr absl::Duration kAttestWithin = absl::Hours(24 * 7);

// Where the walk of the retention schedule stands (erasure_schedule.cc); empty: from the first entry.
inline constexpr char kScheduleSetting[] = "retention";

// Erases the fields of the record from its targets, appends the public entry that records it and awaits every party's
// attestation, all in the batch. `row` gets the entry's index and is put; the record's month is set here.
absl::Status CarryOut(trust::ErasureRecord record, const std::vector<Target>& targets, store::ErasureRow row,
                      Batch& batch);

// An erasure as a party sees it. Error: of the store.
absl::StatusOr<v1::Erasure> RenderErasure(const store::ErasureRow& row, const std::string& agency, absl::Time now,
                                          store::Reader& reader);

}  // namespace derwent::exchange
