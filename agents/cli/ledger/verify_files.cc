#include "agents/cli/ledger/verify_files.h"

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/ledger/entry_rows.h"
#include "agents/cli/ledger/export_check.h"
#include "agents/cli/ledger/histories.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/session/pending.h"
#include "agents/cli/terminal/output.h"
#include "agents/cli/terminal/text.h"
#include "trust/base/status_macros.h"
#include "trust/entry/entry.h"
#include "trust/merkle/tree.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"
#include "trust/note/tlog_proof.h"

namespace derwent::cli {
namespace {

// Files one after the other; what their checkpoints say of the log is held together.
class FileVerifier {
 public:
  FileVerifier(const Believed& believed, std::ostream& out) : believed_(believed), out_(out) {}

  // `leaf`: the octets of the one proof's leaf; null: each opens its own.
  absl::Status File(const std::string& path, const std::string* leaf) {
    ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostProofOctets));
    if (absl::StartsWith(text, "c2sp.org/tlog-proof@v1\n"))
      return leaf == nullptr ? Receipt(path, text) : ProofOf(path, text, *leaf);
    if (absl::StartsWith(text, "old ")) return Extension(path, text);
    ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, Checkpoint(path, text));
    out_ << path << ": the log signed " << checkpoint.size << " entries\n";
    return histories_.Add(path, checkpoint);
  }

  // Each proves that its checkpoint extends one of those seen.
  absl::Status Extensions() {
    for (const Extending& one : extensions_) {
      RETURN_IF_ERROR(histories_.Extends(one.path, one.proof, one.checkpoint));
      out_ << one.path << ": " << one.checkpoint.size << " entries extend " << one.proof.old_size << "\n";
    }
    return absl::OkStatus();
  }

  absl::Status Export(const std::string& folder) {
    if (std::filesystem::exists(absl::StrCat(folder, "/", kExportManifest)))
      return absl::InvalidArgumentError(
          absl::StrCat("`", folder, "` is of `derwent audit export`: `derwent audit verify` verifies it"));
    const absl::StatusOr<ExportReport> report =
        CheckExport(folder, believed_.log_keys, believed_.origin,
                    believed_.quorum.has_value() ? &*believed_.quorum : nullptr, histories_.roots());
    if (!report.ok())
      return absl::Status(report.status().code(), absl::StrCat("`", folder, "`: ", report.status().message()));
    out_ << folder << ": " << report->entries << " entries and " << report->tiles << " tiles give the signed root\n";
    if (!report->cosigned) pending_.push_back(folder);
    histories_.Rehashed(report->entries);
    return histories_.Add(
        folder, {.origin = believed_.origin, .size = report->entries, .root = report->root, .extensions = ""});
  }

  int Conclude() const {
    const std::vector<uint64_t> unconnected = histories_.Unconnected();
    if (unconnected.empty() && pending_.empty()) {
      out_ << "verified\n";
      return kExitDone;
    }
    if (!pending_.empty())
      out_ << "each file verifies; NOT COSIGNED by the witnesses that make the quorum: "
           << absl::StrJoin(pending_, ", ") << ": ask again once they did\n";
    if (!unconnected.empty())
      out_ << "each file verifies; NOT SHOWN: that " << histories_.newest() << " entries extend "
           << absl::StrJoin(unconnected, ", ")
           << ": give the proofs (`derwent ledger consistency`) or an export of the ledger\n";
    return kExitPartial;
  }

 private:
  struct Extending {
    std::string path;
    trust::AddCheckpoint proof;
    trust::Checkpoint checkpoint;
  };

  // A file that lacks its quorum is not final, and nothing speaks against it.
  absl::Status Cosigned(const std::string& path, absl::string_view note) {
    const absl::Status cosigned = CheckCosigned(path, note, believed_);
    if (!IsPending(cosigned)) return cosigned;
    pending_.push_back(path);
    return absl::OkStatus();
  }

  absl::Status Receipt(const std::string& path, const std::string& text) {
    ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadLogged(path, text, believed_));
    ASSIGN_OR_RETURN(const trust::TlogProof proof, ReadProof(path, text));
    RETURN_IF_ERROR(Cosigned(path, proof.checkpoint));
    return Included(path, receipt.index, receipt.checkpoint);
  }

  // A standard proof, whatever its `extra` is for.
  absl::Status ProofOf(const std::string& path, const std::string& text, const std::string& leaf) {
    if (std::exchange(leaf_proven_, true))
      return absl::InvalidArgumentError(absl::StrCat("`--leaf` is of one proof, and `", path, "` is another"));
    ASSIGN_OR_RETURN(const trust::TlogProof proof, ReadProof(path, text));
    const absl::StatusOr<trust::Checkpoint> checkpoint =
        trust::VerifyTlogProof(proof, trust::LeafHash(leaf), believed_.log_keys, believed_.origin);
    if (!checkpoint.ok()) return Broken(path, checkpoint.status().message());
    RETURN_IF_ERROR(Cosigned(path, proof.checkpoint));
    return Included(path, proof.index, *checkpoint);
  }

  absl::Status Included(const std::string& path, uint64_t index, const trust::Checkpoint& checkpoint) {
    out_ << path << ": entry " << index << " is in the ledger of " << checkpoint.size << " entries\n";
    return histories_.Add(path, checkpoint);
  }

  absl::Status Extension(const std::string& path, const std::string& text) {
    absl::StatusOr<trust::AddCheckpoint> proof = trust::AddCheckpoint::Parse(text);
    if (!proof.ok()) return Broken(path, proof.status().message());
    ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, Checkpoint(path, proof->checkpoint));
    extensions_.push_back({path, *std::move(proof), checkpoint});
    return histories_.Add(path, checkpoint);
  }

  absl::StatusOr<trust::Checkpoint> Checkpoint(const std::string& path, absl::string_view note) {
    absl::StatusOr<trust::Checkpoint> opened = VerifyCheckpointText(note, believed_.log_keys, believed_.origin);
    if (!opened.ok())
      return absl::Status(opened.status().code(), absl::StrCat("`", path, "`: ", opened.status().message()));
    RETURN_IF_ERROR(Cosigned(path, note));
    return opened;
  }

  const Believed& believed_;
  std::ostream& out_;
  Histories histories_;
  std::vector<Extending> extensions_;
  std::vector<std::string> pending_;  // Paths of what lacks its quorum.
  bool leaf_proven_ = false;
};

}  // namespace

namespace {

// The origin that a file's checkpoint states, not verified; empty: none can be read.
std::string OriginStated(const std::string& path) {
  const std::string file = std::filesystem::is_directory(path) ? absl::StrCat(path, "/checkpoint") : path;
  const absl::StatusOr<std::string> text = ReadIn(file, kMostProofOctets);
  if (!text.ok()) return "";
  std::string note = *text;
  if (const auto proof = trust::TlogProof::Parse(*text); proof.ok()) note = proof->checkpoint;
  if (const auto extension = trust::AddCheckpoint::Parse(*text); extension.ok()) note = extension->checkpoint;
  const auto read = trust::Note::Parse(note);
  const auto checkpoint = read.ok() ? trust::Checkpoint::ParseBody(read->text) : read.status();
  return checkpoint.ok() ? checkpoint->origin : "";
}

// As `believed`, of the log that the first file names: what it signed is verified as of that name, and all other files
// must be of it too (C2SP tlog-checkpoint: an origin need not be the key's name).
Believed OfTheStatedLog(const std::vector<std::string>& paths, const Believed& believed) {
  Believed stated = believed;
  const std::string origin = paths.empty() ? "" : OriginStated(paths.front());
  if (!origin.empty()) stated.origin = origin;
  return stated;
}

}  // namespace

absl::StatusOr<int> VerifyFiles(const FilesToVerify& files, const Believed& given, std::ostream& out) {
  const Believed believed = files.any_origin ? OfTheStatedLog(files.paths, given) : given;
  std::string leaf;
  if (!files.leaf.empty()) {
    ASSIGN_OR_RETURN(leaf, ReadIn(files.leaf, kMostProofOctets));
  }
  FileVerifier verifier(believed, out);
  for (const std::string& path : files.paths) {
    if (!std::filesystem::is_directory(path))
      RETURN_IF_ERROR(verifier.File(path, files.leaf.empty() ? nullptr : &leaf));
  }
  RETURN_IF_ERROR(verifier.Extensions());
  for (const std::string& path : files.paths) {
    if (std::filesystem::is_directory(path)) RETURN_IF_ERROR(verifier.Export(path));
  }
  if (believed.origin != given.origin) out << "the log's origin: " << SafeText(believed.origin) << "\n";
  return verifier.Conclude();
}

}  // namespace derwent::cli
