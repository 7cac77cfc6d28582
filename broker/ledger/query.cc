#include "broker/ledger/query.h"

#include <optional>

#include "broker/ledger/packed_entry.h"
#include "broker/ledger/receipt.h"
#include "broker/ledger/tile_nodes.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"

namespace derwent::ledger {
namespace {

absl::Status CheckSize(store::Reader& reader, uint64_t size) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (size > head.size) return absl::InvalidArgumentError("the size is over the log's");
  return absl::OkStatus();
}

// An entry with what is needed to open it.
struct Found {
  PackedEntry entry;
  store::EntryRow row;
  std::string public_body;
};

absl::StatusOr<Found> Find(store::Reader& reader, uint64_t index) {
  ASSIGN_OR_RETURN(std::optional<store::EntryRow> row, reader.FindEntry(index));
  if (!row.has_value()) return absl::NotFoundError("no such entry");
  ASSIGN_OR_RETURN(PackedEntry entry, PackedEntry::Decode(row->packed));
  Found found{.entry = std::move(entry), .row = *std::move(row)};
  if (found.entry.kind != trust::EntryKind::kSealed) {
    ASSIGN_OR_RETURN(std::optional<store::PublicBodyRow> body, reader.FindPublicBody(index));
    if (!body.has_value()) return absl::DataLossError("ledger: a public entry's body is missing");
    found.public_body = std::move(body->body);
  }
  return found;
}

// One reader's proofs into its newest checkpoint; tiles are read once for many entries.
class Opener {
 public:
  Opener(store::Reader& reader, store::CheckpointRow checkpoint) : checkpoint_(std::move(checkpoint)), tiles_(reader) {}

  static absl::StatusOr<Opener> Create(store::Reader& reader) {
    ASSIGN_OR_RETURN(std::optional<store::CheckpointRow> checkpoint, reader.NewestCheckpoint());
    if (!checkpoint.has_value()) return absl::NotFoundError("no such entry");
    return Opener(reader, *std::move(checkpoint));
  }

  absl::StatusOr<OpenedEntry> Open(const Found& found, Viewer viewer) {
    ASSIGN_OR_RETURN(std::vector<Sha256Digest> path,
                     trust::InclusionProof(found.row.index, checkpoint_.size,
                                           [this](trust::NodeId node) { return tiles_.Read(node); }));
    OpenedEntry opened{
        .index = found.row.index, .kind = found.entry.kind, .time = found.row.time, .public_body = found.public_body};
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

 private:
  store::CheckpointRow checkpoint_;
  TileNodes tiles_;
};

}  // namespace

absl::StatusOr<std::vector<Sha256Digest>> InclusionProof(store::Reader& reader, uint64_t index, uint64_t size) {
  RETURN_IF_ERROR(CheckSize(reader, size));
  TileNodes tiles(reader);
  return trust::InclusionProof(index, size, [&tiles](trust::NodeId node) { return tiles.Read(node); });
}

absl::StatusOr<std::vector<Sha256Digest>> ConsistencyProof(store::Reader& reader, uint64_t old_size,
                                                           uint64_t new_size) {
  RETURN_IF_ERROR(CheckSize(reader, new_size));
  TileNodes tiles(reader);
  return trust::ConsistencyProof(old_size, new_size, [&tiles](trust::NodeId node) { return tiles.Read(node); });
}

absl::StatusOr<Sha256Digest> StoredLeafHash(store::Reader& reader, uint64_t index) {
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  if (index >= head.size) return absl::InvalidArgumentError("no such entry");
  return TileNodes(reader).Read({.level = 0, .index = index});
}

absl::StatusOr<std::vector<std::string>> Leaves(store::Reader& reader, uint64_t start, size_t count) {
  ASSIGN_OR_RETURN(const std::vector<store::EntryRow> rows, reader.ListEntries(start, count));
  std::vector<std::string> leaves;
  for (const store::EntryRow& row : rows) {
    if (LeafOf(row.packed).empty()) return absl::DataLossError("ledger: an entry's row does not have its shape");
    leaves.emplace_back(LeafOf(row.packed));
  }
  return leaves;
}

absl::StatusOr<OpenedEntry> OpenEntry(store::Reader& reader, uint64_t index, absl::string_view agency,
                                      const store::CheckpointRow* into) {
  ASSIGN_OR_RETURN(const Found found, Find(reader, index));
  const Viewer viewer = ViewerOf(found.entry.Columns(), agency);
  if (viewer == Viewer::kNone && found.entry.kind == trust::EntryKind::kSealed)
    return absl::NotFoundError("no such entry");
  if (into != nullptr) return Opener(reader, *into).Open(found, viewer);
  ASSIGN_OR_RETURN(Opener opener, Opener::Create(reader));
  return opener.Open(found, viewer);
}

absl::StatusOr<OpenedEntry> OpenEntryAsAuditor(store::Reader& reader, uint64_t index) {
  ASSIGN_OR_RETURN(const Found found, Find(reader, index));
  ASSIGN_OR_RETURN(Opener opener, Opener::Create(reader));
  return opener.Open(found, Viewer::kAuditor);
}

absl::StatusOr<std::string> MakeReceipt(store::Reader& reader, uint64_t index, absl::string_view agency) {
  ASSIGN_OR_RETURN(OpenedEntry opened, OpenEntry(reader, index, agency));
  return std::move(opened.receipt);
}

absl::StatusOr<std::vector<OpenedEntry>> Search(store::Reader& reader, const store::EntryQuery& query) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, reader.SearchEntries(query));
  std::vector<OpenedEntry> entries;
  if (indexes.empty()) return entries;
  ASSIGN_OR_RETURN(Opener opener, Opener::Create(reader));
  for (const uint64_t index : indexes) {
    ASSIGN_OR_RETURN(const Found found, Find(reader, index));
    ASSIGN_OR_RETURN(OpenedEntry opened, opener.Open(found, ViewerOf(found.entry.Columns(), query.viewer_agency)));
    entries.push_back(std::move(opened));
  }
  return entries;
}

}  // namespace derwent::ledger
