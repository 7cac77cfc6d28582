#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"
#include "agents/daemon/receiving/receiver.h"
#include "agents/sdk/receipts.h"
#include "derwent/v1/agent.pb.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

// Packages: opening, evidence, refusing, keeping.

namespace derwent::agents {
namespace {

bool IsReply(const v1::Manifest& manifest) {
  return manifest.kind() == v1::PACKAGE_KIND_ANSWER || manifest.kind() == v1::PACKAGE_KIND_SUPPLEMENT;
}

// Whether a subject of the package has no entry among those shown: each has one.
absl::StatusOr<bool> LacksEntry(const Evidence::Verified& receipts, const v1::Manifest& manifest) {
  std::set<std::string> entered;
  for (const ReceiptRow& row : receipts) {
    ASSIGN_OR_RETURN(const trust::Opening opening, OpeningOfKept(row.receipt));
    const std::string* const subject = opening.Value(trust::Field::kSubjectRole);
    if (subject != nullptr) entered.emplace(FieldAttribute(*subject, "subject"));
  }
  return std::ranges::any_of(manifest.subjects(), [&](const v1::ManifestSubject& subject) {
    return !entered.contains(absl::StrCat(subject.number()));
  });
}

v1::ReceivedReferral ReferralOf(const OpenedPackage& opened, const v1::Delivery& delivery, absl::Time now) {
  v1::ReceivedReferral referral;
  const v1::Manifest& manifest = opened.manifest;
  v1::InboxItem& item = *referral.mutable_item();
  item.set_share_id(manifest.share_id());
  item.set_sender_agency(manifest.sender_agency());
  item.set_profile(manifest.profile());
  item.set_role(manifest.recipient_role());
  item.set_state("RECEIVED");
  *item.mutable_receive_time() = trust::ToTimestamp(now);
  item.set_marking(manifest.marking());
  item.set_adds_to_share_id(manifest.adds_to_share_id());
  item.set_supersedes_share_id(manifest.supersedes_share_id());
  for (const VerifiedUnit& unit : opened.units) {
    v1::OpenedUnit& added = *referral.add_units();
    added.set_subject(unit.subject);
    const auto subject = std::ranges::find(manifest.subjects(), unit.subject, &v1::ManifestSubject::number);
    added.set_role(subject->role());
    *added.mutable_content() = unit.content;
  }
  if (!opened.justifications.empty()) referral.set_justification(opened.justifications.begin()->second);
  *referral.mutable_obligations() = manifest.obligations();
  *referral.mutable_receipts() = delivery.receipts();
  return referral;
}

}  // namespace

absl::StatusOr<OpenResult> Receiver::Open(const v1::Package& package, const v1::Manifest& manifest) {
  RETURN_IF_ERROR(FreshKeys(manifest.sender_agency(), package.manifest()));
  if (!context_.policy.Knows(manifest.policy_digest())) {
    const absl::Status synced = parts_.upkeep.SyncPolicy();
    if (WorthRetrying(synced)) return synced;
  }
  const auto view = context_.policy.view();
  if (view == nullptr) return absl::UnavailableError("no policy was verified yet");
  const auto sender = context_.keys.Find(manifest.sender_agency());
  OwnKeys::Held held;  // Through the opening.
  const OpenContext open{.own_agency = context_.identity.agency,
                         .sender = sender.get(),
                         .sealing_key =
                             [&](absl::string_view key_id) {
                               held = context_.identity.keys->Sealing(key_id);
                               return held == nullptr ? nullptr : &held->key;
                             },
                         .policy_known = [](absl::string_view) { return true; },  // Below.
                         .obligations = &view->obligations,
                         .now = context_.clock.Now()};
  OpenResult result = OpenPackage(package, open);
  // All else is in order: it stays with the broker, for whoever missed a policy may yet come to know it.
  if (std::holds_alternative<OpenedPackage>(result) && !context_.policy.Knows(manifest.policy_digest())) {
    context_.Alarm("POLICY_UNKNOWN", manifest.share_id(), manifest.sender_agency());
    return absl::FailedPreconditionError("the package was decided under a policy not verified here");
  }
  return result;
}

absl::StatusOr<bool> Receiver::HandlePackage(const v1::Delivery& delivery) {
  ASSIGN_OR_RETURN(const bool rejected, context_.state.WasRejected(delivery.delivery_id()));
  if (rejected) return false;
  const absl::StatusOr<v1::Manifest> manifest = PeekManifest(delivery.package());
  if (!manifest.ok()) {
    context_.Alarm("PACKAGE_REJECTED", "", "");
    RETURN_IF_ERROR(context_.state.Reject(delivery.delivery_id()));
    return false;
  }
  // It stays with the broker, and is delivered again.
  if (!context_.WitnessedOrEmergency(manifest->purpose(), manifest->share_id()).ok()) return false;
  const Sha256Digest digest = trust::Sha256(delivery.package().manifest().payload());
  ASSIGN_OR_RETURN(const std::optional<InboxRow> before, context_.state.FindReceived(manifest->share_id()));
  if (before.has_value() && before->manifest_digest == digest.view()) {
    // Kept before; what followed was lost or is on its way: the same again.
    RETURN_IF_ERROR(HandOver(manifest->share_id()));
    return true;
  }
  if (before.has_value()) {
    return Refuse(delivery, *manifest,
                  {.kind = v1::NOTICE_KIND_PACKAGE_REJECTED,
                   .why = "another package has this share id",
                   .manifest_digest = digest});
  }
  ASSIGN_OR_RETURN(OpenResult result, Open(delivery.package(), *manifest));
  if (const auto* rejection = std::get_if<Rejection>(&result); rejection != nullptr)
    return Refuse(delivery, *manifest, *rejection);
  ASSIGN_OR_RETURN(const Evidence::Verified receipts, VerifyEvidence(delivery, *manifest, digest));
  const OpenedPackage& opened = std::get<OpenedPackage>(result);
  const absl::Status fits = Fits(opened.manifest);
  if (absl::IsInvalidArgument(fits)) {
    RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) { return parts_.evidence.Keep(receipts, changes); }));
    return Refuse(delivery, *manifest, {.why = std::string(fits.message()), .manifest_digest = digest});
  }
  RETURN_IF_ERROR(fits);
  return Keep(delivery, opened, receipts);
}

absl::Status Receiver::Fits(const v1::Manifest& manifest) {
  ASSIGN_OR_RETURN(const bool continues, ContinuesOwn(manifest));
  if (!continues) return absl::InvalidArgumentError("it supersedes what is not the version before of the same sender");
  return IsReply(manifest) ? parts_.asker.Judge(manifest) : absl::OkStatus();
}

absl::StatusOr<Evidence::Verified> Receiver::VerifyEvidence(const v1::Delivery& delivery, const v1::Manifest& manifest,
                                                            const Sha256Digest& digest) {
  std::vector<Evidence::Shown> shown;
  for (const v1::Receipt& receipt : delivery.receipts())
    shown.push_back({.receipt = receipt, .expected = ExpectedOf(manifest, digest)});
  absl::StatusOr<Evidence::Verified> taken = absl::DataLossError("a package came without evidence");
  if (!shown.empty()) taken = parts_.evidence.Verify(shown);
  bool missing = shown.empty();
  if (taken.ok()) {
    ASSIGN_OR_RETURN(missing, LacksEntry(*taken, manifest));
    if (missing) taken = absl::DataLossError("a package came without evidence of one of its subjects");
  }
  if (!IsFaultOfReceipts(taken.status())) return taken;
  // The sender must know of it, and the ledger: a broker that shows no evidence has to enter that it was told so.
  if (missing) context_.Alarm("RECEIPT_MISSING", manifest.share_id(), manifest.sender_agency());
  const v1::NoticeKind complaint = missing ? v1::NOTICE_KIND_RECEIPT_MISSING : v1::NOTICE_KIND_RECEIPT_INVALID;
  RETURN_IF_ERROR(parts_.postman.QueueNotice(manifest, delivery.delivery_id(), complaint, {}, digest.bytes()));
  context_.to_send.Ring();
  RETURN_IF_ERROR(parts_.postman.Drain().status());
  return taken;
}

absl::StatusOr<bool> Receiver::Refuse(const v1::Delivery& delivery, const v1::Manifest& manifest,
                                      const Rejection& rejection) {
  const std::string code = NoticeCode(rejection.kind);
  context_.Alarm(code, manifest.share_id(), manifest.sender_agency());
  context_.metrics.ShareReceived(code);
  context_.log.Write("error", "a package was rejected",
                     {{"share", manifest.share_id()}, {"reason", code}, {"error", rejection.why}});
  RETURN_IF_ERROR(parts_.postman.QueueNotice(manifest, delivery.delivery_id(), rejection.kind, {},
                                             rejection.manifest_digest.bytes()));
  RETURN_IF_ERROR(context_.state.Reject(delivery.delivery_id()));
  RETURN_IF_ERROR(parts_.postman.Drain().status());
  return false;
}

// What supersedes takes the place of the version before, of the same sender, profile and purpose; what never came here
// is the broker's to judge.
absl::StatusOr<bool> Receiver::ContinuesOwn(const v1::Manifest& later) const {
  if (later.supersedes_share_id().empty()) return true;
  ASSIGN_OR_RETURN(const std::optional<InboxRow> older, context_.state.FindReceived(later.supersedes_share_id()));
  if (!older.has_value()) return true;
  v1::Manifest manifest;
  if (!manifest.ParseFromString(older->manifest)) return absl::DataLossError("a kept manifest does not parse");
  return manifest.sender_agency() == later.sender_agency() && manifest.kind() == later.kind() &&
         manifest.profile() == later.profile() && manifest.purpose() == later.purpose() &&
         later.version() == manifest.version() + 1;
}

absl::StatusOr<bool> Receiver::Keep(const v1::Delivery& delivery, const OpenedPackage& opened,
                                    const Evidence::Verified& receipts) {
  const v1::Manifest& manifest = opened.manifest;
  const absl::Time now = context_.clock.Now();
  if (!opened.mislabelled.empty()) {
    context_.Alarm("MISLABELLED", manifest.share_id(), manifest.sender_agency());
    RETURN_IF_ERROR(parts_.postman.QueueNotice(manifest, delivery.delivery_id(), v1::NOTICE_KIND_MISLABELLED,
                                               opened.mislabelled, opened.manifest_digest.bytes()));
  }
  InboxRow row{
      .share_id = manifest.share_id(),
      .delivery_id = delivery.delivery_id(),
      .sender = manifest.sender_agency(),
      .state = "RECEIVED",
      .manifest = delivery.package().manifest().payload(),
      .manifest_digest = opened.manifest_digest.bytes(),
      .receive_time = now,
      .handed_over = manifest.kind() != v1::PACKAGE_KIND_REFERRAL};  // Requests and answers are opened by persons only.
  std::optional<HeldRow> held;
  if (manifest.kind() == v1::PACKAGE_KIND_SELECTOR) {
    ASSIGN_OR_RETURN(held, parts_.holder.Take(manifest));
  }
  const trust::SecretBytes plain =
      trust::SecretBytes::CopyOf(IsReply(manifest) ? Asker::Kept(opened, delivery.receipts()).SerializeAsString()
                                                   : ReferralOf(opened, delivery, now).SerializeAsString());
  ASSIGN_OR_RETURN(row.content,
                   SealForStore(context_.identity, row.share_id, plain.RevealForCrypto(), context_.random));
  RETURN_IF_ERROR(context_.state.Together([&](Changes& changes) -> absl::Status {
    RETURN_IF_ERROR(parts_.evidence.Keep(receipts, changes));
    if (held.has_value()) RETURN_IF_ERROR(changes.SaveHeld(*held));
    RETURN_IF_ERROR(changes.SaveReceived(row, manifest.supersedes_share_id()).status());
    if (IsReply(manifest)) RETURN_IF_ERROR(Asker::Take(manifest, changes));
    // Where there is nothing to hand over, it is said at once.
    return row.handed_over ? parts_.postman.QueueAcknowledgement(row, changes) : absl::OkStatus();
  }));
  if (!row.handed_over) RETURN_IF_ERROR(HandOver(row.share_id));
  context_.to_send.Ring();
  context_.metrics.ShareReceived("TAKEN");
  context_.log.Write("info", "a share was received", {{"share", row.share_id}, {"peer", row.sender}});
  return true;
}

absl::Status Receiver::HandOver(const std::string& share_id) {
  ASSIGN_OR_RETURN(const std::optional<InboxRow> kept, context_.state.FindReceived(share_id));
  if (!kept.has_value()) return absl::OkStatus();
  // The later version first: the system is never without either.
  RETURN_IF_ERROR(parts_.handover.Give(share_id));
  RETURN_IF_ERROR(parts_.handover.GiveSupersessions());
  RETURN_IF_ERROR(parts_.postman.QueueAcknowledgement(*kept));
  context_.to_send.Ring();
  return absl::OkStatus();
}

}  // namespace derwent::agents
