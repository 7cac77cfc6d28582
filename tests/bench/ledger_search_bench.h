#pragma once

#include <cstdint>
#include <string>

#include "broker/ledger/draft.h"

namespace derwent {

// A referral's entry as the benchmarks append it; `person`: whom it is about, by two tags.
ledger::EntryDraft BenchEntry(int number, int person);

// What officers' questions cost in a ledger of `entries` entries, beside one read of a row.
void RunSearches(const std::string& folder, uint64_t entries);

}  // namespace derwent
