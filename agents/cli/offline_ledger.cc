#include "agents/cli/offline_ledger.h"

#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/entry_view.h"
#include "agents/cli/export_check.h"
#include "agents/cli/text.h"
#include "derwent/v1/ledger.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/merkle/proof.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/tlog_proof.h"

namespace derwent::cli {
namespace {

constexpr size_t kMostOctets = 4 << 20;

absl::Status Broken(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("`", path, "` is BROKEN: ", why));
}

// The checkpoint's cosignatures, where a quorum is asked for.
absl::Status CheckQuorum(const std::string& path, absl::string_view note, const Believed& believed) {
  if (!believed.quorum.has_value()) return absl::OkStatus();
  const absl::StatusOr<trust::Checkpoint> cosigned = trust::OpenCosignedCheckpoint(note, *believed.quorum);
  return cosigned.ok() ? absl::OkStatus() : Broken(path, cosigned.status().message());
}

absl::StatusOr<trust::VerifiedReceipt> ReadProof(const std::string& path, const std::string& text,
                                                 const Believed& believed) {
  absl::StatusOr<trust::VerifiedReceipt> receipt = trust::VerifyReceipt(text, believed.log_key, believed.origin);
  if (!receipt.ok()) return Broken(path, receipt.status().message());
  ASSIGN_OR_RETURN(const trust::TlogProof proof, trust::TlogProof::Parse(text));
  RETURN_IF_ERROR(CheckQuorum(path, proof.checkpoint, believed));
  return receipt;
}

// The opened fields in the shape an online answer has.
v1::LedgerEntry EntryOf(const trust::VerifiedReceipt& receipt) {
  v1::LedgerEntry entry;
  entry.set_index(receipt.index);
  for (int number = 1; number <= trust::kFieldCount; ++number) {
    const std::string* const value = receipt.opening.Value(static_cast<trust::Field>(number));
    if (value == nullptr || value->empty()) continue;
    v1::OpenedField& field = *entry.add_fields();
    field.set_number(static_cast<uint32_t>(number));
    field.set_name(std::string(trust::FieldName(number)));
    field.set_value(*value);
  }
  return entry;
}

}  // namespace

absl::StatusOr<trust::Checkpoint> VerifyCheckpointText(absl::string_view note, const trust::VerifierKey& log_key,
                                                       const std::string& origin) {
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_key);
  if (!checkpoint.ok())
    return absl::DataLossError(absl::StrCat("BROKEN: the checkpoint does not verify: ", checkpoint.status().message()));
  if (checkpoint->origin != origin)
    return absl::DataLossError(
        absl::StrCat("BROKEN: the checkpoint is of another log, `", SafeText(checkpoint->origin), "`"));
  return checkpoint;
}

absl::StatusOr<Believed> Believed::Make(const std::string& vkey, const std::string& origin, const std::string& policy) {
  Believed believed;
  if (!policy.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadIn(policy, trust::kMaxNoteSize));
    ASSIGN_OR_RETURN(believed.quorum, trust::QuorumPolicy::Parse(text));
    if (vkey.empty() && believed.quorum->logs().size() == 1) believed.log_key = believed.quorum->logs().front();
  }
  if (!vkey.empty()) {
    ASSIGN_OR_RETURN(believed.log_key, trust::VerifierKey::Parse(vkey));
  }
  if (believed.log_key.name.empty())
    return absl::InvalidArgumentError("say whose log it is: --vkey, or --policy with one log");
  believed.origin = origin.empty() ? believed.log_key.name : origin;
  return believed;
}

namespace {

// Files one after the other; what their checkpoints say of one log must fit together.
class FileVerifier {
 public:
  FileVerifier(const Believed& believed, std::ostream& out) : believed_(believed), out_(out) {}

  absl::Status File(const std::string& path) {
    ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostOctets));
    if (absl::StartsWith(text, "c2sp.org/tlog-proof@v1\n")) {
      ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadProof(path, text, believed_));
      out_ << path << ": entry " << receipt.index << " is in the ledger of " << receipt.checkpoint.size << " entries\n";
      return Keep(path, receipt.checkpoint);
    }
    if (absl::StartsWith(text, "old ")) {
      ASSIGN_OR_RETURN(trust::AddCheckpoint extension, trust::AddCheckpoint::Parse(text));
      ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, Checkpoint(path, extension.checkpoint));
      extensions_.push_back({path, std::move(extension), checkpoint});
      return Keep(path, checkpoint);
    }
    ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, Checkpoint(path, text));
    out_ << path << ": the log signed " << checkpoint.size << " entries\n";
    return Keep(path, checkpoint);
  }

  // Each proves that its checkpoint extends one of those seen.
  absl::Status Extensions() {
    for (const Extension& one : extensions_) {
      const auto old = roots_.find(one.proof.old_size);
      if (old == roots_.end())
        return absl::InvalidArgumentError(
            absl::StrCat("`", one.path, "` extends ", one.proof.old_size, " entries: give that checkpoint too"));
      const absl::Status consistent = trust::VerifyConsistency(one.proof.old_size, one.checkpoint.size, old->second,
                                                               one.checkpoint.root, one.proof.path);
      if (!consistent.ok())
        return Broken(one.path, absl::StrCat("the ledger was rewritten after ", one.proof.old_size,
                                             " entries: ", consistent.message()));
      out_ << one.path << ": " << one.checkpoint.size << " entries extend " << one.proof.old_size << "\n";
    }
    return absl::OkStatus();
  }

  absl::Status Export(const std::string& folder) {
    const absl::StatusOr<ExportReport> report =
        CheckExport(folder, believed_.log_key, believed_.origin,
                    believed_.quorum.has_value() ? &*believed_.quorum : nullptr, roots_);
    if (!report.ok())
      return absl::Status(report.status().code(), absl::StrCat("`", folder, "`: ", report.status().message()));
    out_ << folder << ": " << report->entries << " entries and " << report->tiles << " tiles give the signed root\n";
    const trust::Checkpoint checkpoint{
        .origin = believed_.origin, .size = report->entries, .root = report->root, .extensions = ""};
    return Keep(folder, checkpoint);
  }

 private:
  struct Extension {
    std::string path;
    trust::AddCheckpoint proof;
    trust::Checkpoint checkpoint;
  };

  absl::StatusOr<trust::Checkpoint> Checkpoint(const std::string& path, absl::string_view note) const {
    absl::StatusOr<trust::Checkpoint> opened = VerifyCheckpointText(note, believed_.log_key, believed_.origin);
    if (!opened.ok())
      return absl::Status(opened.status().code(), absl::StrCat("`", path, "`: ", opened.status().message()));
    RETURN_IF_ERROR(CheckQuorum(path, note, believed_));
    return opened;
  }

  absl::Status Keep(const std::string& path, const trust::Checkpoint& checkpoint) {
    const auto [known, fresh] = roots_.emplace(checkpoint.size, checkpoint.root);
    if (fresh) files_[checkpoint.size] = path;
    if (known->second == checkpoint.root) return absl::OkStatus();
    return Broken(path, absl::StrCat("the log also signed another root for ", checkpoint.size, " entries, in `",
                                     files_[checkpoint.size], "`: it showed two histories"));
  }

  const Believed& believed_;
  std::ostream& out_;
  std::map<uint64_t, Sha256Digest> roots_;  // Size to root.
  std::map<uint64_t, std::string> files_;   // Size to the first file that says so.
  std::vector<Extension> extensions_;
};

}  // namespace

absl::Status VerifyFiles(const std::vector<std::string>& paths, const Believed& believed, std::ostream& out) {
  FileVerifier verifier(believed, out);
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) RETURN_IF_ERROR(verifier.File(path));
  }
  RETURN_IF_ERROR(verifier.Extensions());
  for (const std::string& path : paths) {
    if (std::filesystem::is_directory(path)) RETURN_IF_ERROR(verifier.Export(path));
  }
  out << "verified\n";
  return absl::OkStatus();
}

absl::StatusOr<std::string> OpenOnly(const std::string& path, const std::vector<std::string>& fields,
                                     const Believed& believed) {
  ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostOctets));
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadProof(path, text, believed));
  if (receipt.opening.kind != trust::EntryKind::kSealed)
    return absl::InvalidArgumentError(absl::StrCat("`", path, "` is of a public entry: it has no fields to choose"));
  trust::Opening chosen = receipt.opening;
  std::set<std::string> wanted(fields.begin(), fields.end());
  for (int number = 1; number <= trust::kFieldCount; ++number) {
    trust::Opening::Item& item = chosen.items[static_cast<size_t>(number) - 1];
    if (item.value.has_value() && wanted.erase(std::string(trust::FieldName(number))) > 0) continue;
    item.value.reset();
    item.salt.clear();
  }
  if (!wanted.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("`", path, "` does not open these fields: ", absl::StrJoin(wanted, ", ")));
  ASSIGN_OR_RETURN(trust::TlogProof proof, trust::TlogProof::Parse(text));
  proof.extra = chosen.ToExtra();
  std::string opened = proof.ToString();
  RETURN_IF_ERROR(ReadProof(path, opened, believed).status());
  return opened;
}

absl::Status OpenProof(const std::string& path, const Believed& believed, Format format, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostOctets));
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadProof(path, text, believed));
  const v1::LedgerEntry entry = EntryOf(receipt);
  const EntryView view(entry);
  if (format != Format::kTable) {
    Rows rows({"field", "name", "value"});
    for (const v1::OpenedField& field : entry.fields())
      rows.Add({absl::StrCat(field.number()), field.name(), view.Field(field.name())});
    rows.Print(format, out);
    return absl::OkStatus();
  }
  out << "index " << receipt.index << " of " << receipt.checkpoint.size << "\n";
  if (receipt.opening.kind == trust::EntryKind::kSealed) {
    for (const std::string& sentence : view.Sentences()) out << SafeText(sentence) << "\n";
  } else {
    out << "public entry of kind " << static_cast<int>(receipt.opening.kind) << ", "
        << receipt.opening.public_body.size() << " octets\n";
  }
  out << "verified\n";
  return absl::OkStatus();
}

}  // namespace derwent::cli
