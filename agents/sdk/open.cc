#include "agents/sdk/open.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "agents/sdk/agency_signature.h"
#include "agents/sdk/field_set.h"
#include "agents/sdk/labels.h"
#include "agents/sdk/mailbox_lifetime.h"
#include "agents/sdk/package.h"
#include "agents/sdk/seal/hpke.h"
#include "agents/sdk/seal/unit.h"
#include "policy/engine/field_set.h"
#include "policy/loader/asked_table.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/aead.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

// Each check returns why it fails; the kind of notice follows from the stage.
absl::Status Broken(absl::string_view why) { return absl::DataLossError(why); }

// What each kind of package must and must not have.
absl::Status CheckKind(const v1::Manifest& manifest) {
  const bool selector = manifest.kind() == v1::PACKAGE_KIND_SELECTOR;
  const bool reply = manifest.kind() == v1::PACKAGE_KIND_ANSWER || manifest.kind() == v1::PACKAGE_KIND_SUPPLEMENT;
  if (!selector && !reply && manifest.kind() != v1::PACKAGE_KIND_REFERRAL)
    return Broken("the kind of package is not known here");
  if (manifest.has_question() != selector || manifest.reply_to_share_id().empty() == reply)
    return Broken("the package has not the parts of its kind");
  if ((selector || reply) && (manifest.subjects_size() != 1 || manifest.subjects(0).number() != 1))
    return Broken("a request is about one subject");
  const bool counts = selector && policy::AsksForCountsAlone(manifest.question());
  if (counts && !manifest.units().empty()) return Broken("a question for counts names somebody");
  const bool may_be_empty = counts || (reply && !manifest.existence_sensitive());
  if (manifest.units().empty() && (selector || reply) && !may_be_empty) return Broken("the package has no units");
  return absl::OkStatus();
}

absl::Status CheckHead(const v1::Manifest& manifest, const OpenContext& context) {
  if (manifest.recipient_agency() != context.own_agency) return Broken("the package is for another agency");
  if (manifest.sender_agency() != context.sender->agency())
    return Broken("the package names another sender than its signature");
  RETURN_IF_ERROR(CheckKind(manifest));
  // Files are named after it.
  if (!Uuid::Parse(manifest.share_id()).ok()) return Broken("the share has no id");
  if (manifest.version() == 0) return Broken("the share has no version");
  const absl::Time made = trust::FromTimestamp(manifest.create_time());
  if (trust::FromTimestamp(manifest.expire_time()) <= made) return Broken("the package expires before it was made");
  if (trust::FromTimestamp(manifest.expire_time()) <= context.now || made + kMailboxLifetime <= context.now)
    return Broken("the package is older than it may be");
  if (!context.policy_known(manifest.policy_digest()))
    return Broken("the package was decided under a policy not verified here");
  return absl::OkStatus();
}

bool HasSubject(const v1::Manifest& manifest, uint32_t number) {
  return std::ranges::any_of(manifest.subjects(),
                             [number](const v1::ManifestSubject& subject) { return subject.number() == number; });
}

absl::Status CheckUnits(const v1::Package& package, const v1::Manifest& manifest) {
  if (package.units_size() != manifest.units_size() || manifest.units_size() > static_cast<int>(kMaxUnits)) {
    return Broken("the package has not the units of its manifest");
  }
  for (int i = 0; i < manifest.units_size(); ++i) {
    const v1::ManifestUnit& row = manifest.units(i);
    const std::string& sealed = package.units(i);
    const bool bucket = std::has_single_bit(row.size_bucket()) && row.size_bucket() >= kSmallestBucket &&
                        row.size_bucket() <= kLargestBucket;
    if (row.number() != static_cast<uint32_t>(i) + 1 || !HasSubject(manifest, row.subject()) || !bucket) {
      return Broken(absl::StrCat("unit ", i + 1, " is not in order"));
    }
    if (sealed.size() != row.size_bucket() + trust::kAeadTagSize ||
        trust::Sha256(sealed).view() != row.ciphertext_digest()) {
      return Broken(absl::StrCat("unit ", i + 1, " is not the one of the manifest"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::KeyRing> OpenRing(const v1::Package& package, const v1::Manifest& manifest,
                                     const OpenContext& context) {
  if (trust::Sha256(package.key_ring()).view() != manifest.key_ring_digest())
    return Broken("the key ring is not the one of the manifest");
  const trust::SigningKey* sealing = context.sealing_key(manifest.sealing_key_id());
  if (sealing == nullptr) return Broken("the key ring is sealed to a key that is not held here");
  ASSIGN_OR_RETURN(const trust::SecretBytes octets, [&]() -> absl::StatusOr<trust::SecretBytes> {
    ASSIGN_OR_RETURN(std::string opened, HpkeOpen(*sealing, KeyRingBinding(manifest), "", package.key_ring()));
    return trust::SecretBytes(std::move(opened));
  }());
  v1::KeyRing ring;
  const absl::string_view text = octets.RevealForCrypto();
  if (!ring.ParseFromArray(text.data(), static_cast<int>(text.size()))) return Broken("the key ring is malformed");
  if (ring.keys_size() != manifest.units_size()) return Broken("the key ring has not the keys of the manifest");
  for (int i = 0; i < ring.keys_size(); ++i) {
    const trust::SecretBytes key = trust::SecretBytes::CopyOf(ring.keys(i).key());
    if (ring.keys(i).unit() != manifest.units(i).number() || key.size() != trust::kAeadKeySize ||
        KeyCommitment(key).view() != manifest.units(i).key_commitment()) {
      return Broken(absl::StrCat("the key of unit ", i + 1, " is not the one of the manifest"));
    }
  }
  return ring;
}

absl::Status TakeJustifications(const v1::KeyRing& ring, OpenedPackage& opened) {
  for (const v1::ManifestSubject& subject : opened.manifest.subjects()) {
    const auto found = std::ranges::find(ring.justifications(), subject.number(), &v1::Justification::subject);
    const bool given = found != ring.justifications().end();
    if (given != !subject.justification_digest().empty()) return Broken("a justification is missing or too many");
    if (!given) continue;
    if (JustificationDigest(found->salt(), found->text()).view() != subject.justification_digest()) {
      return Broken("a justification is not the one of the manifest");
    }
    opened.justifications[subject.number()] = found->text();
  }
  return absl::OkStatus();
}

absl::Status OpenUnits(const v1::Package& package, const v1::KeyRing& ring, OpenedPackage& opened) {
  const std::vector<std::string>& fields = policy::DutyToNotifyFields();
  const std::set<std::string> statutory(fields.begin(), fields.end());
  for (int i = 0; i < opened.manifest.units_size(); ++i) {
    const v1::ManifestUnit& row = opened.manifest.units(i);
    const UnitLabel label{.share_id = opened.manifest.share_id(),
                          .version = opened.manifest.version(),
                          .unit = row.number(),
                          .subject = row.subject(),
                          .category = row.category(),
                          .form = row.form()};
    ASSIGN_OR_RETURN(std::string plaintext,
                     OpenUnit(trust::SecretBytes::CopyOf(ring.keys(i).key()), label, package.units(i)));
    const trust::SecretBytes secret(std::move(plaintext));
    const absl::string_view text = secret.RevealForCrypto();
    VerifiedUnit unit{.number = row.number(), .subject = row.subject()};
    const bool parsed = unit.content.ParseFromArray(text.data(), static_cast<int>(text.size()));
    // Whatever the sender's product lists: the enactment lists no more.
    const bool holds = parsed &&
                       CheckLabel(unit.content, row.category(), row.form(), NeutralOf(opened.manifest)).ok() &&
                       FieldSetsHold(unit.content, opened.manifest.sender_agency(), statutory);
    if (holds) {
      opened.units.push_back(std::move(unit));
    } else {
      opened.mislabelled.push_back(row.number());
    }
  }
  return absl::OkStatus();
}

absl::Status OpenSealed(const v1::Package& package, const OpenContext& context, OpenedPackage& opened) {
  RETURN_IF_ERROR(CheckUnits(package, opened.manifest));
  ASSIGN_OR_RETURN(v1::KeyRing ring, OpenRing(package, opened.manifest, context));
  RETURN_IF_ERROR(TakeJustifications(ring, opened));
  const absl::Status status = OpenUnits(package, ring, opened);
  opened.answers = {ring.answers().begin(), ring.answers().end()};
  opened.excluded_persons = {ring.excluded_persons().begin(), ring.excluded_persons().end()};
  opened.only_persons = {ring.only_persons().begin(), ring.only_persons().end()};
  for (v1::UnitKey& key : *ring.mutable_keys()) std::ranges::fill(*key.mutable_key(), '\0');
  return status;
}

}  // namespace

absl::StatusOr<v1::Manifest> PeekManifest(const v1::Package& package) {
  v1::Manifest manifest;
  if (!manifest.ParseFromString(package.manifest().payload()))
    return absl::InvalidArgumentError("the manifest is malformed");
  return manifest;
}

OpenResult OpenPackage(const v1::Package& package, const OpenContext& context) {
  const Sha256Digest digest = trust::Sha256(package.manifest().payload());
  const auto reject = [&digest](v1::NoticeKind kind, absl::string_view why) {
    return Rejection{.kind = kind, .why = std::string(why), .manifest_digest = digest};
  };
  if (package.ByteSizeLong() > 2 * kMaxShareOctets)
    return reject(v1::NOTICE_KIND_PACKAGE_REJECTED, "the package is over its limit");
  absl::StatusOr<v1::Manifest> manifest = PeekManifest(package);
  if (!manifest.ok()) return reject(v1::NOTICE_KIND_PACKAGE_REJECTED, manifest.status().message());
  const absl::Time made = trust::FromTimestamp(manifest->create_time());
  const absl::Status signature =
      VerifySigned(package.manifest(), trust::kManifestType, *context.sender, made, context.now);
  if (!signature.ok()) {
    return reject(context.sender->length() == 0 ? v1::NOTICE_KIND_KEY_UNTRUSTED : v1::NOTICE_KIND_PACKAGE_REJECTED,
                  signature.message());
  }
  if (const absl::Status head = CheckHead(*manifest, context); !head.ok()) {
    return reject(v1::NOTICE_KIND_PACKAGE_REJECTED, head.message());
  }
  for (const std::string& obligation : manifest->obligations()) {
    if (context.obligations->contains(obligation)) continue;
    return reject(v1::NOTICE_KIND_OBLIGATION_UNKNOWN, "an obligation is not known here");
  }
  OpenedPackage opened{.manifest = *std::move(manifest), .manifest_digest = digest};
  const absl::Status sealed = OpenSealed(package, context, opened);
  if (!sealed.ok()) return reject(v1::NOTICE_KIND_PACKAGE_REJECTED, sealed.message());
  return opened;
}

}  // namespace derwent::agents
