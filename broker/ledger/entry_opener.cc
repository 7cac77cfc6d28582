#include "broker/ledger/entry_opener.h"

#include <optional>
#include <utility>
#include <vector>

#include "broker/ledger/receipt.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"

namespace derwent::ledger {

absl::StatusOr<FoundEntry> FindEntry(store::Reader& reader, uint64_t index) {
  ASSIGN_OR_RETURN(std::optional<store::EntryRow> row, reader.FindEntry(index));
  if (!row.has_value()) return absl::NotFoundError("no such entry");
  ASSIGN_OR_RETURN(PackedEntry entry, PackedEntry::Decode(row->packed));
  FoundEntry found{.entry = std::move(entry), .row = *std::move(row)};
  if (found.entry.kind != trust::EntryKind::kSealed) {
    ASSIGN_OR_RETURN(std::optional<store::PublicBodyRow> body, reader.FindPublicBody(index));
    if (!body.has_value()) return absl::DataLossError("ledger: a public entry's body is missing");
    found.public_body = std::move(body->body);
  }
  return found;
}

absl::StatusOr<EntryOpener> EntryOpener::Create(store::Reader& reader) {
  ASSIGN_OR_RETURN(std::optional<store::CheckpointRow> checkpoint, reader.NewestCheckpoint());
  if (!checkpoint.has_value()) return absl::NotFoundError("no such entry");
  return EntryOpener(reader, *std::move(checkpoint));
}

absl::StatusOr<OpenedEntry> EntryOpener::Open(const FoundEntry& found, Viewer viewer) {
  ASSIGN_OR_RETURN(std::vector<Sha256Digest> path,
                   trust::InclusionProof(found.row.index, checkpoint_.size,
                                         [this](trust::NodeId node) { return tiles_.Read(node); }));
  OpenedEntry opened{.index = found.row.index,
                     .kind = found.entry.kind,
                     .time = found.row.time,
                     .public_body = found.public_body,
                     .public_agency = found.entry.public_agency,
                     .public_step = found.entry.public_step};
  const trust::FieldSet fields = OpenedFor(found.entry, viewer);
  for (int number = 1; number <= trust::kFieldCount; ++number) {
    const std::string& value = found.entry.fields.values[static_cast<size_t>(number) - 1];
    if (!fields.test(static_cast<size_t>(number) - 1) || value.empty()) continue;
    opened.fields.push_back({.number = number, .name = std::string(trust::FieldName(number)), .value = value});
  }
  opened.receipt =
      RenderReceipt(found.entry, found.public_body, viewer, found.row.index, std::move(path), checkpoint_.note);
  return opened;
}

}  // namespace derwent::ledger
