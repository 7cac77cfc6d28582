#include <algorithm>
#include <utility>
#include <variant>

#include "agents/daemon/context/fault.h"
#include "agents/daemon/receiving/receiver.h"
#include "agents/sdk/envelope.h"
#include "derwent/v1/agent.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

// Packages: opening, evidence, refusing, keeping.

namespace derwent::agents {
namespace {

bool IsReply(const v1::Manifest& manifest) {
  return manifest.kind() == v1::PACKAGE_KIND_ANSWER || manifest.kind() == v1::PACKAGE_KIND_SUPPLEMENT;
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
  *item.mutable_receive_time() = ToTimestamp(now);
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
                         .policy_known = [this](absl::string_view digest) { return context_.policy.Knows(digest); },
                         .obligations = &view->obligations,
                         .now = context_.clock.Now()};
  return OpenPackage(package, open);
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
    if (IsReply(*manifest)) RETURN_IF_ERROR(parts_.asker.Take(*manifest));
    RETURN_IF_ERROR(parts_.handover.Give(*before));
    RETURN_IF_ERROR(parts_.handover.GiveSupersessions());
    RETURN_IF_ERROR(parts_.postman.QueueAcknowledgement(*before));
    context_.to_send.Ring();
    RETURN_IF_ERROR(parts_.postman.Drain().status());
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
  RETURN_IF_ERROR(TakeEvidence(delivery, *manifest, digest));
  const OpenedPackage& opened = std::get<OpenedPackage>(result);
  ASSIGN_OR_RETURN(const bool continues, ContinuesOwn(opened.manifest));
  if (!continues) {
    return Refuse(
        delivery, *manifest,
        {.why = "it supersedes what is not the version before of the same sender", .manifest_digest = digest});
  }
  if (IsReply(opened.manifest)) {
    const absl::Status judged = parts_.asker.Judge(opened.manifest);
    if (absl::IsInvalidArgument(judged))
      return Refuse(delivery, *manifest, {.why = std::string(judged.message()), .manifest_digest = digest});
    RETURN_IF_ERROR(judged);
  }
  return Keep(delivery, opened);
}

absl::Status Receiver::TakeEvidence(const v1::Delivery& delivery, const v1::Manifest& manifest,
                                    const Sha256Digest& digest) {
  std::vector<Evidence::Shown> shown;
  for (const v1::Receipt& receipt : delivery.receipts())
    shown.push_back({.receipt = receipt, .expected = ExpectedOf(manifest, digest)});
  const absl::Status taken =
      shown.empty() ? absl::DataLossError("a package came without evidence") : parts_.evidence.Take(shown);
  // Only what CheckReceipt and the watch say of the evidence itself is anybody's fault.
  if (!absl::IsUnauthenticated(taken) && !absl::IsDataLoss(taken) && !absl::IsInvalidArgument(taken)) return taken;
  // The sender must know of it, and the ledger: a broker that shows no evidence has to enter that it was told so.
  if (shown.empty()) context_.Alarm("RECEIPT_MISSING", manifest.share_id(), manifest.sender_agency());
  const v1::NoticeKind complaint = shown.empty() ? v1::NOTICE_KIND_RECEIPT_MISSING : v1::NOTICE_KIND_RECEIPT_INVALID;
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

// What is kept of a package; nullopt: nothing but its manifest (a selector that matched nobody).
absl::StatusOr<std::optional<std::string>> Receiver::ContentOf(const OpenedPackage& opened,
                                                               const v1::Delivery& delivery, absl::Time now) {
  if (IsReply(opened.manifest)) return Asker::Kept(opened, delivery.receipts()).SerializeAsString();
  if (opened.manifest.kind() == v1::PACKAGE_KIND_SELECTOR) {
    ASSIGN_OR_RETURN(const bool matched, parts_.holder.Take(opened));
    if (!matched) return std::nullopt;
  }
  return ReferralOf(opened, delivery, now).SerializeAsString();
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

absl::StatusOr<bool> Receiver::Keep(const v1::Delivery& delivery, const OpenedPackage& opened) {
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
  ASSIGN_OR_RETURN(const std::optional<std::string> content, ContentOf(opened, delivery, now));
  if (content.has_value()) {
    const trust::SecretBytes plain = trust::SecretBytes::CopyOf(*content);
    ASSIGN_OR_RETURN(row.content,
                     SealForStore(context_.identity, row.share_id, plain.RevealForCrypto(), context_.random));
  }
  RETURN_IF_ERROR(context_.state.SaveReceived(row, manifest.supersedes_share_id()).status());
  if (IsReply(manifest)) RETURN_IF_ERROR(parts_.asker.Take(manifest));
  ASSIGN_OR_RETURN(const std::optional<InboxRow> kept, context_.state.FindReceived(row.share_id));
  // The later version first: the system is never without either.
  if (kept.has_value()) RETURN_IF_ERROR(parts_.handover.Give(*kept));
  RETURN_IF_ERROR(parts_.handover.GiveSupersessions());
  RETURN_IF_ERROR(parts_.postman.QueueAcknowledgement(row));
  context_.to_send.Ring();
  context_.metrics.ShareReceived("TAKEN");
  context_.log.Write("info", "a share was received", {{"share", row.share_id}, {"peer", row.sender}});
  RETURN_IF_ERROR(parts_.postman.Drain().status());
  return true;
}

}  // namespace derwent::agents
