#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "broker/ledger/packed_entry.h"
#include "broker/ledger/visibility.h"
#include "trust/base/digest.h"
#include "trust/entry/opening.h"

namespace derwent::ledger {

// The fields `viewer` may open and that were not erased.
trust::FieldSet OpenedFor(const PackedEntry& entry, Viewer viewer);

// The receipt's text: a tlog-proof whose `extra` opens those fields, or is a public entry's body.
std::string RenderReceipt(const PackedEntry& entry, absl::string_view public_body, Viewer viewer, uint64_t index,
                          std::vector<Sha256Digest> path, absl::string_view checkpoint);

}  // namespace derwent::ledger
