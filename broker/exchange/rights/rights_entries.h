#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/stored.h"
#include "derwent/v1/rights.pb.h"

// What the ledger says of a rights event.

namespace derwent::exchange {

inline constexpr char kRightsPurpose[] = "rights.subject";

// One step about a notice, as its entries show it. Borrows.
struct RightsStep {
  absl::string_view name;  // As field 20 of an entry.
  ledger::Actor actor;
  const v1::RightsNotice& notice;
  const StoredPart& part;
  const Sha256Digest& digest;        // Of the message that says it.
  std::vector<std::string> codes{};  // What the step itself says, sorted.
  absl::string_view releasing_person = "";
  absl::string_view receiving_person = "";
  uint64_t count = 0;
};

// Each subject of a notice, decided as its event: the data owner's officer decides about their own agency's data.
std::vector<DecidedSubject> DecideNotice(const v1::RightsNotice& notice, const StoredPart& part,
                                         const std::string& role, const World& world, absl::Time now);

// Drafts of one step, one a subject of the notice in its order. `decided`: in the same order; null: a step that decides
// nothing. A denial of any subject of the event is told by `codes`.
std::vector<ledger::EntryDraft> DraftsOf(const RightsStep& step, const std::vector<DecidedSubject>* decided,
                                         const Batch& batch);

}  // namespace derwent::exchange
