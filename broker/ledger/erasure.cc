#include "broker/ledger/erasure.h"

#include <optional>
#include <string>
#include <vector>

#include "trust/base/status_macros.h"
#include "trust/entry/entry.h"

namespace derwent::ledger {
namespace {

using trust::Field;

// What an entry whose own time was erased sorts by: it tells no more than its place in the log does.
absl::StatusOr<absl::Time> TimeBefore(store::Reader& reader, uint64_t index) {
  if (index == 0) return absl::UnixEpoch();
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> before, reader.FindEntry(index - 1));
  if (!before.has_value()) return absl::DataLossError("ledger: an entry is missing");
  return before->time;
}

}  // namespace

absl::StatusOr<FoundEntry> FindSealed(store::Reader& reader, uint64_t index) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (index >= head.size) return absl::NotFoundError("no such entry");
  absl::StatusOr<FoundEntry> found = FindEntry(reader, index);
  if (absl::IsNotFound(found.status())) return absl::DataLossError("ledger: an entry is missing");
  if (found.ok() && found->entry.kind != trust::EntryKind::kSealed) return absl::NotFoundError("no such sealed entry");
  return found;
}

trust::FieldSet ErasedOf(const PackedEntry& entry) {
  trust::FieldSet erased;
  for (size_t i = 0; i < trust::kFieldCount; ++i) erased.set(i, entry.fields.salts[i].empty());
  return erased;
}

absl::Status EraseFields(store::Transaction& transaction, uint64_t index, const trust::FieldSet& fields) {
  ASSIGN_OR_RETURN(FoundEntry found, FindSealed(transaction, index));
  PackedEntry& entry = found.entry;
  const std::vector<std::string> tags = entry.Tags();
  for (size_t i = 0; i < trust::kFieldCount; ++i) {
    if (!fields.test(i)) continue;
    entry.fields.values[i].clear();
    entry.fields.salts[i].clear();
  }
  store::EntryRow row{.index = index,
                      .time = found.row.time,
                      .packed = entry.Encode(),
                      .columns = entry.Columns(),
                      .tags = entry.Tags(),
                      .decision_request = ""};
  if (fields.test(static_cast<size_t>(Field::kTime) - 1)) {
    ASSIGN_OR_RETURN(row.time, TimeBefore(transaction, index));
  }
  return transaction.EraseEntry(row, tags);
}

}  // namespace derwent::ledger
