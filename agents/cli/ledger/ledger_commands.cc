#include "agents/cli/ledger/ledger_commands.h"

#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"

#include "agents/cli/ledger/believed_options.h"
#include "agents/cli/ledger/consistency.h"
#include "agents/cli/ledger/cosign.h"
#include "agents/cli/ledger/erasure_commands.h"
#include "agents/cli/ledger/ledger_export.h"
#include "agents/cli/ledger/offline_ledger.h"
#include "agents/cli/ledger/quorum.h"
#include "agents/cli/ledger/verify.h"
#include "agents/cli/ledger/verify_files.h"
#include "agents/cli/terminal/output.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/entry.h"
#include "trust/merkle/proof.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"

namespace derwent::cli {
namespace {

using Stub = v1::LedgerService::Stub;

absl::StatusOr<trust::Checkpoint> Newest(Client& client, std::string& note) {
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response,
                   broker->Call(*stub, &Stub::GetCheckpoint, v1::GetCheckpointRequest(), client.options()));
  note = response.note();
  return VerifyCheckpointText(note, log_keys, client.configuration().origin);
}

absl::StatusOr<int> PrintCheckpoint(Client& client) {
  std::string note;
  RETURN_IF_ERROR(Newest(client, note).status());
  std::cout << note;
  return kExitDone;
}

// Proof that the newest checkpoint extends the one saved earlier, verified.
absl::StatusOr<std::vector<Sha256Digest>> PathSince(Client& client, const trust::Checkpoint& old,
                                                    const trust::Checkpoint& newest) {
  if (old.size > newest.size)
    return absl::DataLossError(
        absl::StrCat("BROKEN: the ledger was rolled back: it had ", old.size, " entries, it has ", newest.size));
  std::vector<Sha256Digest> path;
  if (old.size == 0) return path;  // Nothing was there to rewrite.
  if (old.size < newest.size) {
    ASSIGN_OR_RETURN(path, FetchConsistency(client, old.size, newest.size));
  }
  const absl::Status consistent = trust::VerifyConsistency(old.size, newest.size, old.root, newest.root, path);
  if (consistent.ok()) return path;
  return absl::DataLossError(
      absl::StrCat("BROKEN: the ledger was rewritten since the saved checkpoint: ", consistent.message()));
}

// A saved checkpoint, verified.
absl::StatusOr<trust::Checkpoint> Saved(const Client& client, const std::string& path) {
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(const std::string note, ReadIn(path, trust::kMaxNoteSize));
  return VerifyCheckpointText(note, log_keys, client.configuration().origin);
}

// Fetches the first `size` leaves in order.
absl::Status EachLeaf(Client& client, uint64_t size, absl::FunctionRef<absl::Status(absl::string_view)> visit) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  for (uint64_t at = 0; at < size;) {
    v1::ListLeavesRequest request;
    request.set_start(at);
    request.set_count(static_cast<int32_t>(std::min<uint64_t>(4096, size - at)));
    ASSIGN_OR_RETURN(const v1::ListLeavesResponse page,
                     broker->Call(*stub, &Stub::ListLeaves, request, client.options()));
    if (page.leaves().empty()) return absl::DataLossError(absl::StrCat("leaf ", at, " is missing"));
    for (const std::string& leaf : page.leaves()) {
      if (leaf.size() != trust::kLeafSize) return absl::DataLossError(absl::StrCat("leaf ", at, " is malformed"));
      RETURN_IF_ERROR(visit(leaf));
      ++at;
    }
  }
  return absl::OkStatus();
}

// Every leaf, hashed again here, gives the signed root; the first leaves give the root that was saved earlier.
absl::Status VerifyAll(Client& client, const trust::Checkpoint& newest, const std::optional<trust::Checkpoint>& saved) {
  trust::RightEdge edge;
  RETURN_IF_ERROR(EachLeaf(client, newest.size, [&](absl::string_view leaf) {
    edge.Append(trust::LeafHash(leaf), [](trust::NodeId, const Sha256Digest&) {});
    if (!saved.has_value() || edge.size() != saved->size || edge.Root() == saved->root) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat("BROKEN: the first ", saved->size,
                                            " leaves are not those of the saved checkpoint: an entry was rewritten"));
  }));
  if (edge.size() != newest.size || edge.Root() != newest.root)
    return absl::DataLossError(
        absl::StrCat("BROKEN: the ", newest.size, " leaves do not give the root that the checkpoint signs"));
  std::cerr << "all " << newest.size << " leaves give the signed root\n";
  return absl::OkStatus();
}

absl::StatusOr<int> VerifyOnline(Client& client, bool all, const std::string& since, const std::string& save) {
  std::string note;
  ASSIGN_OR_RETURN(const trust::Checkpoint newest, Newest(client, note));
  std::cerr << "the checkpoint of " << newest.size << " entries is signed by the log\n";
  std::optional<trust::Checkpoint> saved;
  if (!since.empty()) {
    ASSIGN_OR_RETURN(saved, Saved(client, since));
    RETURN_IF_ERROR(PathSince(client, *saved, newest).status());
    std::cerr << "consistent with the checkpoint of " << saved->size << " entries\n";
  }
  if (all) RETURN_IF_ERROR(VerifyAll(client, newest, saved));
  if (!save.empty()) RETURN_IF_ERROR(WriteOut(save, note));
  std::cout << "verified\n";
  return kExitDone;
}

absl::StatusOr<int> Prove(Client& client, uint64_t index, const std::string& path) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  v1::GetLedgerEntryRequest request;
  request.set_name(absl::StrCat("ledger/entries/", index));
  ASSIGN_OR_RETURN(const v1::LedgerEntry entry, broker->Call(*stub, &Stub::GetLedgerEntry, request, client.options()));
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  RETURN_IF_ERROR(VerifyEntry(entry, log_keys, client.configuration().origin));
  RETURN_IF_ERROR(WriteOut(path, entry.receipt().tlog_proof()));
  std::cerr << "proof of entry " << index << " written\n";
  return kExitDone;
}

// Every leaf as tiles on disk: of the newest checkpoint under its quorum, or under `quorum none` of the newest.
absl::StatusOr<int> Export(Client& client, const std::string& folder) {
  ASSIGN_OR_RETURN(const CosignedCheckpoint cosigned, FetchCosigned(client));
  std::string note = cosigned.note;
  trust::Checkpoint newest = cosigned.checkpoint;
  if (note.empty()) {
    ASSIGN_OR_RETURN(newest, Newest(client, note));
  }
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  ASSIGN_OR_RETURN(LedgerExport files, LedgerExport::Open(folder, log_keys));
  RETURN_IF_ERROR(EachLeaf(client, newest.size, [&](absl::string_view leaf) { return files.Append(leaf); }));
  RETURN_IF_ERROR(files.Finish(note, cosigned.policy));
  std::cerr << "the ledger of " << newest.size << " entries written to `" << folder << "`\n";
  return kExitDone;
}

// The proof that the newest checkpoint extends a saved one, as the body of a witness's `add-checkpoint`.
absl::StatusOr<int> Consistency(Client& client, const std::string& since, const std::string& path) {
  std::string note;
  ASSIGN_OR_RETURN(const trust::Checkpoint newest, Newest(client, note));
  ASSIGN_OR_RETURN(const trust::Checkpoint saved, Saved(client, since));
  trust::AddCheckpoint extension{.old_size = saved.size, .path = {}, .checkpoint = note};
  ASSIGN_OR_RETURN(extension.path, PathSince(client, saved, newest));
  RETURN_IF_ERROR(WriteOut(path, extension.ToString()));
  std::cerr << newest.size << " entries extend " << saved.size << "\n";
  return kExitDone;
}

// The newest checkpoint under the quorum of a policy's witnesses.
absl::StatusOr<int> Cosign(Client& client, const std::string& policy, const std::string& path) {
  ASSIGN_OR_RETURN(const Believed believed,
                   Believed::Make(client.configuration().log_vkeys, client.configuration().origin, policy));
  std::string note;
  ASSIGN_OR_RETURN(const trust::Checkpoint newest, Newest(client, note));
  const auto proof = [&](uint64_t old_size, uint64_t new_size) { return FetchConsistency(client, old_size, new_size); };
  const auto said = [](const std::string& what) { std::cerr << what << "\n"; };
  ASSIGN_OR_RETURN(const std::string cosigned,
                   CollectCosignatures(note, *believed.quorum, believed.log_keys, proof, said));
  RETURN_IF_ERROR(WriteOut(path, cosigned));
  std::cerr << "the checkpoint of " << newest.size << " entries has its quorum\n";
  return kExitDone;
}

struct Options {
  bool all = false;
  std::string since, save, file, leaf, policy, folder;
  BelievedOptions believed;
  std::vector<std::string> files, fields;
  std::string out = "-";
  uint64_t index = 0;
};

int ExitOf(const absl::Status& status) { return status.ok() ? kExitDone : ReportFailure(status); }
int ExitOf(const absl::StatusOr<int>& code) { return code.ok() ? *code : ReportFailure(code.status()); }

absl::StatusOr<int> VerifyOffline(const Options& o) {
  ASSIGN_OR_RETURN(const Believed believed, o.believed.Read());
  return VerifyFiles({.paths = o.files, .leaf = o.leaf, .any_origin = o.believed.origin.empty()}, believed, std::cout);
}

absl::StatusOr<int> CheckFolder(const Options& o) {
  if (!std::filesystem::is_directory(o.folder))
    return absl::InvalidArgumentError(absl::StrCat("`", o.folder, "` is no folder"));
  ASSIGN_OR_RETURN(const Believed believed, o.believed.Read());
  return VerifyFiles({.paths = {o.folder}, .leaf = ""}, believed, std::cout);
}

absl::Status OpenOffline(const Options& o, Format format) {
  ASSIGN_OR_RETURN(const Believed believed, o.believed.Read());
  if (!o.fields.empty()) {
    ASSIGN_OR_RETURN(const std::string opened, OpenOnly(o.file, o.fields, believed));
    return WriteOut(o.out, opened);
  }
  return OpenProof(o.file, believed, format, std::cout);
}

void AddVerify(CLI::App& ledger, const std::shared_ptr<Options>& o, Session& session) {
  CLI::App* const verify = ledger.add_subcommand(
      "verify", "verify the newest checkpoint; with --all every leaf; with --since that nothing before was rewritten");
  verify->add_flag("--all", o->all, "fetch every leaf and hash the tree again");
  verify->add_option("--since", o->since, "a checkpoint saved earlier");
  verify->add_option("--save", o->save, "save the checkpoint here");
  verify->add_option(
      "file", o->files,
      "files to verify offline instead, with --vkey or --policy: checkpoints, tlog-proofs, add-checkpoint "
      "bodies, folders of an export");
  verify->add_option("--leaf", o->leaf, "the leaf, octet for octet, of the one tlog-proof that does not open its own");
  o->believed.AddTo(*verify);
  verify->callback([o, &session] {
    if (!o->files.empty()) {
      session.exit_code = ExitOf(VerifyOffline(*o));
      return;
    }
    session.Run([&](Client& client) { return VerifyOnline(client, o->all, o->since, o->save); });
  });
}

// What is written to files, and checked in them.
void AddFiles(CLI::App& ledger, const std::shared_ptr<Options>& o, Session& session) {
  CLI::App* const prove = ledger.add_subcommand("prove", "write an entry's receipt (tlog-proof)");
  prove->add_option("index", o->index, "entry index")->required();
  prove->add_option("--out", o->out, "file; - for standard output")->capture_default_str();
  prove->callback([o, &session] { session.Run([&](Client& client) { return Prove(client, o->index, o->out); }); });
  CLI::App* const consistency = ledger.add_subcommand(
      "consistency",
      "write the proof that the newest checkpoint extends a saved one (a witness's add-checkpoint body)");
  consistency->add_option("since", o->since, "a checkpoint saved earlier")->required();
  consistency->add_option("--out", o->out, "file; - for standard output")->capture_default_str();
  consistency->callback(
      [o, &session] { session.Run([&](Client& client) { return Consistency(client, o->since, o->out); }); });
  CLI::App* const cosign = ledger.add_subcommand(
      "cosign", "ask a policy's witnesses to cosign the newest checkpoint; exit 7 without a quorum");
  cosign->add_option("--policy", o->policy, "a tlog-policy file with the witnesses' addresses")->required();
  cosign->add_option("--out", o->out, "file; - for standard output")->capture_default_str();
  cosign->callback([o, &session] { session.Run([&](Client& client) { return Cosign(client, o->policy, o->out); }); });
  CLI::App* const files = ledger.add_subcommand("export", "write the whole log as tlog-tiles files, or continue them");
  files->add_option("folder", o->folder, "folder")->required();
  files->callback([o, &session] { session.Run([&](Client& client) { return Export(client, o->folder); }); });
  CLI::App* const fsck =
      ledger.add_subcommand("fsck", "re-derive every tile and the root of an export; exit 8 when broken");
  fsck->add_option("folder", o->folder, "folder")->required();
  o->believed.AddTo(*fsck);
  fsck->callback([o, &session] { session.exit_code = ExitOf(CheckFolder(*o)); });
  CLI::App* const open = ledger.add_subcommand(
      "open", "verify a receipt file offline and print what it opens, or open just the chosen fields to an outsider");
  open->add_option("file", o->file, "tlog-proof file")->required();
  o->believed.AddTo(*open);
  open->add_option("--only", o->fields, "names of fields, with commas: write a receipt that opens these and no other")
      ->delimiter(',');
  open->add_option("--out", o->out, "where to; - for standard output")->capture_default_str();
  open->callback([o, &session] { session.exit_code = ExitOf(OpenOffline(*o, session.format())); });
}

}  // namespace

void AddLedgerCommands(CLI::App& app, Session& session) {
  CLI::App* const ledger = app.add_subcommand("ledger", "prove and verify the ledger");
  ledger->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  ledger->add_subcommand("checkpoint", "the newest signed checkpoint")->callback([&session] {
    session.Run([](Client& client) { return PrintCheckpoint(client); });
  });
  ledger->add_subcommand("cosignatures", "what each witness has cosigned, and how the ledger stands under its quorum")
      ->callback(
          [&session] { session.Run([&](Client& client) { return PrintCosignatures(client, session.format()); }); });
  AddVerify(*ledger, o, session);
  AddFiles(*ledger, o, session);
  AddErasureCommands(*ledger, session);
}

}  // namespace derwent::cli
