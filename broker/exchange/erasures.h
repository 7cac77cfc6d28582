#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/batch.h"
#include "broker/exchange/erasure_targets.h"
#include "derwent/v1/erasure_service.pb.h"
#include "trust/entry/erasure_record.h"

// What approved and scheduled erasures share.

namespace derwent::exchange {

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
