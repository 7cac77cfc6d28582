#include "broker/ledger/erasure.h"

#include <optional>
#include <string>
#include <vector>

#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/entry/entry.h"

namespace derwent::ledger {
namespace {

using trust::Field;

constexpr size_t kTagSize = Sha256Digest::kSize;

std::vector<std::string> TagsOf(const PackedEntry& entry) {
  const std::string& joined = entry.fields[Field::kSubjectTags];
  std::vector<std::string> tags;
  for (size_t at = 0; at + kTagSize <= joined.size(); at += kTagSize) tags.push_back(joined.substr(at, kTagSize));
  return tags;
}

// What an entry whose own time was erased sorts by: it tells no more than its place in the log does.
absl::StatusOr<absl::Time> TimeBefore(store::Reader& reader, uint64_t index) {
  if (index == 0) return absl::UnixEpoch();
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> before, reader.FindEntry(index - 1));
  if (!before.has_value()) return absl::DataLossError("ledger: an entry is missing");
  return before->time;
}

}  // namespace

absl::StatusOr<PackedEntry> FindSealed(store::Reader& reader, uint64_t index) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (index >= head.size) return absl::NotFoundError("no such entry");
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> row, reader.FindEntry(index));
  if (!row.has_value()) return absl::DataLossError("ledger: an entry is missing");
  ASSIGN_OR_RETURN(PackedEntry entry, PackedEntry::Decode(row->packed));
  if (entry.kind != trust::EntryKind::kSealed) return absl::NotFoundError("no such sealed entry");
  return entry;
}

trust::FieldSet ErasedOf(const PackedEntry& entry) {
  trust::FieldSet erased;
  for (size_t i = 0; i < trust::kFieldCount; ++i) erased.set(i, entry.fields.salts[i].empty());
  return erased;
}

absl::Status EraseFields(store::Transaction& transaction, uint64_t index, const trust::FieldSet& fields) {
  ASSIGN_OR_RETURN(PackedEntry entry, FindSealed(transaction, index));
  ASSIGN_OR_RETURN(const std::optional<store::EntryRow> stored, transaction.FindEntry(index));
  const std::vector<std::string> tags = TagsOf(entry);
  for (size_t i = 0; i < trust::kFieldCount; ++i) {
    if (!fields.test(i)) continue;
    entry.fields.values[i].clear();
    entry.fields.salts[i].clear();
  }
  store::EntryRow row{.index = index,
                      .time = stored->time,
                      .packed = entry.Encode(),
                      .columns = entry.Columns(),
                      .tags = TagsOf(entry),
                      .decision_request = ""};
  if (fields.test(static_cast<size_t>(Field::kTime) - 1)) {
    ASSIGN_OR_RETURN(row.time, TimeBefore(transaction, index));
  }
  return transaction.EraseEntry(row, tags);
}

}  // namespace derwent::ledger
