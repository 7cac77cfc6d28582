#include <memory>

#include "broker/exchange/command/query_entry.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/officer/search.h"
#include "broker/ledger/query.h"
#include "broker/rpc/services.h"
#include "broker/witness/standing.h"
#include "trust/base/status_macros.h"
#include "trust/note/tlog_proof.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

constexpr int kDefaultLeaves = 1024;
constexpr int kMostLeaves = 4096;

absl::StatusOr<store::CheckpointRow> Newest(store::Reader& reader) {
  ASSIGN_OR_RETURN(std::optional<store::CheckpointRow> checkpoint, reader.NewestCheckpoint());
  if (!checkpoint.has_value())
    return exchange::Refuse(absl::StatusCode::kNotFound, "LEDGER_EMPTY", "the ledger has no entry yet");
  return *std::move(checkpoint);
}

// The newest under its quorum, over the entry.
absl::StatusOr<store::CheckpointRow> Cosigned(uint64_t index, store::Reader& reader) {
  ASSIGN_OR_RETURN(std::optional<store::CheckpointRow> cosigned, witness::NewestCosignedOver(index, reader));
  if (cosigned.has_value()) return *std::move(cosigned);
  return exchange::Refuse(absl::StatusCode::kFailedPrecondition, "NOT_COSIGNED_YET",
                          "no checkpoint over this entry has its quorum of witnesses yet");
}

// The size asked for, or the newest checkpoint's; never beyond it.
absl::StatusOr<uint64_t> SizeOr(uint64_t asked, uint64_t newest, absl::string_view field) {
  if (asked == 0) return newest;
  exchange::Violations violations;
  violations.Require(asked <= newest, field, "is at most the newest checkpoint's size");
  RETURN_IF_ERROR(violations.ToStatus());
  return asked;
}

}  // namespace

grpc::ServerUnaryReactor* LedgerService::GetCheckpoint(grpc::CallbackServerContext* context,
                                                       const v1::GetCheckpointRequest*,
                                                       v1::GetCheckpointResponse* response) {
  return runner_.Read(context, "GetCheckpoint",
                      [this, response](const Caller&, const World&, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(const store::CheckpointRow newest, Newest(reader));
                        response->set_note(newest.note);
                        response->set_vkey(vkey_);
                        ASSIGN_OR_RETURN(*response->mutable_cosigned_note(), witness::CosignedNote(reader));
                        return absl::OkStatus();
                      });
}

grpc::ServerUnaryReactor* LedgerService::GetInclusionProof(grpc::CallbackServerContext* context,
                                                           const v1::GetInclusionProofRequest* request,
                                                           v1::GetInclusionProofResponse* response) {
  return runner_.Read(
      context, "GetInclusionProof",
      [request, response](const Caller&, const World&, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(const store::CheckpointRow newest,
                         request->cosigned() ? Cosigned(request->index(), reader) : Newest(reader));
        ASSIGN_OR_RETURN(const uint64_t size, SizeOr(request->cosigned() ? 0 : request->size(), newest.size, "size"));
        exchange::Violations violations;
        violations.Require(request->index() < size, "index", "is below the size");
        RETURN_IF_ERROR(violations.ToStatus());
        ASSIGN_OR_RETURN(const std::vector<Sha256Digest> path, ledger::InclusionProof(reader, request->index(), size));
        ASSIGN_OR_RETURN(const Sha256Digest leaf, ledger::StoredLeafHash(reader, request->index()));
        for (const Sha256Digest& hash : path) response->add_hashes(hash.bytes());
        response->set_leaf_hash(leaf.bytes());
        response->set_note(newest.note);
        if (request->cosigned())
          response->set_tlog_proof(
              trust::TlogProof{.extra = "", .index = request->index(), .path = path, .checkpoint = newest.note}
                  .ToString());
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* LedgerService::GetConsistencyProof(grpc::CallbackServerContext* context,
                                                             const v1::GetConsistencyProofRequest* request,
                                                             v1::GetConsistencyProofResponse* response) {
  return runner_.Read(context, "GetConsistencyProof",
                      [request, response](const Caller&, const World&, store::Reader& reader) -> absl::Status {
                        ASSIGN_OR_RETURN(const store::CheckpointRow newest, Newest(reader));
                        ASSIGN_OR_RETURN(const uint64_t size, SizeOr(request->new_size(), newest.size, "new_size"));
                        exchange::Violations violations;
                        violations.Require(request->old_size() >= 1 && request->old_size() <= size, "old_size",
                                           "is 1 to the new size");
                        RETURN_IF_ERROR(violations.ToStatus());
                        ASSIGN_OR_RETURN(const std::vector<Sha256Digest> path,
                                         ledger::ConsistencyProof(reader, request->old_size(), size));
                        for (const Sha256Digest& hash : path) response->add_hashes(hash.bytes());
                        response->set_note(newest.note);
                        return absl::OkStatus();
                      });
}

grpc::ServerUnaryReactor* LedgerService::ListLeaves(grpc::CallbackServerContext* context,
                                                    const v1::ListLeavesRequest* request,
                                                    v1::ListLeavesResponse* response) {
  return runner_.Read(
      context, "ListLeaves", [request, response](const Caller&, const World&, store::Reader& reader) -> absl::Status {
        exchange::Violations violations;
        violations.Require(request->count() >= 0 && request->count() <= kMostLeaves, "count", "is 0 to 4096");
        RETURN_IF_ERROR(violations.ToStatus());
        const size_t count = request->count() == 0 ? kDefaultLeaves : static_cast<size_t>(request->count());
        ASSIGN_OR_RETURN(const std::vector<std::string> leaves, ledger::Leaves(reader, request->start(), count));
        for (const std::string& leaf : leaves) response->add_leaves(leaf);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* LedgerService::GetLedgerEntry(grpc::CallbackServerContext* context,
                                                        const v1::GetLedgerEntryRequest* request,
                                                        v1::LedgerEntry* response) {
  const auto prepare = [request](const Caller& caller, const World&) -> absl::StatusOr<Runner::Rule> {
    RETURN_IF_ERROR(exchange::EntryIndexOf(request->name()).status());
    return Runner::Rule([caller](Batch& batch) {
      return exchange::EnterLook(caller, {.what = "GetLedgerEntry", .tags = {}, .query = {}}, batch).status();
    });
  };
  return runner_.Command(
      context, "GetLedgerEntry", response, prepare,
      [request, response](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        ASSIGN_OR_RETURN(const uint64_t index, exchange::EntryIndexOf(request->name()));
        ASSIGN_OR_RETURN(*response, exchange::GetLedgerEntry(caller, index, world, reader));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* LedgerService::SearchLedgerEntries(grpc::CallbackServerContext* context,
                                                             const v1::SearchLedgerEntriesRequest* request,
                                                             v1::SearchLedgerEntriesResponse* response) {
  struct Query {
    exchange::CheckedSearch search;
    uint64_t entry = 0;
  };
  const auto query = std::make_shared<Query>();  // Shared between the rule and what follows its commit.
  const auto prepare = [this, request, query](const Caller& caller,
                                              const World& world) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(query->search, exchange::CheckSearch(caller, *request, *runner_.parts().tagger, world,
                                                          runner_.parts().clock->Now()));
    return Runner::Rule([caller, query](Batch& batch) -> absl::Status {
      ASSIGN_OR_RETURN(query->entry, exchange::EnterPage(caller, query->search.look, query->search.token, batch));
      return absl::OkStatus();
    });
  };
  return runner_.Command(context, "SearchLedgerEntries", response, prepare,
                         [response, query](const Caller&, const World&, store::Reader& reader) -> absl::Status {
                           ASSIGN_OR_RETURN(*response,
                                            exchange::SearchLedgerEntries(query->search, query->entry, reader));
                           return absl::OkStatus();
                         });
}

}  // namespace derwent::rpc
