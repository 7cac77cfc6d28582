#include "broker/witness/own_entries.h"

#include <utility>

#include "broker/ledger/entry_opener.h"
#include "trust/base/status_macros.h"

namespace derwent::witness {

absl::StatusOr<OwnEntries> ListOwnEntries(absl::string_view agency, uint64_t from,
                                          const store::CheckpointRow& checkpoint, size_t most, store::Reader& reader) {
  OwnEntries own{.receipts = {}, .next = checkpoint.size};
  const store::EntryQuery query{
      .viewer_agency = std::string(agency), .from_index = from, .before_index = checkpoint.size, .limit = most};
  ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, reader.SearchEntries(query));
  if (indexes.size() == most) own.next = indexes.back() + 1;
  ledger::EntryOpener opener(reader, checkpoint);
  for (const uint64_t index : indexes) {
    ASSIGN_OR_RETURN(const ledger::FoundEntry found, ledger::FindEntry(reader, index));
    if (found.entry.kind != trust::EntryKind::kSealed) continue;  // Signed by who made it, and no statement about two.
    ASSIGN_OR_RETURN(ledger::OpenedEntry opened, opener.Open(found, ledger::Viewer::kParticipant));
    own.receipts.push_back({.index = index, .tlog_proof = std::move(opened.receipt)});
  }
  return own;
}

}  // namespace derwent::witness
