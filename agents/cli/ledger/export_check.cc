#include "agents/cli/ledger/export_check.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "agents/cli/terminal/output.h"
#include "trust/base/status_macros.h"
#include "trust/note/checkpoint.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

constexpr uint64_t kWidth = 256;
constexpr size_t kHash = 32;
constexpr size_t kLargestFile = kWidth * (65'535 + 2);
constexpr size_t kLeaf = 38;  // `DRWL` ‖ 0x01 ‖ kind ‖ 32 octets (trust/entry/FORMAT.md).
constexpr uint8_t kLastKind = 4;

absl::Status Broken(absl::string_view where, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("BROKEN: ", where, ": ", why));
}

Sha256Digest Leaf(absl::string_view entry) { return trust::Sha256(absl::StrCat(absl::string_view("\0", 1), entry)); }
Sha256Digest Node(const Sha256Digest& left, const Sha256Digest& right) {
  return trust::Sha256(absl::StrCat("\1", left.view(), right.view()));
}

// RFC 6962 section 2.1 over hashes that come in order: a stack of perfect trees, each smaller than the one before.
class Tree {
 public:
  void Add(Sha256Digest hash) {
    uint64_t size = 1;
    while (!perfect_.empty() && perfect_.back().first == size) {
      hash = Node(perfect_.back().second, hash);
      size *= 2;
      perfect_.pop_back();
    }
    perfect_.emplace_back(size, hash);
  }
  Sha256Digest Root() const {
    if (perfect_.empty()) return trust::Sha256("");
    Sha256Digest root = perfect_.back().second;
    for (size_t i = perfect_.size() - 1; i-- > 0;) root = Node(perfect_[i].second, root);
    return root;
  }

 private:
  std::vector<std::pair<uint64_t, Sha256Digest>> perfect_;
};

// 1234067 → x001/x234/067.
std::string Number(uint64_t number) {
  if (number < 1000) return absl::StrFormat("%03d", number);
  std::string path = Number(number / 1000);
  path.insert(path.rfind('/') == std::string::npos ? 0 : path.rfind('/') + 1, "x");
  return absl::StrCat(path, "/", absl::StrFormat("%03d", number % 1000));
}

class ExportCheck {
 public:
  ExportCheck(std::string folder, const std::map<uint64_t, Sha256Digest>& roots)
      : folder_(std::move(folder)), roots_(roots) {}

  absl::StatusOr<ExportReport> Run(const trust::Checkpoint& checkpoint) {
    for (uint64_t at = 0; at < checkpoint.size; at += kWidth)
      RETURN_IF_ERROR(Bundle(at / kWidth, std::min(kWidth, checkpoint.size - at)));
    for (size_t level = 0; level < levels_.size(); ++level) {
      if (!levels_[level].hashes.empty()) RETURN_IF_ERROR(Tile(level));
    }
    if (tree_.Root() != checkpoint.root)
      return Broken("checkpoint", absl::StrCat("its root is not that of the ", checkpoint.size, " entries"));
    return ExportReport{.entries = checkpoint.size, .tiles = tiles_, .root = checkpoint.root};
  }

 private:
  struct Level {
    uint64_t index = 0;  // Of the tile being filled.
    std::string hashes;  // What it holds so far.
    Tree tree;
  };

  // The file of a tile of `width`; a full one serves for a partial one too.
  absl::StatusOr<std::string> Read(const std::string& what, uint64_t index, uint64_t width, std::string& path) const {
    path = absl::StrCat("tile/", what, "/", Number(index));
    const std::string whole = absl::StrCat(folder_, "/", path);
    if (width == kWidth || std::filesystem::exists(whole)) return ReadIn(whole, kLargestFile);
    absl::StrAppend(&path, ".p/", width);
    return ReadIn(absl::StrCat(folder_, "/", path), kLargestFile);
  }

  absl::Status Bundle(uint64_t index, uint64_t width) {
    std::string path;
    const absl::StatusOr<std::string> read = Read("entries", index, width, path);
    if (!read.ok()) return Broken(path, "it is missing");
    absl::string_view rest = *read;
    for (uint64_t i = 0; i < width; ++i) {
      const uint64_t entry = index * kWidth + i;
      const size_t length = rest.size() < 2 ? 0 : static_cast<uint8_t>(rest[0]) * 256 + static_cast<uint8_t>(rest[1]);
      if (rest.size() < 2 || rest.size() - 2 < length) return Broken(path, absl::StrCat("it is cut at entry ", entry));
      RETURN_IF_ERROR(Entry(entry, rest.substr(2, length)));
      rest.remove_prefix(2 + length);
    }
    const bool longer = !absl::EndsWith(path, absl::StrCat(".p/", width)) && width < kWidth;
    return rest.empty() || longer ? absl::OkStatus() : Broken(path, "octets follow its entries");
  }

  absl::Status Entry(uint64_t index, absl::string_view entry) {
    if (entry.size() != kLeaf || !absl::StartsWith(entry, "DRWL\1") || static_cast<uint8_t>(entry[5]) > kLastKind)
      return Broken(absl::StrCat("entry ", index), "it has not a leaf's shape");
    const Sha256Digest hash = Leaf(entry);
    tree_.Add(hash);
    if (const auto known = roots_.find(index + 1); known != roots_.end() && known->second != tree_.Root())
      return Broken(absl::StrCat("checkpoint of ", index + 1, " entries"),
                    "it signs another history than these entries: the ledger was rewritten");
    return Put(0, hash);
  }

  // A hash joins its level's tile; a full tile is compared and its root goes up.
  absl::Status Put(size_t level, const Sha256Digest& hash) {
    if (level >= levels_.size()) levels_.resize(level + 1);
    absl::StrAppend(&levels_[level].hashes, hash.view());
    levels_[level].tree.Add(hash);
    if (levels_[level].hashes.size() < kWidth * kHash) return absl::OkStatus();
    RETURN_IF_ERROR(Tile(level));
    const Sha256Digest root = levels_[level].tree.Root();
    levels_[level] = {.index = levels_[level].index + 1, .hashes = {}, .tree = {}};
    return Put(level + 1, root);
  }

  absl::Status Tile(size_t level) {
    const Level& own = levels_[level];
    std::string path;
    const absl::StatusOr<std::string> read = Read(absl::StrCat(level), own.index, own.hashes.size() / kHash, path);
    if (!read.ok()) return Broken(path, "it is missing");
    const bool partial = absl::StrContains(path, ".p/");
    const bool same =
        partial ? *read == own.hashes : absl::StartsWith(*read, own.hashes) && read->size() == kWidth * kHash;
    if (!same) return Broken(path, "it is not the tile of the entries");
    ++tiles_;
    return absl::OkStatus();
  }

  std::string folder_;
  const std::map<uint64_t, Sha256Digest>& roots_;
  Tree tree_;
  std::vector<Level> levels_;
  uint64_t tiles_ = 0;
};

}  // namespace

absl::StatusOr<ExportReport> CheckExport(const std::string& folder, const trust::LogKeys& log_keys,
                                         const std::string& origin, const trust::QuorumPolicy* quorum,
                                         const std::map<uint64_t, Sha256Digest>& roots) {
  const std::string path = absl::StrCat(folder, "/checkpoint");
  if (!std::filesystem::exists(path)) {
    return std::filesystem::exists(absl::StrCat(folder, "/tile"))
               ? Broken("checkpoint", "it is missing")
               : absl::InvalidArgumentError("it is no export of a ledger: it has no `checkpoint` and no `tile`");
  }
  ASSIGN_OR_RETURN(const std::string note, ReadIn(path, trust::kMaxNoteSize));
  const absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_keys);
  if (!checkpoint.ok()) return Broken("checkpoint", checkpoint.status().message());
  if (checkpoint->origin != origin) return Broken("checkpoint", "it is of another log");
  const absl::Status cosigned =
      quorum == nullptr ? absl::OkStatus() : trust::OpenCosignedCheckpoint(note, *quorum, log_keys).status();
  if (!cosigned.ok() && !absl::IsFailedPrecondition(cosigned)) return Broken("checkpoint", cosigned.message());
  ASSIGN_OR_RETURN(ExportReport report, ExportCheck(folder, roots).Run(*checkpoint));
  report.cosigned = cosigned.ok();
  return report;
}

}  // namespace derwent::cli
