#pragma once

#include "absl/strings/string_view.h"

#include "derwent/v1/record.pb.h"

namespace derwent::connectors {

// Completes the provenance of every fact of a record with what the mapping says of all of them; what a fact says itself
// stays. `origin_category` comes from where the fact stands. Facts that hold nothing are dropped.
void CompleteProvenance(v1::CaseRecord& record, const v1::Provenance& common);

}  // namespace derwent::connectors
