#include <iostream>
#include <optional>

#include "absl/strings/str_cat.h"

#include "agents/cli/commands.h"
#include "agents/cli/offline_ledger.h"
#include "agents/cli/output.h"
#include "agents/cli/verify.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/entry.h"
#include "trust/merkle/proof.h"
#include "trust/note/checkpoint.h"

namespace derwent::cli {
namespace {

using Stub = v1::LedgerService::Stub;

absl::StatusOr<trust::Checkpoint> Newest(Client& client, std::string& note) {
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response,
                   broker->Call(*stub, &Stub::GetCheckpoint, v1::GetCheckpointRequest(), client.options()));
  note = response.note();
  return VerifyCheckpointText(note, log_key, client.configuration().origin);
}

absl::StatusOr<int> PrintCheckpoint(Client& client) {
  std::string note;
  RETURN_IF_ERROR(Newest(client, note).status());
  std::cout << note;
  return kExitDone;
}

// The newest checkpoint extends the one saved earlier.
absl::Status VerifySince(Client& client, const trust::Checkpoint& old, const trust::Checkpoint& newest) {
  if (old.size > newest.size)
    return absl::DataLossError(
        absl::StrCat("BROKEN: the ledger was rolled back: it had ", old.size, " entries, it has ", newest.size));
  std::vector<Sha256Digest> path_hashes;
  if (old.size == 0) return absl::OkStatus();  // Nothing was there to rewrite.
  if (old.size < newest.size) {
    ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
    const auto stub = v1::LedgerService::NewStub(broker->grpc());
    v1::GetConsistencyProofRequest request;
    request.set_old_size(old.size);
    request.set_new_size(newest.size);
    ASSIGN_OR_RETURN(const v1::GetConsistencyProofResponse proof,
                     broker->Call(*stub, &Stub::GetConsistencyProof, request, client.options()));
    for (const std::string& hash : proof.hashes()) {
      ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(hash));
      path_hashes.push_back(digest);
    }
  }
  const absl::Status consistent = trust::VerifyConsistency(old.size, newest.size, old.root, newest.root, path_hashes);
  if (!consistent.ok())
    return absl::DataLossError(
        absl::StrCat("BROKEN: the ledger was rewritten since the saved checkpoint: ", consistent.message()));
  std::cerr << "consistent with the checkpoint of " << old.size << " entries\n";
  return absl::OkStatus();
}

// A saved checkpoint, verified; without a path none.
absl::StatusOr<std::optional<trust::Checkpoint>> Saved(const Client& client, const std::string& path) {
  if (path.empty()) return std::optional<trust::Checkpoint>();
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  ASSIGN_OR_RETURN(const std::string note, ReadIn(path, 1 << 20));
  ASSIGN_OR_RETURN(trust::Checkpoint saved, VerifyCheckpointText(note, log_key, client.configuration().origin));
  return std::optional<trust::Checkpoint>(std::move(saved));
}

// Every leaf, hashed again here, gives the signed root; the first leaves give the root that was saved earlier.
absl::Status VerifyAll(Client& client, const trust::Checkpoint& newest, const std::optional<trust::Checkpoint>& saved) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  trust::RightEdge edge;
  while (edge.size() < newest.size) {
    v1::ListLeavesRequest request;
    request.set_start(edge.size());
    request.set_count(static_cast<int32_t>(std::min<uint64_t>(4096, newest.size - edge.size())));
    ASSIGN_OR_RETURN(const v1::ListLeavesResponse page,
                     broker->Call(*stub, &Stub::ListLeaves, request, client.options()));
    if (page.leaves().empty()) return absl::DataLossError(absl::StrCat("leaf ", edge.size(), " is missing"));
    for (const std::string& leaf : page.leaves()) {
      if (leaf.size() != trust::kLeafSize)
        return absl::DataLossError(absl::StrCat("leaf ", edge.size(), " is malformed"));
      edge.Append(trust::LeafHash(leaf), [](trust::NodeId, const Sha256Digest&) {});
      if (saved.has_value() && edge.size() == saved->size && edge.Root() != saved->root) {
        return absl::DataLossError(
            absl::StrCat("BROKEN: the first ", saved->size,
                         " leaves are not those of the saved checkpoint: an entry was rewritten"));
      }
    }
  }
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
  ASSIGN_OR_RETURN(const std::optional<trust::Checkpoint> saved, Saved(client, since));
  if (saved.has_value()) RETURN_IF_ERROR(VerifySince(client, *saved, newest));
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
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  RETURN_IF_ERROR(VerifyEntry(entry, log_key, client.configuration().origin));
  RETURN_IF_ERROR(WriteOut(path, entry.receipt().tlog_proof()));
  std::cerr << "proof of entry " << index << " written\n";
  return kExitDone;
}

struct Options {
  bool all = false;
  std::string since, save, file, vkey, origin;
  std::vector<std::string> files;
  std::string out = "-";
  uint64_t index = 0;
};

int ExitOf(const absl::Status& status) { return status.ok() ? kExitDone : ReportFailure(status); }

}  // namespace

void AddLedgerCommands(CLI::App& app, Session& session) {
  CLI::App* const ledger = app.add_subcommand("ledger", "prove and verify the ledger");
  ledger->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  ledger->add_subcommand("checkpoint", "the newest signed checkpoint")->callback([&session] {
    session.Run([](Client& client) { return PrintCheckpoint(client); });
  });
  CLI::App* const verify = ledger->add_subcommand(
      "verify", "verify the newest checkpoint; with --all every leaf; with --since that nothing before was rewritten");
  verify->add_flag("--all", o->all, "fetch every leaf and hash the tree again");
  verify->add_option("--since", o->since, "a checkpoint saved earlier");
  verify->add_option("--save", o->save, "save the checkpoint here");
  verify->add_option("file", o->files, "files to verify offline instead: checkpoints and tlog-proofs, with --vkey");
  verify->add_option("--vkey", o->vkey, "the log's verifier key, for files");
  verify->add_option("--origin", o->origin, "the log's name; default: the key's");
  verify->callback([o, &session] {
    if (!o->files.empty()) {
      session.exit_code = ExitOf(VerifyFiles(o->files, o->vkey, o->origin, std::cout));
      return;
    }
    session.Run([&](Client& client) { return VerifyOnline(client, o->all, o->since, o->save); });
  });
  CLI::App* const prove = ledger->add_subcommand("prove", "write an entry's receipt (tlog-proof)");
  prove->add_option("index", o->index, "entry index")->required();
  prove->add_option("--out", o->out, "file; - for standard output")->capture_default_str();
  prove->callback([o, &session] { session.Run([&](Client& client) { return Prove(client, o->index, o->out); }); });
  CLI::App* const open = ledger->add_subcommand("open", "verify a receipt file offline and print what it opens");
  open->add_option("file", o->file, "tlog-proof file")->required();
  open->add_option("--vkey", o->vkey, "the log's verifier key")->required();
  open->add_option("--origin", o->origin, "the log's name; default: the key's");
  open->callback([o, &session] {
    session.exit_code = ExitOf(OpenProof(o->file, o->vkey, o->origin, session.format(), std::cout));
  });
}

}  // namespace derwent::cli
