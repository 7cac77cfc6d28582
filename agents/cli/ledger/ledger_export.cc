#include "agents/cli/ledger/ledger_export.h"

#include <filesystem>

#include "absl/strings/str_cat.h"

#include "agents/cli/terminal/output.h"
#include "trust/base/status_macros.h"
#include "trust/note/checkpoint.h"
#include "trust/note/quorum.h"

namespace derwent::cli {
namespace {

constexpr size_t kLongestEntry = 65'535;
constexpr size_t kLargestFile = 256 * (kLongestEntry + 2);

// `<what>/<N>`, and `.p/<W>` while the tile is not full.
std::string PathOf(absl::string_view what, uint64_t index, uint64_t width) {
  std::string path = absl::StrCat("tile/", what, "/", trust::TileIndexPath(index));
  if (width < trust::kTileWidth) absl::StrAppend(&path, ".p/", width);
  return path;
}

absl::Status CannotWrite(const std::string& path) {
  return absl::UnavailableError(absl::StrCat("`", path, "` cannot be written"));
}

// Whole or not at all.
absl::Status Replace(const std::string& path, absl::string_view octets) {
  std::error_code failed;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), failed);
  if (failed) return CannotWrite(path);
  const std::string fresh = path + ".new";
  RETURN_IF_ERROR(WriteOut(fresh, octets));
  std::filesystem::rename(fresh, path, failed);
  return failed ? CannotWrite(path) : absl::OkStatus();
}

absl::Status AnotherHistory(const std::string& path) {
  return absl::DataLossError(
      absl::StrCat("`", path, "` is of another history: the ledger was rewritten, or it is not this ledger's export"));
}

// A tile never changes.
absl::Status WriteOnce(const std::string& path, absl::string_view octets) {
  if (!std::filesystem::exists(path)) return Replace(path, octets);
  ASSIGN_OR_RETURN(const std::string there, ReadIn(path, kLargestFile));
  if (there == octets) return absl::OkStatus();
  return AnotherHistory(path);
}

}  // namespace

absl::StatusOr<LedgerExport> LedgerExport::Open(const std::string& folder, const trust::LogKeys& log_keys) {
  LedgerExport files(folder, log_keys);
  const std::string path = absl::StrCat(folder, "/checkpoint");
  if (!std::filesystem::exists(path)) return files;
  ASSIGN_OR_RETURN(const std::string note, ReadIn(path, trust::kMaxNoteSize));
  absl::StatusOr<trust::Checkpoint> before = trust::OpenCheckpoint(note, log_keys);
  if (!before.ok()) return absl::DataLossError(absl::StrCat("BROKEN: `", path, "`: ", before.status().message()));
  files.before_ = *std::move(before);
  return files;
}

absl::Status LedgerExport::WriteTile(size_t level) {
  const std::string& hashes = tiles_[level];
  const uint64_t width = hashes.size() / Sha256Digest::kSize;
  const uint64_t nodes = edge_.size() >> (level * trust::kTileHeight);
  return WriteOnce(absl::StrCat(folder_, "/", PathOf(absl::StrCat(level), (nodes - 1) / trust::kTileWidth, width)),
                   hashes);
}

absl::Status LedgerExport::WriteBundle() {
  const uint64_t index = (edge_.size() - 1) / trust::kTileWidth;
  return WriteOnce(absl::StrCat(folder_, "/", PathOf("entries", index, edge_.size() - index * trust::kTileWidth)),
                   bundle_);
}

absl::Status LedgerExport::Append(absl::string_view leaf) {
  if (leaf.size() > kLongestEntry) return absl::InvalidArgumentError("an entry is over 65,535 octets long");
  bundle_.push_back(static_cast<char>(leaf.size() >> 8));
  bundle_.push_back(static_cast<char>(leaf.size() & 0xff));
  absl::StrAppend(&bundle_, leaf);
  std::vector<size_t> full;
  edge_.Append(trust::LeafHash(leaf), [&](trust::NodeId node, const Sha256Digest& hash) {
    if (node.level % trust::kTileHeight != 0) return;
    const auto level = static_cast<size_t>(node.level / trust::kTileHeight);
    if (level >= tiles_.size()) tiles_.resize(level + 1);
    absl::StrAppend(&tiles_[level], hash.view());
    if (tiles_[level].size() == trust::kTileWidth * Sha256Digest::kSize) full.push_back(level);
  });
  if (edge_.size() == before_.size && edge_.Root() != before_.root)
    return AnotherHistory(absl::StrCat(folder_, "/checkpoint"));
  if (edge_.size() % trust::kTileWidth == 0) {
    RETURN_IF_ERROR(WriteBundle());
    bundle_.clear();
  }
  for (const size_t level : full) {
    RETURN_IF_ERROR(WriteTile(level));
    tiles_[level].clear();
  }
  return absl::OkStatus();
}

absl::Status LedgerExport::Finish(absl::string_view note, absl::string_view policy) {
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::OpenCheckpoint(note, log_keys_));
  if (checkpoint.size < before_.size)
    return absl::DataLossError(absl::StrCat("BROKEN: the ledger was rolled back: the folder holds ", before_.size,
                                            " entries, it has ", checkpoint.size));
  if (checkpoint.size != edge_.size() || checkpoint.root != edge_.Root())
    return absl::DataLossError(
        absl::StrCat("BROKEN: the ", edge_.size(), " leaves do not give the root that the checkpoint signs"));
  if (!bundle_.empty()) RETURN_IF_ERROR(WriteBundle());
  for (size_t level = 0; level < tiles_.size(); ++level) {
    if (!tiles_[level].empty()) RETURN_IF_ERROR(WriteTile(level));
  }
  RETURN_IF_ERROR(Replace(absl::StrCat(folder_, "/log.vkey"), absl::StrCat(log_keys_.current().ToString(), "\n")));
  const std::string alone = trust::QuorumPolicy::WithoutWitnesses(log_keys_.current());
  RETURN_IF_ERROR(Replace(absl::StrCat(folder_, "/quorum.policy"), policy.empty() ? alone : policy));
  return Replace(absl::StrCat(folder_, "/checkpoint"), note);
}

}  // namespace derwent::cli
