#include "agents/cli/offline_ledger.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "agents/cli/entry_view.h"
#include "agents/cli/text.h"
#include "derwent/v1/ledger.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"

namespace derwent::cli {
namespace {

constexpr size_t kMostOctets = 4 << 20;

absl::StatusOr<trust::VerifierKey> KeyOf(const std::string& vkey) {
  if (vkey.empty()) return absl::InvalidArgumentError("say whose log it is: --vkey");
  return trust::VerifierKey::Parse(vkey);
}

absl::Status Broken(const std::string& path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("`", path, "` is BROKEN: ", why));
}

absl::StatusOr<trust::VerifiedReceipt> ReadProof(const std::string& path, const std::string& text,
                                                 const trust::VerifierKey& key, const std::string& origin) {
  absl::StatusOr<trust::VerifiedReceipt> receipt = trust::VerifyReceipt(text, key, origin);
  if (!receipt.ok()) return Broken(path, receipt.status().message());
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

absl::Status VerifyFiles(const std::vector<std::string>& paths, const std::string& vkey, const std::string& origin,
                         std::ostream& out) {
  ASSIGN_OR_RETURN(const trust::VerifierKey key, KeyOf(vkey));
  const std::string log = origin.empty() ? key.name : origin;
  std::map<uint64_t, std::pair<Sha256Digest, std::string>> roots;  // Size to root and the file that says so.
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostOctets));
    trust::Checkpoint checkpoint;
    if (absl::StartsWith(text, "c2sp.org/tlog-proof@v1\n")) {
      ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadProof(path, text, key, log));
      checkpoint = receipt.checkpoint;
      out << path << ": entry " << receipt.index << " is in the ledger of " << checkpoint.size << " entries\n";
    } else {
      absl::StatusOr<trust::Checkpoint> opened = VerifyCheckpointText(text, key, log);
      if (!opened.ok())
        return absl::Status(opened.status().code(), absl::StrCat("`", path, "`: ", opened.status().message()));
      checkpoint = *std::move(opened);
      out << path << ": the log signed " << checkpoint.size << " entries\n";
    }
    const auto [known, fresh] = roots.emplace(checkpoint.size, std::pair{checkpoint.root, path});
    if (!fresh && known->second.first != checkpoint.root) {
      return Broken(path, absl::StrCat("the log also signed another root for ", checkpoint.size, " entries, in `",
                                       known->second.second, "`: it showed two histories"));
    }
  }
  out << "verified\n";
  return absl::OkStatus();
}

absl::Status OpenProof(const std::string& path, const std::string& vkey, const std::string& origin, Format format,
                       std::ostream& out) {
  ASSIGN_OR_RETURN(const trust::VerifierKey key, KeyOf(vkey));
  ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostOctets));
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt,
                   ReadProof(path, text, key, origin.empty() ? key.name : origin));
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
