#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/erasures.h"
#include "broker/exchange/rules.h"
#include "broker/ledger/erasure.h"
#include "policy/loader/retention.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

// Erasure by retention schedule. When an entry is due is derived from its profile and time, never stored; what is
// stored is how far each retention has been walked.

namespace derwent::exchange {
namespace {

constexpr size_t kEntriesAWalk = 256;
constexpr size_t kPartiesChased = 64;

// Months of retention to the first entry not yet looked at; only good for one policy.
using Walks = std::map<int, uint64_t>;

using Retentions = std::map<std::string, int>;  // Months, by profile.

int MonthsOf(const std::string& profile, const Retentions& retentions) {
  const auto found = retentions.find(profile);
  return found == retentions.end() ? policy::kLedgerMonths : found->second;
}

// `POLICY MONTHS:NEXT MONTHS:NEXT …`. Another policy may set other retentions: from the first entry again.
Walks ParseWalks(absl::string_view setting, absl::string_view policy_digest, const Retentions& retentions) {
  Walks walks = {{policy::kLedgerMonths, 0}};
  for (const auto& [profile, months] : retentions) walks.emplace(months, 0);
  const std::vector<absl::string_view> words = absl::StrSplit(setting, ' ');
  if (words.front() != policy_digest) return walks;
  for (const absl::string_view word : words) {
    const std::pair<absl::string_view, absl::string_view> walk = absl::StrSplit(word, absl::MaxSplits(':', 1));
    int months = 0;
    uint64_t next = 0;
    if (absl::SimpleAtoi(walk.first, &months) && absl::SimpleAtoi(walk.second, &next) && walks.contains(months))
      walks[months] = next;
  }
  return walks;
}

std::string WalksText(const Walks& walks, absl::string_view policy_digest) {
  std::string text(policy_digest);
  for (const auto& [months, next] : walks) absl::StrAppend(&text, " ", months, ":", next);
  return text;
}

absl::Time MonthsBefore(absl::Time now, int months) {
  const absl::CivilSecond today = absl::ToCivilSecond(now, absl::UTCTimeZone());
  return absl::FromCivil(absl::CivilSecond(today.year(), today.month() - months, today.day(), today.hour(),
                                           today.minute(), today.second()),
                         absl::UTCTimeZone());
}

// Adds what is due of one retention to `due`, and moves its walk on.
absl::Status Walk(int months, const Retentions& retentions, uint64_t& next, std::vector<Target>& due, Batch& batch) {
  const absl::Time before = MonthsBefore(batch.now(), months);
  ASSIGN_OR_RETURN(const store::LogState head, batch.read().GetLogState());
  ASSIGN_OR_RETURN(const std::vector<store::EntryRow> rows, batch.read().ListEntries(next, kEntriesAWalk));
  for (const store::EntryRow& row : rows) {
    if (row.time > before || row.index >= head.size) return absl::OkStatus();
    if (due.size() == trust::ErasureRecord::kMostTargets) {
      batch.more_due = true;
      return absl::OkStatus();
    }
    next = row.index + 1;
    ASSIGN_OR_RETURN(ledger::PackedEntry entry, ledger::PackedEntry::Decode(row.packed));
    if (entry.kind != trust::EntryKind::kSealed || ledger::ErasedOf(entry).all()) continue;
    store::EntryColumns columns = entry.Columns();
    if (MonthsOf(columns.profile, retentions) != months) continue;
    ASSIGN_OR_RETURN(const std::vector<store::HoldRow> holds, batch.read().HoldsOn(row.index));
    // Once the last hold ends, the walk starts again.
    if (holds.empty()) due.push_back({.index = row.index, .entry = std::move(entry), .columns = std::move(columns)});
  }
  if (rows.size() == kEntriesAWalk) batch.more_due = true;
  return absl::OkStatus();
}

}  // namespace

absl::Status EraseDue(Batch& batch) {
  const std::string digest = batch.world().policy_digest().hex();
  ASSIGN_OR_RETURN(const std::optional<std::string> setting, batch.read().GetSetting(kScheduleSetting));
  const Retentions retentions = policy::LedgerMonths(batch.world().bundle->files);
  Walks walks = ParseWalks(setting.value_or(""), digest, retentions);
  std::vector<Target> due;
  for (auto& [months, next] : walks) RETURN_IF_ERROR(Walk(months, retentions, next, due, batch));
  const bool moved = std::any_of(walks.begin(), walks.end(), [](const auto& walk) { return walk.second > 0; });
  const std::string text = WalksText(walks, digest);
  if (moved && text != setting) RETURN_IF_ERROR(batch.write().PutSetting(kScheduleSetting, text));
  if (due.empty()) return absl::OkStatus();
  std::sort(due.begin(), due.end(), [](const Target& a, const Target& b) { return a.index < b.index; });
  return CarryOut({.targets = {},
                   .fields = trust::AllFields(),
                   .month = "",
                   .approvals = std::nullopt,
                   .policy = batch.world().policy_digest()},
                  due,
                  {.erasure_id = "",
                   .agency = "",
                   .entries = {},
                   .request = "",
                   .approval = "",
                   .create_time = batch.now(),
                   .expire_time = batch.now(),
                   .entry_index = std::nullopt},
                  batch);
}

absl::Status ChaseErasures(Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::ErasurePartyRow> late,
                   batch.read().ErasuresToChase(batch.now(), kPartiesChased));
  for (store::ErasurePartyRow party : late) {
    ++party.chased;
    party.chase_time = batch.now() + kAttestWithin;
    RETURN_IF_ERROR(batch.write().PutErasureParty(party));
    ledger::EntryDraft draft("erasure_unattested", ledger::Actor::kBroker);
    draft.SetReceiving(party.agency, "").SetCount(party.chased);
    draft.SetOutcome("", {"ERASURE_UNATTESTED"}, batch.world().policy_digest(), batch.world().register_digest);
    RETURN_IF_ERROR(batch.Append(draft).status());
  }
  return absl::OkStatus();
}

}  // namespace derwent::exchange
