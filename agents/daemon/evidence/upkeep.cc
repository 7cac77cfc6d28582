#include "agents/daemon/evidence/upkeep.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/restrictions.h"
#include "agents/daemon/context/share_outcome.h"
#include "agents/daemon/evidence/final_receipts.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/mailbox_lifetime.h"
#include "derwent/v1/agent.pb.h"
#include "trust/base/status_macros.h"
#include "trust/identity/key_event.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

// A sealing key counts 90 days at most (key.proto), a certificate as long as it says.
constexpr absl::Duration kLongestSealing = absl::Hours(24 * 90);
// A key counts from a little before it was published: clocks differ by 30 s at most.
constexpr absl::Duration kClockSkew = absl::Seconds(30);

std::vector<std::string> RecipientsOf(const OutboxRow& share) {
  v1::ShareOutcome outcome;
  return outcome.ParseFromString(share.outcome) ? RecipientsIn(outcome) : std::vector<std::string>();
}

}  // namespace

absl::Status Upkeep::RunAll() {
  absl::Status first;
  const auto run = [&](absl::string_view what, const absl::Status& status) {
    if (status.ok()) return;
    if (!absl::IsUnavailable(status) && !absl::IsDeadlineExceeded(status)) context_.log.Failure(what, status);
    if (first.ok()) first = status;
  };
  run("own keys could not be published", PublishKeys());
  run("old sealing keys were not destroyed", DestroySealingKeys());
  run("the policy was not taken", SyncPolicy());
  run("the own directory could not be published", PublishDirectory());
  run("directories were not taken", SyncDirectories());
  run("the log was not checked", evidence_.CheckNewest());
  run("receipts were not made final", FinishReceipts(context_, evidence_));
  run("shares were not reconciled", Reconcile());
  run("the broker was not told of restrictions", TellRestrictions(context_));
  context_.metrics.SetBrokerReachable(!absl::IsUnavailable(first) && !absl::IsDeadlineExceeded(first));
  return first;
}

absl::Status Upkeep::SyncPolicy() {
  const auto roots = context_.roots.get();
  v1::GetPolicyBundleRequest request;
  request.set_known_policy_digest(context_.policy.policy_digest());
  request.set_known_governance_digest(context_.policy.governance_digest());
  ASSIGN_OR_RETURN(const v1::GetPolicyBundleResponse response, context_.broker.GetPolicyBundle(request));
  const absl::Status taken = context_.policy.TakeBundle(response, roots->policy, context_.clock.Now());
  if (!taken.ok()) context_.Alarm("POLICY_REJECTED", "", "");
  return taken;
}

absl::StatusOr<bool> Upkeep::TakeOnce(const v1::AgencyKeys& keys) {
  const auto roots = context_.roots.get();
  absl::Status observed;  // It has alarms of its own.
  const KnownLedger ledger{
      .observe = [&](const auto& checkpoints) { return observed = evidence_.Observe(checkpoints); },
      .witnessed = [&](uint64_t index) { return context_.quorum.Covers(index); }};
  const auto taken = context_.keys.Take(keys, roots->anchors, context_.clock.Now(), ledger);
  if (taken.ok()) return taken->pending;
  if (observed.ok() && absl::IsDataLoss(taken.status())) context_.Alarm("KEYS_REWRITTEN", "", keys.agency());
  if (observed.ok() && absl::IsUnauthenticated(taken.status()) && keys.events_size() > 0)
    context_.Alarm("KEY_UNTRUSTED", "", keys.agency());
  return taken.status();
}

absl::Status Upkeep::TakeKeys(const v1::AgencyKeys& keys) {
  ASSIGN_OR_RETURN(const bool pending, TakeOnce(keys));
  if (pending) {
    // Perhaps its witnesses cosigned since this agent looked last. What else is wrong with the log stops nothing here.
    if (evidence_.CheckNewest().ok()) RETURN_IF_ERROR(TakeOnce(keys).status());
  }
  if (keys.agency() != context_.identity.agency) return absl::OkStatus();
  for (const std::string& key_id : context_.keys.Foreign(keys.agency(), context_.identity.keys->Ids()))
    context_.Alarm("FOREIGN_KEY_IN_OUR_NAME", "", keys.agency(), key_id);
  return absl::OkStatus();
}

absl::Status Upkeep::SyncKeys(const std::string& agency) {
  v1::GetAgencyKeysRequest request;
  request.set_agency(agency);
  ASSIGN_OR_RETURN(const v1::AgencyKeys keys, context_.broker.GetAgencyKeys(request));
  if (keys.agency() != agency) return absl::DataLossError("the broker answered with another agency's keys");
  return TakeKeys(keys);
}

absl::Status Upkeep::PublishKeys() {
  OwnKeys& own = *context_.identity.keys;
  const absl::Status refreshed = own.Refresh();
  if (!refreshed.ok()) context_.log.Failure("an own key was not taken", refreshed);
  RETURN_IF_ERROR(SyncOwnKeys());
  absl::Status first;  // One that is refused does not keep the next from being published.
  for (const trust::KeyUse use : {trust::KeyUse::kSigning, trust::KeyUse::kSealing}) {
    for (const OwnKeys::Held& key : own.All(use)) first.Update(PublishOnce(*key, use));
  }
  return first;
}

// What was published, be it revoked or ended since, is not published again; what lapsed unpublished never is.
absl::Status Upkeep::PublishOnce(const CertifiedKey& key, trust::KeyUse use) {
  if (context_.keys.Published(context_.identity.agency, key.id()) ||
      key.certificate.not_after() <= context_.clock.Now())
    return absl::OkStatus();
  RETURN_IF_ERROR(PublishKey(key, use == trust::KeyUse::kSigning ? v1::KEY_PURPOSE_SIGNING : v1::KEY_PURPOSE_SEALING,
                             *context_.keys.Find(context_.identity.agency)));
  return SyncOwnKeys();
}

// What counts now signs from now on.
absl::Status Upkeep::SyncOwnKeys() {
  RETURN_IF_ERROR(SyncKeys(context_.identity.agency));
  const std::string signs =
      context_.identity.keys->Follow(*context_.keys.Find(context_.identity.agency), context_.clock.Now());
  ASSIGN_OR_RETURN(const std::string before, context_.state.Kept(kSigningKeyInUse));
  return before == signs ? absl::OkStatus() : context_.state.Keep(kSigningKeyInUse, signs);
}

// A sealing key that was published and counts no more is kept until nothing that was sealed to it can lie in a mailbox;
// the newest stays.
absl::Status Upkeep::DestroySealingKeys() {
  const absl::Time now = context_.clock.Now();
  const auto history = context_.keys.Find(context_.identity.agency);
  std::vector<OwnKeys::Held> keys = context_.identity.keys->All(trust::KeyUse::kSealing);
  keys.pop_back();
  for (const OwnKeys::Held& key : keys) {
    if (!context_.keys.Published(context_.identity.agency, key->id()) ||
        history->Find(trust::KeyUse::kSealing, key->id(), now) != nullptr ||
        history->IsPending(trust::KeyUse::kSealing, key->id(), now))
      continue;
    const std::string name = absl::StrCat("sealing_ended/", key->id());
    ASSIGN_OR_RETURN(const std::string kept, context_.state.Kept(name));
    int64_t ended = 0;
    if (!absl::SimpleAtoi(kept, &ended)) {
      RETURN_IF_ERROR(context_.state.Keep(name, absl::StrCat(absl::ToUnixSeconds(now))));
      continue;
    }
    if (now - absl::FromUnixSeconds(ended) < kMailboxLifetime) continue;
    RETURN_IF_ERROR(context_.identity.keys->DestroySealing(key->id()));
    context_.log.Write("info", "a sealing key was destroyed", {{"key", key->id()}});
  }
  return absl::OkStatus();
}

absl::Status Upkeep::PublishKey(const CertifiedKey& key, v1::KeyPurpose purpose, const trust::KeyHistory& history) {
  const absl::Time now = context_.clock.Now();
  const absl::Time from = std::max(key.certificate.not_before(), now - kClockSkew);
  v1::KeyEvent event;
  event.set_agency(context_.identity.agency);
  event.set_sequence(history.length() + 1);
  event.set_action(v1::KEY_ACTION_PUBLISH);
  event.set_purpose(purpose);
  event.set_certificate(key.certificate.der());
  event.set_key_id(key.key.public_key().key_id());
  event.set_previous_event_digest(history.last_event_digest());
  *event.mutable_valid_from() = trust::ToTimestamp(from);
  const absl::Time latest = purpose == v1::KEY_PURPOSE_SEALING ? from + kLongestSealing : absl::InfiniteFuture();
  *event.mutable_valid_until() = trust::ToTimestamp(std::min(key.certificate.not_after(), latest));
  v1::PublishKeyEventRequest request;
  request.set_request_id(context_.random.NewUuid().text());
  ASSIGN_OR_RETURN(*request.mutable_event(),
                   trust::SignMessage(trust::kKeyEventType, event, context_.identity.keys->signing()->key));
  RETURN_IF_ERROR(context_.broker.PublishKeyEvent(request).status());
  context_.log.Write("info", "a key was published", {{"key", event.key_id()}});
  return absl::OkStatus();
}

absl::Status Upkeep::PublishDirectory() {
  if (directory_.agency().empty()) return absl::OkStatus();
  if (context_.policy.directory_version(directory_.agency()) >= directory_.version()) return absl::OkStatus();
  v1::ApplyDirectoryRequest request;
  request.set_request_id(context_.random.NewUuid().text());
  ASSIGN_OR_RETURN(*request.mutable_directory(),
                   trust::SignMessage(trust::kDirectoryType, directory_, context_.identity.keys->signing()->key));
  const absl::Status applied = context_.broker.ApplyDirectory(request).status();
  // The broker has this version or a later one already.
  return ReasonOf(applied) == "SEQUENCE_BROKEN" ? absl::OkStatus() : applied;
}

absl::Status Upkeep::SyncDirectories() {
  v1::ListDirectoriesRequest request;
  request.set_known_digest(context_.policy.directories_digest());
  ASSIGN_OR_RETURN(const v1::ListDirectoriesResponse response, context_.broker.ListDirectories(request));
  for (const v1::DsseEnvelope& envelope : response.directories()) {
    v1::Directory directory;
    if (!directory.ParseFromString(envelope.payload())) continue;
    const bool known = directory.version() == context_.policy.directory_version(directory.agency()) &&
                       context_.keys.Find(directory.agency())->length() > 0;
    if (known) continue;  // Its keys were read with it.
    const absl::Status keys = SyncKeys(directory.agency());
    if (WorthRetrying(keys)) return keys;
  }
  const absl::Status taken = context_.policy.TakeDirectories(response, context_.keys, context_.clock.Now());
  if (absl::IsDataLoss(taken)) context_.Alarm("REGISTER_ROLLED_BACK", "", "");
  if (absl::IsUnauthenticated(taken)) context_.Alarm("REGISTER_REJECTED", "", "");
  return taken;
}

absl::Status Upkeep::TakeRecipientKeys(const v1::AgencyKeys& keys) {
  const absl::Status taken = TakeKeys(keys);
  if (WorthRetrying(taken)) return taken;
  if (!taken.ok()) context_.log.Failure("keys of a recipient were not taken", taken, {{"peer", keys.agency()}});
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const PolicyCache::View>> Upkeep::ViewAt(const google::protobuf::Timestamp& decide_time,
                                                                        absl::string_view policy_digest) {
  const absl::Duration skew = context_.clock.Now() - trust::FromTimestamp(decide_time);
  if (skew > kClockSkew || skew < -kClockSkew) {
    return Fault(absl::StatusCode::kFailedPrecondition, "CLOCK_SKEWED",
                 "this machine's clock is more than 30 s from the broker's");
  }
  // Signatures, notices and directories change without the digest: decisions are made under what is in force now.
  RETURN_IF_ERROR(SyncPolicy());
  const absl::Status directories = SyncDirectories();
  if (WorthRetrying(directories)) return directories;
  const std::shared_ptr<const PolicyCache::View> view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("the directories were not verified yet");
  return view->bundle->policy_digest == policy_digest ? view : nullptr;
}

absl::Status Upkeep::Reconcile() {
  ASSIGN_OR_RETURN(const std::vector<OutboxRow> overdue, context_.state.OverdueShares(context_.clock.Now()));
  for (const OutboxRow& share : overdue) {
    for (const std::string& agency : RecipientsOf(share)) {
      ASSIGN_OR_RETURN(const bool heard, context_.state.WasHeardOf(share.share_id, agency));
      if (!heard) context_.Alarm("ACKNOWLEDGEMENT_MISSING", share.share_id, agency);
    }
    RETURN_IF_ERROR(context_.state.MarkReconciled(share.share_id));
  }
  return absl::OkStatus();
}

}  // namespace derwent::agents
