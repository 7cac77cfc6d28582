#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/erasure/erasures.h"
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

using Retentions = std::map<std::string, int>;  // Months, by profile.

// The first entry that a walk left behind because its share is in motion. A later day begins there again.
struct Left {
  uint64_t index = 0;
  int64_t day = 0;  // Since 1970, when it was left.
};
// How far one retention has been walked.
struct Place {
  uint64_t next = 0;  // The first entry not yet looked at.
  std::optional<Left> left;
};
using Walks = std::map<int, Place>;  // By months. Only good for one policy.

int MonthsOf(const std::string& profile, const Retentions& retentions) {
  const auto found = retentions.find(profile);
  return found == retentions.end() ? policy::kLedgerMonths : found->second;
}

// `POLICY MONTHS:NEXT[:LEFT:DAY] …`. Another policy may set other retentions: from the first entry again.
Walks ParseWalks(absl::string_view setting, absl::string_view policy_digest, const Retentions& retentions) {
  Walks walks = {{policy::kLedgerMonths, {}}};
  for (const auto& [profile, months] : retentions) walks.emplace(months, Place());
  const std::vector<absl::string_view> words = absl::StrSplit(setting, ' ');
  if (words.front() != policy_digest) return walks;
  for (const absl::string_view word : words) {
    const std::vector<absl::string_view> numbers = absl::StrSplit(word, ':');
    int months = 0;
    Place place;
    Left left;
    if (numbers.size() < 2 || !absl::SimpleAtoi(numbers[0], &months) || !absl::SimpleAtoi(numbers[1], &place.next))
      continue;
    if (numbers.size() == 4 && absl::SimpleAtoi(numbers[2], &left.index) && absl::SimpleAtoi(numbers[3], &left.day))
      place.left = left;
    if (walks.contains(months)) walks[months] = place;
  }
  return walks;
}

std::string WalksText(const Walks& walks, absl::string_view policy_digest) {
  std::string text(policy_digest);
  for (const auto& [months, place] : walks) {
    absl::StrAppend(&text, " ", months, ":", place.next);
    if (place.left.has_value()) absl::StrAppend(&text, ":", place.left->index, ":", place.left->day);
  }
  return text;
}

absl::Time MonthsBefore(absl::Time now, int months) {
  const absl::CivilSecond today = absl::ToCivilSecond(now, absl::UTCTimeZone());
  return absl::FromCivil(absl::CivilSecond(today.year(), today.month() - months, today.day(), today.hour(),
                                           today.minute(), today.second()),
                         absl::UTCTimeZone());
}

// What becomes of the stored share that an entry which is due is about.
enum class Fate {
  kStays,    // In motion: the entry waits with it.
  kIsKept,   // Another of its entries is held or not due yet: only the entry's own fields go.
  kIsErased  // With its entries.
};

// What one run erases. A request and its answers are one share here, for they are erased together.
class Due {
 public:
  Due(const Retentions& retentions, Batch& batch) : retentions_(retentions), batch_(batch) {}

  // Adds what is due of one retention, and moves its walk on.
  absl::Status Walk(int months, Place& place) {
    const absl::Time before = MonthsBefore(batch_.now(), months);
    ASSIGN_OR_RETURN(const store::LogState head, batch_.read().GetLogState());
    ASSIGN_OR_RETURN(const std::vector<store::EntryRow> rows, batch_.read().ListEntries(place.next, kEntriesAWalk));
    for (const store::EntryRow& row : rows) {
      if (targets_.size() == trust::ErasureRecord::kMostTargets) {
        batch_.more_due = true;
        return absl::OkStatus();
      }
      if (row.time > before || row.index >= head.size) break;
      place.next = row.index + 1;
      ASSIGN_OR_RETURN(const bool stays, Look(months, row));
      if (stays && !place.left.has_value()) place.left = Left{.index = row.index, .day = Today()};
    }
    const bool at_end = rows.size() < kEntriesAWalk || place.next <= rows.back().index;
    const bool again = at_end && place.left.has_value() && place.left->day < Today();
    if (again) place = {.next = place.left->index, .left = std::nullopt};
    if (again || !at_end) batch_.more_due = true;
    return absl::OkStatus();
  }

  // By entry.
  std::vector<Target> TakeTargets() {
    std::sort(targets_.begin(), targets_.end(), [](const Target& a, const Target& b) { return a.index < b.index; });
    return std::move(targets_);
  }
  absl::Status EraseShares() {
    for (const auto& [share_id, fate] : fates_) {
      if (fate == Fate::kIsErased) RETURN_IF_ERROR(batch_.write().EraseShare(share_id));
    }
    return absl::OkStatus();
  }

 private:
  int64_t Today() const { return absl::ToInt64Hours(batch_.now() - absl::UnixEpoch()) / 24; }

  // Takes an entry that is old enough; true: it waits with its share.
  absl::StatusOr<bool> Look(int months, const store::EntryRow& row) {
    ASSIGN_OR_RETURN(ledger::PackedEntry entry, ledger::PackedEntry::Decode(row.packed));
    if (entry.kind != trust::EntryKind::kSealed || ledger::ErasedOf(entry).all()) return false;
    store::EntryColumns columns = entry.Columns();
    if (MonthsOf(columns.profile, retentions_) != months) return false;
    ASSIGN_OR_RETURN(const std::vector<store::HoldRow> holds, batch_.read().HoldsOn(row.index));
    if (!holds.empty()) return false;  // Once the last hold ends, the walk starts again.
    ASSIGN_OR_RETURN(const Fate fate, FateOf(columns.share_id));
    if (fate == Fate::kStays) return true;
    targets_.push_back({.index = row.index, .entry = std::move(entry), .columns = std::move(columns)});
    return false;
  }

  absl::StatusOr<Fate> FateOf(const std::string& share_id) {
    if (share_id.empty()) return Fate::kIsKept;
    ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, batch_.read().FindShare(share_id));
    if (!share.has_value()) return Fate::kIsKept;
    const std::string& whole = share->reply_to_share_id.empty() ? share_id : share->reply_to_share_id;
    const auto known = fates_.find(whole);
    if (known != fates_.end()) return known->second;
    ASSIGN_OR_RETURN(const bool open, AnyOpen(whole, nullptr, batch_));
    Fate fate = Fate::kStays;
    if (!open) {
      ASSIGN_OR_RETURN(const bool all, AllDue(whole));
      fate = all ? Fate::kIsErased : Fate::kIsKept;
    }
    fates_.emplace(whole, fate);
    return fate;
  }

  // Whether nothing holds back any entry that is left of a share and of the replies to it.
  absl::StatusOr<bool> AllDue(const std::string& share_id) {
    ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, batch_.read().FindShare(share_id));
    if (!share.has_value()) return true;
    ASSIGN_OR_RETURN(bool due, AllDueOf(share->sender_agency, share_id));
    ASSIGN_OR_RETURN(const std::vector<store::PartRow> parts, batch_.read().ListParts(share_id));
    for (const store::PartRow& part : parts) {
      if (!due) return false;
      ASSIGN_OR_RETURN(due, AllDueOf(part.key.recipient_agency, share_id));
      ASSIGN_OR_RETURN(const std::vector<store::ShareRow> replies,
                       batch_.read().ListReplies(share_id, part.key.recipient_agency));
      for (const store::ShareRow& reply : replies) {  // There are no replies to a reply.
        if (!due) return false;
        ASSIGN_OR_RETURN(due, AllDue(reply.share_id));
      }
    }
    return due;
  }

  // Those that the agency is party to; an entry erased whole has no party.
  absl::StatusOr<bool> AllDueOf(const std::string& agency, const std::string& share_id) {
    store::EntryQuery query{.viewer_agency = agency, .share_id = share_id, .limit = kEntriesAWalk};
    for (;;) {
      ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, batch_.read().SearchEntries(query));
      for (const uint64_t index : indexes) {
        ASSIGN_OR_RETURN(const bool due, IsDue(index));
        if (!due) return false;
      }
      if (indexes.size() < query.limit) return true;
      query.from_index = indexes.back() + 1;
    }
  }

  absl::StatusOr<bool> IsDue(uint64_t index) {
    ASSIGN_OR_RETURN(const ledger::FoundEntry found, ledger::FindSealed(batch_.read(), index));
    const int months = MonthsOf(found.entry.Columns().profile, retentions_);
    if (found.row.time > MonthsBefore(batch_.now(), months)) return false;
    ASSIGN_OR_RETURN(const std::vector<store::HoldRow> holds, batch_.read().HoldsOn(index));
    return holds.empty();
  }

  const Retentions& retentions_;
  Batch& batch_;
  std::vector<Target> targets_;
  std::map<std::string, Fate> fates_;  // Of each share that was looked at, once.
};

}  // namespace

absl::Status EraseDue(Batch& batch) {
  const std::string digest = batch.world().policy_digest().hex();
  ASSIGN_OR_RETURN(const std::optional<std::string> setting, batch.read().GetSetting(kScheduleSetting));
  const Retentions retentions = policy::LedgerMonths(batch.world().bundle->files);
  Walks walks = ParseWalks(setting.value_or(""), digest, retentions);
  const std::string before = WalksText(walks, digest);
  Due due(retentions, batch);
  for (auto& [months, place] : walks) RETURN_IF_ERROR(due.Walk(months, place));
  const std::string text = WalksText(walks, digest);
  if (text != before) RETURN_IF_ERROR(batch.write().PutSetting(kScheduleSetting, text));
  RETURN_IF_ERROR(due.EraseShares());
  const std::vector<Target> targets = due.TakeTargets();
  if (targets.empty()) return absl::OkStatus();
  return CarryOut({.targets = {},
                   .fields = trust::AllFields(),
                   .month = "",
                   .approvals = std::nullopt,
                   .policy = batch.world().policy_digest()},
                  targets,
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
