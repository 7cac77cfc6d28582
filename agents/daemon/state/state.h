#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/daemon/state/changes.h"
#include "agents/daemon/state/rights_rows.h"
#include "agents/daemon/state/rows.h"
#include "agents/daemon/state/sql.h"
#include "agents/daemon/state/state_file.h"
#include "trust/base/clock.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

// For how long an alarm that was raised is not raised again.
inline constexpr absl::Duration kAlarmQuiet = absl::Hours(24);

// What the agent must not forget: one SQLite file, synced at every change. Each call is one transaction: on OK it is
// durable, on an error nothing changed; calls that come at once share one sync. Errors of all: kUnavailable, kDataLoss
// (sql.h). Thread-safe.
class State {
 public:
  static absl::StatusOr<std::unique_ptr<State>> Open(const std::string& path, const Clock& clock);

  // Several changes with one sync: all of them, or on an error none. `change` calls nothing else of the state.
  absl::Status Together(absl::FunctionRef<absl::Status(Changes&)> change) {
    return file_->Change([&](Sql& sql) {
      Changes changes(sql, clock_.Now());
      return change(changes);
    });
  }
  StateFile& file() { return *file_; }

  // Outbox. A referral is known by its reference; `request_digest` tells whether it is the same one.
  absl::Status SavePush(const std::string& referral_ref, absl::string_view request_digest,
                        const std::vector<OutboxRow>& shares, const std::vector<HeldBackRow>& held_back);
  // The digest of the request with that reference; nullopt when it is new.
  absl::StatusOr<std::optional<std::string>> FindPush(const std::string& referral_ref);
  absl::StatusOr<std::vector<OutboxRow>> SharesOf(const std::string& referral_ref);
  absl::StatusOr<std::vector<OutboxRow>> QueuedShares();
  absl::StatusOr<std::optional<OutboxRow>> FindShare(const std::string& share_id);
  // Newest first, below row `before` (0: from the newest).
  absl::StatusOr<std::vector<OutboxRow>> ListOutbox(int64_t before, int limit);
  // Oldest first, above row `after`.
  absl::StatusOr<std::vector<OutboxRow>> OutboxAfter(int64_t after, int limit);
  absl::Status SettleShare(const std::string& share_id, absl::string_view state, absl::string_view reason,
                           absl::string_view outcome);
  // Of what a share that waits to be sent was made; nullopt once it was answered.
  absl::StatusOr<std::optional<PlannedRow>> FindPlanned(const std::string& share_id);
  // A share took no effect, for `reason`: it waits, with nothing to send, until it was planned again.
  absl::Status AwaitPlan(const std::string& share_id, absl::string_view reason);
  // It was planned again, with shares of it that wait for agreement, in one transaction.
  absl::Status SavePlan(const OutboxRow& again, const std::vector<OutboxRow>& waiting,
                        const std::vector<HeldBackRow>& held_back);
  // Own shares that supersede others: stored, and not finished yet, 100 at most; the one, stored or on its way, that
  // takes the place of `share_id`, empty when none; everybody concerned is to be told, durably.
  absl::StatusOr<std::vector<Supersession>> StoredSupersessions();
  absl::StatusOr<std::string> Superseding(const std::string& share_id);
  absl::Status FinishSupersession(const std::string& share_id);
  // Units held back: due, oldest first, 100 at most; what is known of one share.
  absl::StatusOr<std::vector<HeldBackRow>> HeldBackDue(absl::Time now);
  absl::StatusOr<std::optional<HeldBackRow>> FindHeldBack(const std::string& share_id);
  absl::Status WakeHeldBack(const std::string& share_id, absl::Time next_time);
  absl::Status WakeAllHeldBack(absl::Time next_time);
  // Together: how the units stand now, and the outcome that tells it. The share is `PENDING`.
  absl::Status UpdateHeldBack(const HeldBackRow& row, absl::string_view reason, absl::string_view outcome);
  // The share was sealed and waits to be sent; its units stay until it is known to be stored.
  absl::Status ReleaseHeldBack(const OutboxRow& sealed);
  // Forgets the units: the share was stored, or ends as `REFUSED`.
  absl::Status ForgetHeldBack(const std::string& share_id);
  absl::Status RefuseHeldBack(const std::string& share_id, absl::string_view reason, absl::string_view outcome);
  // Stored shares whose deadline passed before `now` and whose recipients have not all been heard of.
  absl::StatusOr<std::vector<OutboxRow>> OverdueShares(absl::Time now);
  // Nothing more is to be looked for.
  absl::Status MarkReconciled(const std::string& share_id);
  // A recipient of a share was heard of: `ACKNOWLEDGED` or `EXPIRED`.
  absl::Status HeardOf(const std::string& share_id, const std::string& agency, absl::string_view what) {
    return Together([&](Changes& changes) { return changes.HeardOf(share_id, agency, what); });
  }
  absl::StatusOr<bool> WasHeardOf(const std::string& share_id, const std::string& agency);

  // Messages out: numbers, signs (by `sign`) and keeps in one transaction. Returns false when `once_key` was queued
  // before.
  absl::StatusOr<bool> QueueMessage(const OutgoingMessage& message, const std::string& once_key,
                                    const Changes::Signer& sign);
  absl::StatusOr<bool> WasQueued(const std::string& once_key);
  // Whether a message of that kind was ever signed about a share for an agency.
  absl::StatusOr<bool> HasMessage(const std::string& share_id, const std::string& peer, absl::string_view kind);
  absl::StatusOr<std::vector<OutgoingMessage>> PendingMessages();
  // nullopt while it was not sent.
  absl::StatusOr<std::optional<std::string>> ReplyTo(const std::string& once_key);
  // Likewise, and forgets it: what is handed over once need not lie here, where erasures would have to follow it.
  absl::StatusOr<std::optional<std::string>> TakeReply(const std::string& once_key);
  // Changes::DropMessage, by itself.
  absl::Status DropMessage(const OutgoingMessage& message, const Changes::Renumbering& sign);

  // Messages in.
  absl::StatusOr<uint32_t> LastSequence(const std::string& share_id, const std::string& peer);
  absl::Status HoldMessage(const std::string& share_id, const std::string& peer, uint32_t sequence,
                           const std::string& envelope);
  // The message of that number was rejected: what follows it waits for it no more. One that is held stays.
  absl::Status PassOver(const std::string& share_id, const std::string& peer, uint32_t sequence);
  // nullopt: none is held; empty: it is passed over.
  absl::StatusOr<std::optional<std::string>> HeldMessage(const std::string& share_id, const std::string& peer,
                                                         uint32_t sequence);

  // Inbox.
  // The later version of a share of `sender`; empty when none came.
  absl::StatusOr<std::string> SupersededBy(const std::string& share_id, const std::string& sender);
  // Those whose older share was given to the agency's system, and of which it was not told yet; 100 at most.
  absl::StatusOr<std::vector<Supersession>> UntoldSupersessions();
  absl::Status MarkSupersessionTold(const std::string& older_share_id);
  absl::StatusOr<std::optional<InboxRow>> FindReceived(const std::string& share_id);
  absl::StatusOr<std::vector<InboxRow>> ListInbox(int64_t before, int limit);
  absl::StatusOr<std::vector<InboxRow>> InboxAfter(int64_t after, int limit);
  absl::StatusOr<std::vector<InboxRow>> NotHandedOver();
  absl::Status StartHandover(const std::string& share_id);
  absl::Status FinishHandover(const std::string& share_id);
  absl::Status SetReceivedState(const std::string& share_id, absl::string_view state);
  // Changes::MoveReceived, by itself.
  absl::StatusOr<bool> MoveReceived(const std::string& share_id, absl::string_view from, absl::string_view to);
  absl::Status EraseReceived(const std::string& share_id) {
    return Together([&](Changes& changes) { return changes.EraseReceived(share_id); });
  }

  absl::StatusOr<std::vector<ProgressRow>> ProgressOf(const std::string& share_id);

  // True when the delivery was rejected before: it is not opened again.
  absl::StatusOr<bool> WasRejected(const std::string& delivery_id);
  absl::Status Reject(const std::string& delivery_id);

  // Raises an alarm: of the same code, share, agency and key again when it was quiet for kAlarmQuiet. Returns true when
  // it is raised, or raised again. Alarms lists the newest first.
  absl::StatusOr<bool> RaiseAlarm(absl::string_view code, absl::string_view share_id, absl::string_view agency,
                                  absl::string_view key_id = "");
  absl::StatusOr<std::vector<AlarmRow>> Alarms(int limit);

  absl::Status LogAccess(absl::string_view person, absl::string_view share_id, absl::string_view action) {
    return Together([&](Changes& changes) { return changes.LogAccess(person, share_id, action); });
  }
  // In the order they were done.
  absl::StatusOr<std::vector<AccessRow>> Accesses(const AccessQuery& query);
  absl::StatusOr<std::vector<std::string>> ReceiptsOf(const std::string& share_id);
  // Those of the ledger's entries in [from, before), ascending.
  absl::StatusOr<std::vector<ReceiptRow>> ReceiptsBetween(uint64_t from, uint64_t before);

  // Those of entries below `index` that are not final, the oldest first; shares of which one has waited since before
  // that time.
  absl::StatusOr<std::vector<ReceiptRow>> PendingReceipts(uint64_t index, int limit);
  absl::StatusOr<std::vector<std::string>> SharesPendingSince(absl::Time time, int limit);
  // A final receipt in place of the pending one `before`; not where that is another by now, such as an erased one.
  absl::Status KeepFinal(const ReceiptRow& before, absl::string_view receipt);

  // Receipts of these ledger entries, of whichever share.
  absl::StatusOr<std::vector<ReceiptRow>> ReceiptsAt(const std::vector<uint64_t>& indexes);
  // Rewrites what is kept of a share in one transaction: these receipts, and what `outcome` and `content` make of the
  // outbox's outcome and the inbox's content, where there are any.
  using Rewrite = std::function<absl::StatusOr<std::string>(const std::string& kept)>;
  absl::Status RewriteShare(const std::string& share_id, const std::vector<ReceiptRow>& receipts,
                            const Rewrite& outcome, const Rewrite& content);
  // StateFile::EmptyLog.
  absl::Status EmptyLog() { return file_->EmptyLog(); }

  // Persons whom the agency's own officers restricted, by references and digests of records (restrictions.h). What the
  // broker has not answered yet (of one restriction; empty: of all), oldest first, 100 at most; whether it is for this
  // agent to stop what is about somebody, or a share that waits to be sent: the broker would not.
  absl::StatusOr<std::vector<RestrictionRow>> RestrictionsDue(const std::string& restriction_id = "");
  absl::StatusOr<bool> StoppedHere(const std::vector<KnownAs>& about);
  absl::StatusOr<bool> ShareStoppedHere(const std::string& share_id);

  // Whose data this agency gave to whom; kept again it is replaced. Of one person or record, by digest; of what another
  // agency's share brought; nothing of a share any more.
  absl::Status KeepGiven(const std::vector<GivenRow>& rows, const std::vector<GivenPerson>& persons);
  absl::StatusOr<std::vector<GivenRow>> GivenAbout(const std::string& person);
  absl::StatusOr<std::vector<GivenRow>> GivenOnward(const std::string& source_share_id);
  absl::Status ForgetGiven(const std::string& share_id);
  // Own rights events: with the call that tells them, in place of what was kept of the event; how it ended; not at all.
  absl::Status SaveRights(const std::vector<RightsRow>& rows, const RightsCall& call);
  absl::Status SettleRights(const std::string& event_id, absl::string_view state);
  absl::Status ForgetRights(const std::string& event_id);
  absl::Status TakeRightsAnswer(const RightsRow& row);  // By its recipient; the first stays.
  // Another agency's: the first of an event, share and agency stays; our answer with its call, and how that ended.
  absl::Status TakeRights(const RightsRow& row);
  absl::Status SaveRightsAnswer(const RightsRow& row, const RightsCall& call);
  absl::Status SettleRightsAnswer(const std::string& request_id, const RightsRow& row);
  absl::Status AllowRestricted(const std::string& event_id, absl::string_view ground);
  // Notices, oldest first: of an event, about a share, own ones that pass an event on.
  absl::StatusOr<std::vector<RightsRow>> RightsOf(const std::string& event_id);
  absl::StatusOr<std::vector<RightsRow>> RightsAbout(const std::string& share_id);
  absl::StatusOr<std::vector<RightsRow>> RightsBecauseOf(const std::string& event_id);
  // The first of each event, newest first, below row `before` (0: from the newest).
  absl::StatusOr<std::vector<RightsRow>> ListRights(int64_t before, int limit);
  absl::StatusOr<std::vector<RightsCall>> PendingRightsCalls();

  // Files of the folder hand-over, by the SHA-256 of their octets.
  absl::StatusOr<std::optional<std::string>> SeenFile(absl::string_view digest);
  absl::Status SaveFile(absl::string_view digest, const std::string& result);

  // Single values: newest checkpoint, directory version.
  absl::StatusOr<std::string> Kept(const std::string& name);
  absl::Status Keep(const std::string& name, absl::string_view value) {
    return Together([&](Changes& changes) { return changes.Keep(name, value); });
  }

  absl::StatusOr<int64_t> OutboxDepth();
  absl::StatusOr<int64_t> InboxDepth();

 private:
  State(std::unique_ptr<StateFile> file, const Clock& clock) : file_(std::move(file)), clock_(clock) {}
  template <typename... Values>
  absl::Status Change(absl::string_view text, const Values&... values) {
    return file_->Change([&](Sql& sql) { return Sql::Statement(sql, text).Bind(values...).Run(); });
  }
  // Likewise; true when it changed a row.
  template <typename... Values>
  absl::StatusOr<bool> ChangeOne(absl::string_view text, const Values&... values) {
    bool changed = false;
    RETURN_IF_ERROR(file_->Change([&](Sql& sql) {
      const absl::Status run = Sql::Statement(sql, text).Bind(values...).Run();
      changed = sql.changes() > 0;
      return run;
    }));
    return changed;
  }
  template <typename... Values>
  absl::StatusOr<std::vector<OutboxRow>> Outbox(absl::string_view where, const Values&... values);
  template <typename... Values>
  absl::StatusOr<std::vector<InboxRow>> Inbox(absl::string_view where, const Values&... values);
  absl::StatusOr<int64_t> Count(absl::string_view sql);
  // First column of the first row; nullopt: none.
  absl::StatusOr<std::optional<std::string>> First(absl::string_view sql, absl::string_view value);

  const std::unique_ptr<StateFile> file_;
  const Clock& clock_;
};

}  // namespace derwent::agents
