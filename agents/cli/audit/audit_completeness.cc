#include "agents/cli/audit/audit_completeness.h"

#include <algorithm>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

#include "agents/cli/audit/audit_receipts.h"
#include "agents/cli/ledger/entry_view.h"
#include "agents/cli/ledger/verify.h"
#include "agents/cli/session/exit_code.h"
#include "derwent/v1/agent_audit.grpc.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/opening.h"
#include "trust/entry/steps.h"

namespace derwent::cli {
namespace {

// What the ledger tells of one share.
struct Told {
  std::set<uint64_t> all;
  std::set<uint64_t> sending;
};

std::map<std::string, Told> ByShare(const std::vector<v1::LedgerEntry>& entries) {
  std::map<std::string, Told> shares;
  for (const v1::LedgerEntry& entry : entries) {
    const EntryView view(entry);
    const std::string share = view.Pair("ids", "share");
    if (share.empty()) continue;
    Told& told = shares[share];
    told.all.insert(entry.index());
    if (trust::SendsPackage(view.Pair("step", "step"))) told.sending.insert(entry.index());
  }
  return shares;
}

void CompareShare(const v1::ShareEvidence& share, const Told& told, std::vector<Gap>& gaps) {
  const std::string where = share.sent() ? "the outbox" : "the inbox";
  // Not answered yet, or never a share: nothing to prove.
  if (share.state() == "QUEUED" || share.state() == "PENDING" || share.state() == "NOT_MADE") return;
  if (told.sending.empty() && share.state() != "REFUSED")  // Refused before it was ever a share, it is none.
    gaps.push_back({.share = share.share_id(),
                    .entry = "",
                    .what = absl::StrCat("the ledger tells no entry of a share that is in ", where)});
  std::set<uint64_t> kept;
  for (const v1::Receipt& receipt : share.receipts()) {
    kept.insert(receipt.index());
    if (!told.all.contains(receipt.index()))
      gaps.push_back({.share = share.share_id(),
                      .entry = absl::StrCat(receipt.index()),
                      .what = "a receipt is kept of an entry that the ledger does not tell"});
  }
  if (!share.sent() && kept.empty())
    gaps.push_back({.share = share.share_id(), .entry = "", .what = "no receipt is kept of a share received"});
  if (!share.sent()) return;
  for (const uint64_t index : told.sending) {
    if (!kept.contains(index))
      gaps.push_back({.share = share.share_id(),
                      .entry = absl::StrCat(index),
                      .what = "no receipt is kept of an entry of a share that was sent"});
  }
}

// The receipts that the agent keeps still verify.
absl::Status VerifyKept(Client& client, const std::vector<v1::ShareEvidence>& shares) {
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  for (const v1::ShareEvidence& share : shares) {
    for (const v1::Receipt& receipt : share.receipts()) {
      const auto verified = trust::VerifyReceipt(receipt.tlog_proof(), log_keys, client.configuration().origin);
      if (!verified.ok())
        return absl::DataLossError(
            absl::StrCat("the receipt of entry ", receipt.index(), " does not verify: ", verified.status().message()));
    }
  }
  return absl::OkStatus();
}

// Those of the period by their own time.
absl::StatusOr<std::vector<v1::ShareEvidence>> OfPeriod(std::vector<v1::ShareEvidence> shares,
                                                        const AuditFilters& period) {
  if (!period.from.empty()) {
    ASSIGN_OR_RETURN(const google::protobuf::Timestamp start, StartOf(period.from));
    std::erase_if(shares, [&](const v1::ShareEvidence& s) { return s.create_time().seconds() < start.seconds(); });
  }
  if (!period.to.empty()) {
    ASSIGN_OR_RETURN(const google::protobuf::Timestamp end, EndOf(period.to));
    std::erase_if(shares, [&](const v1::ShareEvidence& s) { return s.create_time().seconds() >= end.seconds(); });
  }
  return shares;
}

}  // namespace

std::vector<Gap> CompareWithLedger(const std::vector<v1::ShareEvidence>& shares,
                                   const std::vector<v1::LedgerEntry>& entries, const std::set<std::string>& known,
                                   const std::string& agency) {
  std::vector<Gap> gaps;
  std::map<std::string, Told> told = ByShare(entries);
  for (const v1::ShareEvidence& share : shares) CompareShare(share, told[share.share_id()], gaps);
  for (const v1::LedgerEntry& entry : entries) {
    const EntryView view(entry);
    const std::string share = view.Pair("ids", "share");
    const std::string step = view.Pair("step", "step");
    const std::string actor = view.Pair("step", "actor");
    // What was refused to it or still waits in a mailbox the agency need not know; what it did itself it must.
    const bool own = view.Field(absl::StrCat(actor, "_agency")) == agency;
    const bool acknowledged = own && step == "acknowledgement";
    const bool sent = own && trust::SendsPackage(step);
    if (share.empty() || known.contains(share) || !(acknowledged || sent)) continue;
    gaps.push_back({.share = share,
                    .entry = absl::StrCat(entry.index()),
                    .what = acknowledged ? "the ledger tells of a share that is neither in the outbox nor in the inbox"
                                         : "the ledger tells that the agency sent a share that is not in its outbox"});
  }
  return gaps;
}

std::vector<Gap> NotMade(const std::vector<v1::ShareEvidence>& shares) {
  std::vector<Gap> not_made;
  for (const v1::ShareEvidence& share : shares) {
    if (share.state() != "NOT_MADE") continue;
    not_made.push_back(
        {.share = share.share_id(),
         .entry = "",
         .what = absl::StrCat("the share for a child that policy sets off was not made: ", share.reason())});
  }
  return not_made;
}

absl::StatusOr<int> CheckCompleteness(Client& client, const AuditFilters& period, Format format) {
  // The agent first: what comes meanwhile is then in the ledger too.
  ASSIGN_OR_RETURN(std::vector<v1::ShareEvidence> shares, FetchEvidence(client));
  RETURN_IF_ERROR(VerifyKept(client, shares));
  std::set<std::string> known;
  for (const v1::ShareEvidence& share : shares) known.insert(share.share_id());
  ASSIGN_OR_RETURN(shares, OfPeriod(std::move(shares), period));
  std::vector<v1::LedgerEntry> entries;
  std::set<std::string> ours;
  for (const v1::ShareEvidence& share : shares) ours.insert(share.share_id());
  AuditFilters since = period;
  since.to.clear();  // A share's later steps are beyond the period.
  ASSIGN_OR_RETURN(const v1::SearchLedgerEntriesRequest request, SearchOf(client, since));
  ASSIGN_OR_RETURN(const Searched searched, EachEntry(client, request, 0, [&](const v1::LedgerEntry& entry) {
                     const std::string share = EntryView(entry).Pair("ids", "share");
                     if (ours.contains(share) || !known.contains(share)) entries.push_back(entry);
                     return absl::OkStatus();
                   }));
  const std::vector<Gap> not_made = NotMade(shares);
  const std::vector<Gap> gaps = CompareWithLedger(shares, entries, known, client.configuration().agency);
  Rows rows({"share", "entry", "missing"});
  for (const Gap& gap : gaps) rows.Add({gap.share, gap.entry, gap.what});
  for (const Gap& one : not_made) rows.Add({one.share, one.entry, one.what});
  rows.Print(format, std::cout);
  std::cerr << shares.size() - not_made.size() << " shares held against the ledger, " << gaps.size() << " gaps, "
            << not_made.size() << " shares for a child not made; this look is entry " << searched.query << "\n";
  return gaps.empty() ? kExitDone : kExitTampered;
}

}  // namespace derwent::cli
