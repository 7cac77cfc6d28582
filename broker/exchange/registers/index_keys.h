#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "broker/store/store.h"

namespace derwent::exchange {

// A change of the subject index's key, entered in public: the body of an entry of kind 0x03 that begins with this line,
// then `before <key id>` and `after <key id>` (tagger.h). Only the broker can use either key; who audits it compares
// the ids with what it holds.
inline constexpr absl::string_view kIndexKeyChange = "derwent.index-key/v1\n";

// Every key that anything was tagged under must be at hand: without one, restrictions would no longer stop what they
// must and searches would miss entries. Error: kFailedPrecondition naming the ids of those that are not.
absl::Status CheckIndexKeys(const std::vector<std::string>& key_ids, store::Reader& reader);

// Keeps which keys are in use, and enters it when another one became the current. `key_ids`: the current one first.
absl::Status EnterIndexKeys(const std::vector<std::string>& key_ids, Batch& batch);

}  // namespace derwent::exchange
