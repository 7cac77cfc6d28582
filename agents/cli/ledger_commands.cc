#include <fstream>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "agents/cli/commands.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/merkle/proof.h"
#include "trust/note/checkpoint.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {
namespace {

using Stub = v1::LedgerService::Stub;

absl::StatusOr<trust::Checkpoint> Newest(Client& client, std::string& note) {
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse response, broker->Call(*stub, &Stub::GetCheckpoint, v1::GetCheckpointRequest(), client.options()));
  note = response.note();
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_key);
  if (!checkpoint.ok()) return absl::DataLossError(absl::StrCat("the checkpoint does not verify: ", checkpoint.status().message()));
  if (checkpoint->origin != client.configuration().origin) return absl::DataLossError("the checkpoint is of another log");
  return checkpoint;
}

absl::StatusOr<int> PrintCheckpoint(Client& client) {
  std::string note;
  RETURN_IF_ERROR(Newest(client, note).status());
  std::cout << note;
  return kExitDone;
}

// The newest checkpoint extends the one saved earlier.
absl::Status VerifySince(Client& client, const std::string& path, const trust::Checkpoint& newest) {
  ASSIGN_OR_RETURN(const trust::VerifierKey log_key, client.LogKey());
  ASSIGN_OR_RETURN(const std::string note, trust::ReadFile(path, 1 << 20));
  const absl::StatusOr<trust::Checkpoint> old = trust::OpenCheckpoint(note, log_key);
  if (!old.ok()) return absl::DataLossError(absl::StrCat("the saved checkpoint does not verify: ", old.status().message()));
  if (old->size > newest.size) return absl::DataLossError(absl::StrCat("the ledger was rolled back: it had ", old->size, " entries, it has ", newest.size));
  std::vector<Sha256Digest> path_hashes;
  if (old->size < newest.size) {
    ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
    const auto stub = v1::LedgerService::NewStub(broker->grpc());
    v1::GetConsistencyProofRequest request;
    request.set_old_size(old->size);
    request.set_new_size(newest.size);
    ASSIGN_OR_RETURN(const v1::GetConsistencyProofResponse proof, broker->Call(*stub, &Stub::GetConsistencyProof, request, client.options()));
    for (const std::string& hash : proof.hashes()) {
      ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(hash));
      path_hashes.push_back(digest);
    }
  }
  const absl::Status consistent = trust::VerifyConsistency(old->size, newest.size, old->root, newest.root, path_hashes);
  if (!consistent.ok()) return absl::DataLossError(absl::StrCat("the ledger was rewritten since the saved checkpoint: ", consistent.message()));
  std::cerr << "consistent with the checkpoint of " << old->size << " entries\n";
  return absl::OkStatus();
}

// Every leaf, hashed again here, gives the signed root.
absl::Status VerifyAll(Client& client, const trust::Checkpoint& newest) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  trust::RightEdge edge;
  while (edge.size() < newest.size) {
    v1::ListLeavesRequest request;
    request.set_start(edge.size());
    request.set_count(static_cast<int32_t>(std::min<uint64_t>(4096, newest.size - edge.size())));
    ASSIGN_OR_RETURN(const v1::ListLeavesResponse page, broker->Call(*stub, &Stub::ListLeaves, request, client.options()));
    if (page.leaves().empty()) return absl::DataLossError(absl::StrCat("leaf ", edge.size(), " is missing"));
    for (const std::string& leaf : page.leaves()) {
      if (leaf.size() != trust::kLeafSize) return absl::DataLossError(absl::StrCat("leaf ", edge.size(), " is malformed"));
      edge.Append(trust::LeafHash(leaf), [](trust::NodeId, const Sha256Digest&) {});
    }
  }
  if (edge.size() != newest.size || edge.Root() != newest.root) return absl::DataLossError("the leaves do not give the root that the checkpoint signs");
  std::cerr << "all " << newest.size << " leaves give the signed root\n";
  return absl::OkStatus();
}

absl::StatusOr<int> VerifyOnline(Client& client, bool all, const std::string& since, const std::string& save) {
  std::string note;
  ASSIGN_OR_RETURN(const trust::Checkpoint newest, Newest(client, note));
  std::cerr << "the checkpoint of " << newest.size << " entries is signed by the log\n";
  if (!since.empty()) RETURN_IF_ERROR(VerifySince(client, since, newest));
  if (all) RETURN_IF_ERROR(VerifyAll(client, newest));
  if (!save.empty()) std::ofstream(save, std::ios::binary) << note;
  std::cout << "verified\n";
  return kExitDone;
}

absl::StatusOr<int> Prove(Client& client, uint64_t index, const std::string& path) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto stub = v1::LedgerService::NewStub(broker->grpc());
  v1::GetLedgerEntryRequest request;
  request.set_name(absl::StrCat("ledger/entries/", index));
  ASSIGN_OR_RETURN(const v1::LedgerEntry entry, broker->Call(*stub, &Stub::GetLedgerEntry, request, client.options()));
  if (path == "-") std::cout << entry.receipt().tlog_proof();
  else std::ofstream(path, std::ios::binary) << entry.receipt().tlog_proof();
  std::cerr << "proof of entry " << index << " written\n";
  return kExitDone;
}

// Needs files alone: a receipt, the log's key and its name.
int OpenFile(const std::string& path, const std::string& vkey, const std::string& origin) {
  const absl::StatusOr<std::string> text = trust::ReadFile(path, 4 << 20);
  if (!text.ok()) return ReportFailure(text.status());
  const absl::StatusOr<trust::VerifierKey> key = trust::VerifierKey::Parse(vkey);
  if (!key.ok()) return ReportFailure(key.status());
  const absl::StatusOr<trust::VerifiedReceipt> receipt = trust::VerifyReceipt(*text, *key, origin.empty() ? key->name : origin);
  if (!receipt.ok()) {
    std::cerr << "derwent ledger: BROKEN: " << receipt.status().message() << "\n";
    return kExitTampered;
  }
  std::cout << "index " << receipt->index << " of " << receipt->checkpoint.size << "\n";
  for (int number = 1; number <= trust::kFieldCount; ++number) {
    const std::string* const value = receipt->opening.Value(static_cast<trust::Field>(number));
    if (value == nullptr || value->empty()) continue;
    const bool plain = value->find_first_not_of("\t !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~") == std::string::npos;
    std::cout << number << " " << trust::FieldName(number) << ": " << (plain ? *value : HexEncode(*value)) << "\n";
  }
  std::cout << "verified\n";
  return kExitDone;
}

struct Options {
  bool all = false;
  std::string since, save, file, vkey, origin;
  std::string out = "-";
  uint64_t index = 0;
};

}  // namespace

void AddLedgerCommands(CLI::App& app, Session& session) {
  CLI::App* const ledger = app.add_subcommand("ledger", "prove and verify the ledger");
  ledger->require_subcommand(1);
  const auto o = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  ledger->add_subcommand("checkpoint", "the newest signed checkpoint")->callback([&session] { session.Run([](Client& client) { return PrintCheckpoint(client); }); });
  CLI::App* const verify = ledger->add_subcommand("verify", "verify the newest checkpoint; with --all every leaf; with --since that nothing before was rewritten");
  verify->add_flag("--all", o->all, "fetch every leaf and hash the tree again");
  verify->add_option("--since", o->since, "a checkpoint saved earlier");
  verify->add_option("--save", o->save, "save the checkpoint here");
  verify->callback([o, &session] { session.Run([&](Client& client) { return VerifyOnline(client, o->all, o->since, o->save); }); });
  CLI::App* const prove = ledger->add_subcommand("prove", "write an entry's receipt (tlog-proof)");
  prove->add_option("index", o->index, "entry index")->required();
  prove->add_option("--out", o->out, "file; - for standard output")->capture_default_str();
  prove->callback([o, &session] { session.Run([&](Client& client) { return Prove(client, o->index, o->out); }); });
  CLI::App* const open = ledger->add_subcommand("open", "verify a receipt file offline and print what it opens");
  open->add_option("file", o->file, "tlog-proof file")->required();
  open->add_option("--vkey", o->vkey, "the log's verifier key")->required();
  open->add_option("--origin", o->origin, "the log's name; default: the key's");
  open->callback([o, &session] { session.exit_code = OpenFile(o->file, o->vkey, o->origin); });
}

}  // namespace derwent::cli
