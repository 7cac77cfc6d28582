#include "agents/cli/ledger/offline_ledger.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/ledger/entry_view.h"
#include "agents/cli/session/pending.h"
#include "agents/cli/terminal/text.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/note/tlog_proof.h"

namespace derwent::cli {
namespace {

absl::StatusOr<std::vector<trust::LogKey>> ReadKeys(const std::vector<std::string>& vkeys) {
  std::vector<trust::LogKey> keys;
  for (const std::string& vkey : vkeys) {
    absl::StatusOr<trust::LogKey> key = trust::LogKey::Parse(vkey);
    if (!key.ok()) return absl::InvalidArgumentError(absl::StrCat("--vkey: ", key.status().message()));
    keys.push_back(*std::move(key));
  }
  return keys;
}

bool HasKeyInUse(const std::vector<trust::LogKey>& keys) {
  return std::ranges::any_of(keys, [](const trust::LogKey& key) { return !key.last_size.has_value(); });
}

// Where no key is given as the one in use, it is the policy's only log that is not given as an earlier one.
void TakeLogOf(const trust::QuorumPolicy& quorum, std::vector<trust::LogKey>& keys) {
  if (HasKeyInUse(keys)) return;
  std::vector<trust::VerifierKey> logs = quorum.logs();
  std::erase_if(logs, [&](const trust::VerifierKey& log) {
    return std::ranges::any_of(keys, [&](const trust::LogKey& key) { return key.key.public_key == log.public_key; });
  });
  if (logs.size() == 1) keys.push_back({.key = logs.front(), .last_size = std::nullopt});
}

// A policy may be of other logs too.
bool NamesOneOf(const trust::QuorumPolicy& quorum, const trust::LogKeys& log_keys) {
  const std::vector<trust::VerifierKey> keys = log_keys.keys();
  return std::ranges::any_of(quorum.logs(), [&](const trust::VerifierKey& log) {
    return std::ranges::any_of(keys, [&](const trust::VerifierKey& key) { return key.ToString() == log.ToString(); });
  });
}

}  // namespace

absl::Status Broken(absl::string_view path, absl::string_view why) {
  return absl::DataLossError(absl::StrCat("`", path, "` is BROKEN: ", why));
}

absl::Status CheckCosigned(absl::string_view path, absl::string_view note, const Believed& believed) {
  if (!believed.quorum.has_value()) return absl::OkStatus();
  const absl::StatusOr<trust::Checkpoint> cosigned =
      trust::OpenCosignedCheckpoint(note, *believed.quorum, believed.log_keys);
  if (absl::IsFailedPrecondition(cosigned.status()))
    return Pending(absl::StrCat("`", path, "` is NOT COSIGNED: ", cosigned.status().message()));
  return cosigned.ok() ? absl::OkStatus() : Broken(path, cosigned.status().message());
}

absl::StatusOr<trust::VerifiedReceipt> ReadLogged(absl::string_view path, absl::string_view text,
                                                  const Believed& believed) {
  ASSIGN_OR_RETURN(const trust::TlogProof proof, ReadProof(path, text));
  if (proof.extra.empty())
    return absl::InvalidArgumentError(
        absl::StrCat("`", path, "` has no `extra` that opens its entry: verify it with the leaf, `--leaf FILE`"));
  absl::StatusOr<trust::VerifiedReceipt> receipt = trust::VerifyReceipt(text, believed.log_keys, believed.origin);
  return receipt.ok() ? std::move(receipt) : Broken(path, receipt.status().message());
}

absl::StatusOr<trust::VerifiedReceipt> ReadReceipt(absl::string_view path, absl::string_view text,
                                                   const Believed& believed) {
  ASSIGN_OR_RETURN(trust::VerifiedReceipt receipt, ReadLogged(path, text, believed));
  ASSIGN_OR_RETURN(const trust::TlogProof proof, ReadProof(path, text));
  RETURN_IF_ERROR(CheckCosigned(path, proof.checkpoint, believed));
  return receipt;
}

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

absl::StatusOr<trust::TlogProof> ReadProof(absl::string_view path, absl::string_view text) {
  absl::StatusOr<trust::TlogProof> proof = trust::TlogProof::Parse(text);
  return proof.ok() ? std::move(proof) : Broken(path, proof.status().message());
}

absl::StatusOr<trust::Checkpoint> VerifyCheckpointText(absl::string_view note, const trust::LogKeys& log_keys,
                                                       const std::string& origin) {
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_keys);
  if (!checkpoint.ok())
    return absl::DataLossError(absl::StrCat("BROKEN: the checkpoint does not verify: ", checkpoint.status().message()));
  if (checkpoint->origin != origin)
    return absl::DataLossError(
        absl::StrCat("BROKEN: the checkpoint is of another log, `", SafeText(checkpoint->origin), "`"));
  return checkpoint;
}

absl::StatusOr<Believed> Believed::Make(const std::vector<std::string>& vkeys, const std::string& origin,
                                        const std::string& policy) {
  ASSIGN_OR_RETURN(std::vector<trust::LogKey> keys, ReadKeys(vkeys));
  std::optional<trust::QuorumPolicy> quorum;
  if (!policy.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadIn(policy, trust::kMaxNoteSize));
    ASSIGN_OR_RETURN(quorum, trust::QuorumPolicy::Parse(text));
    TakeLogOf(*quorum, keys);
  }
  if (!HasKeyInUse(keys)) return absl::InvalidArgumentError("say whose log it is: --vkey, or --policy with one log");
  ASSIGN_OR_RETURN(trust::LogKeys log_keys, trust::LogKeys::Make(std::move(keys)));
  if (quorum.has_value() && !quorum->logs().empty() && !NamesOneOf(*quorum, log_keys))
    return absl::InvalidArgumentError(absl::StrCat("`", policy, "`: none of its `log` lines is of a key of --vkey"));
  const std::string name = log_keys.origin();
  return Believed{
      .log_keys = std::move(log_keys), .origin = origin.empty() ? name : origin, .quorum = std::move(quorum)};
}

absl::StatusOr<std::string> OpenOnly(const std::string& path, const std::vector<std::string>& fields,
                                     const Believed& believed) {
  ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostProofOctets));
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadReceipt(path, text, believed));
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
  RETURN_IF_ERROR(ReadReceipt(path, opened, believed).status());
  return opened;
}

absl::Status OpenProof(const std::string& path, const Believed& believed, Format format, std::ostream& out) {
  ASSIGN_OR_RETURN(const std::string text, ReadIn(path, kMostProofOctets));
  ASSIGN_OR_RETURN(const trust::VerifiedReceipt receipt, ReadReceipt(path, text, believed));
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
