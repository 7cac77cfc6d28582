#include "broker/server/replay.h"

#include <map>
#include <memory>

#include "absl/strings/str_cat.h"

#include "broker/exchange/past.h"
#include "broker/exchange/policy_check.h"
#include "broker/exchange/rules.h"
#include "broker/exchange/world.h"
#include "broker/ledger/packed_entry.h"
#include "broker/server/trust_files.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "trust/base/status_macros.h"

namespace derwent::server {
namespace {

// The worlds at hand, by the body of the entry that says which policy is in force.
using Worlds = std::map<std::string, std::shared_ptr<const exchange::World>>;

// Adds the world of a bundle with the registers of the store.
absl::Status AddWorld(exchange::World base, std::shared_ptr<const policy::Bundle> bundle, store::Reader& reader,
                      Worlds& worlds) {
  base.bundle = std::move(bundle);
  ASSIGN_OR_RETURN(worlds[exchange::PolicyInForce(*base.bundle)], exchange::LoadRegisters(base, reader));
  return absl::OkStatus();
}

absl::StatusOr<Worlds> ReadWorlds(const Configuration& configuration, const std::vector<std::string>& older,
                                  absl::Time now, store::Reader& reader) {
  ASSIGN_OR_RETURN(const exchange::World base, ReadTrust(configuration, now));
  Worlds worlds;
  std::vector<std::string> folders = older;
  folders.push_back(configuration.policy);
  for (const std::string& folder : folders) {
    ASSIGN_OR_RETURN(std::shared_ptr<const policy::Bundle> bundle, ReadBundle(folder, base.roots(), now));
    RETURN_IF_ERROR(AddWorld(base, std::move(bundle), reader, worlds));
  }
  ASSIGN_OR_RETURN(const std::vector<store::PolicyRow> revisions, reader.ListPolicies());
  for (const store::PolicyRow& listed : revisions) {
    if (listed.state == store::PolicyRowState::kDraft) continue;
    ASSIGN_OR_RETURN(const std::optional<store::PolicyRow> row, reader.FindPolicy(listed.revision));
    ASSIGN_OR_RETURN(std::shared_ptr<const policy::Bundle> bundle, exchange::LoadRevision(*row, base.roots(), now));
    RETURN_IF_ERROR(AddWorld(base, std::move(bundle), reader, worlds));
  }
  return worlds;
}

}  // namespace

absl::StatusOr<ReplayReport> Replay(const Configuration& configuration, const std::vector<std::string>& older,
                                    absl::Time now) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store,
                   store::OpenSqliteStore({.path = configuration.database, .vfs = ""}));
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store->Read());
  ASSIGN_OR_RETURN(const Worlds worlds, ReadWorlds(configuration, older, now, *reader));
  ASSIGN_OR_RETURN(const store::LogState log, reader->GetLogState());
  const exchange::World* world = nullptr;
  ReplayReport report;
  for (uint64_t index = 0; index < log.size; ++index) {
    ASSIGN_OR_RETURN(const std::optional<store::EntryRow> row, reader->FindEntry(index));
    if (!row.has_value()) return absl::DataLossError(absl::StrCat("entry ", index, " is missing"));
    ASSIGN_OR_RETURN(const ledger::PackedEntry entry, ledger::PackedEntry::Decode(row->packed));
    if (entry.kind == trust::EntryKind::kRegister && entry.public_step == "policy") {
      ASSIGN_OR_RETURN(const std::optional<store::PublicBodyRow> body, reader->FindPublicBody(index));
      const auto found = body.has_value() ? worlds.find(body->body) : worlds.end();
      world = found == worlds.end() ? nullptr : found->second.get();
    }
    ASSIGN_OR_RETURN(const std::optional<std::string> question, reader->FindDecisionRequest(index));
    if (!question.has_value()) continue;
    if (!exchange::IsAtHand(entry.fields, world)) {
      ++report.missing;
      continue;
    }
    ++report.decisions;
    const std::string differs = exchange::WhatDiffers(entry.fields, *question, *world);
    if (!differs.empty()) report.different.push_back(absl::StrCat("entry ", index, ": ", differs));
  }
  return report;
}

}  // namespace derwent::server
