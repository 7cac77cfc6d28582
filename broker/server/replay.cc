#include "broker/server/replay.h"

#include <memory>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/world.h"
#include "broker/exchange/governance/past.h"
#include "broker/ledger/packed_entry.h"
#include "broker/server/trust_files.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "trust/base/status_macros.h"

namespace derwent::server {
absl::StatusOr<ReplayReport> Replay(const Configuration& configuration, absl::Time now) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Store> store,
                   store::OpenSqliteStore({.path = configuration.database, .vfs = ""}));
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Reader> reader, store->Read());
  ASSIGN_OR_RETURN(const exchange::World base, ReadTrust(configuration, now));
  exchange::PastWorlds past(base, *reader);
  ASSIGN_OR_RETURN(const store::LogState log, reader->GetLogState());
  ReplayReport report;
  for (uint64_t index = 0; index < log.size; ++index) {
    ASSIGN_OR_RETURN(const std::optional<store::EntryRow> row, reader->FindEntry(index));
    if (!row.has_value()) return absl::DataLossError(absl::StrCat("entry ", index, " is missing"));
    ASSIGN_OR_RETURN(const ledger::PackedEntry entry, ledger::PackedEntry::Decode(row->packed));
    ASSIGN_OR_RETURN(const std::optional<std::string> question, reader->FindDecisionRequest(index));
    if (!question.has_value()) continue;
    ASSIGN_OR_RETURN(const std::shared_ptr<const exchange::World> world, past.Before(index));
    if (!exchange::IsAtHand(entry.fields, world.get())) {
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
