#include "broker/ledger/query.h"

#include "broker/ledger/entry_opener.h"
#include "broker/ledger/packed_entry.h"
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
  ASSIGN_OR_RETURN(const FoundEntry found, FindEntry(reader, index));
  const Viewer viewer = ViewerOf(found.entry.Columns(), agency);
  if (viewer == Viewer::kNone && found.entry.kind == trust::EntryKind::kSealed)
    return absl::NotFoundError("no such entry");
  if (into != nullptr) return EntryOpener(reader, *into).Open(found, viewer);
  ASSIGN_OR_RETURN(EntryOpener opener, EntryOpener::Create(reader));
  return opener.Open(found, viewer);
}

absl::StatusOr<std::string> MakeReceipt(store::Reader& reader, uint64_t index, absl::string_view agency) {
  ASSIGN_OR_RETURN(OpenedEntry opened, OpenEntry(reader, index, agency));
  return std::move(opened.receipt);
}

}  // namespace derwent::ledger
