#include "broker/ledger/receipt.h"

#include "trust/note/tlog_proof.h"

namespace derwent::ledger {

trust::FieldSet OpenedFor(const PackedEntry& entry, Viewer viewer) {
  trust::FieldSet fields = Openable(viewer);
  for (size_t i = 0; i < trust::kFieldCount; ++i) {
    if (entry.fields.salts[i].empty()) fields.reset(i);
  }
  return fields;
}

std::string RenderReceipt(const PackedEntry& entry, absl::string_view public_body, Viewer viewer, uint64_t index,
                          std::vector<Sha256Digest> path, absl::string_view checkpoint) {
  const trust::Opening opening = entry.kind == trust::EntryKind::kSealed
                                     ? trust::Opening::Of(entry.fields, entry.hashes, OpenedFor(entry, viewer))
                                     : trust::Opening::OfPublic(entry.kind, std::string(public_body));
  return trust::TlogProof{
      .extra = opening.ToExtra(), .index = index, .path = std::move(path), .checkpoint = std::string(checkpoint)}
      .ToString();
}

}  // namespace derwent::ledger
