#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "broker/ledger/fsck_database.h"
#include "broker/ledger/fsck_entry.h"
#include "trust/identity/authority.h"

namespace derwent::ledger {

// Holds what is erased against the public entries that record it, with a parser of its own (trust/entry/FORMAT.md):
// nothing is erased without a record, nothing recorded is still there, and each record has its two commands, signed.
class ErasureCheck {
 public:
  // Every sealed entry in the log's order.
  void Saw(uint64_t index, const DerivedEntry& entry, bool has_decision_request);
  // Every public entry of kind 0x01. Error: kDataLoss the body is not its shape, or names an entry after it.
  absl::Status Recorded(uint64_t index, absl::string_view body);
  // Once all were seen. Error: kDataLoss, with what does not fit. `authority`: as of SignaturesMisfit.
  absl::Status Finish(FsckDatabase& database, const trust::Authority* authority) const;

 private:
  struct Record {
    std::vector<uint64_t> targets;
    std::string owner, other;  // Hex; empty of a schedule.
  };
  absl::Status CheckEntries() const;
  absl::Status CheckRows(FsckDatabase& database, const trust::Authority* authority) const;

  struct Seen {
    uint32_t erased = 0;   // Bit n - 1: field n is gone.
    bool request = false;  // Its decision request is there.
  };
  std::map<uint64_t, Seen> erased_;
  std::vector<uint64_t> bodies_gone_;       // Entries that commit to a decision request which is not there.
  std::map<uint64_t, uint32_t> recorded_;   // What records say is gone.
  std::map<uint64_t, uint64_t> record_of_;  // Entry to the newest record of it.
  std::map<uint64_t, Record> records_;
};

}  // namespace derwent::ledger
