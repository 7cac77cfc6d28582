#include "agents/sdk/package.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/labels.h"
#include "agents/sdk/seal/hpke.h"
#include "agents/sdk/seal/unit.h"
#include "trust/base/status_macros.h"
#include "trust/entry/canonical.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/aead.h"
#include "trust/secret/secret_bytes.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr size_t kSaltOctets = 32;

std::string UnitRow(const v1::ManifestUnit& unit) {
  trust::CanonicalWriter row("derwent/unit-row/v1");
  row.Number(1, unit.number());
  row.Number(2, unit.subject());
  row.Text(3, unit.category());
  row.Text(4, unit.form());
  row.Number(5, unit.size_bucket());
  row.Text(6, unit.ciphertext_digest());
  row.Text(7, unit.key_commitment());
  return row.octets();
}

v1::Manifest HeadOf(const ShareHead& share, const PackageRecipient& recipient) {
  v1::Manifest manifest;
  manifest.set_share_id(share.share_id);
  manifest.set_version(share.version);
  manifest.set_kind(share.kind);
  manifest.set_sender_agency(share.sender_agency);
  manifest.set_recipient_agency(recipient.agency);
  manifest.set_recipient_role(recipient.role);
  manifest.set_recipient_person(recipient.person);
  manifest.set_profile(share.profile);
  manifest.set_purpose(share.purpose);
  manifest.set_board(share.board);
  manifest.set_area(share.area);
  manifest.set_case_id(share.case_id);
  manifest.set_step(share.step);
  manifest.set_product(share.product);
  manifest.set_document_reference(share.document_reference);
  manifest.set_policy_digest(share.policy_digest.bytes());
  *manifest.mutable_create_time() = trust::ToTimestamp(share.create_time);
  *manifest.mutable_expire_time() = trust::ToTimestamp(recipient.expire_time);
  manifest.set_marking(recipient.marking);
  manifest.mutable_obligations()->Assign(recipient.obligations.begin(), recipient.obligations.end());
  manifest.set_existence_sensitive(recipient.existence_sensitive);
  manifest.set_supersedes_share_id(share.supersedes_share_id);
  manifest.set_reply_to_share_id(share.reply_to_share_id);
  manifest.set_adds_to_share_id(share.adds_to_share_id);
  if (recipient.question.has_value()) *manifest.mutable_question() = *recipient.question;
  return manifest;
}

v1::SenderStatement StatementOf(const ShareHead& share, const PackageRecipient& recipient, trust::Random& random) {
  v1::SenderStatement statement;
  statement.set_salt(random.Bytes(kSaltOctets));
  statement.set_acting_person(share.acting_person);
  for (const PackageSubject& subject : recipient.subjects) {
    v1::AskedSubject& asked = *statement.add_subjects();
    asked.set_number(subject.number);
    asked.mutable_categories()->Assign(subject.asked_categories.begin(), subject.asked_categories.end());
    asked.set_holder_commitment(subject.holder_commitment.bytes());
    asked.mutable_onward()->Assign(subject.onward.begin(), subject.onward.end());
  }
  return statement;
}

absl::Status AddSubjects(const PackageRecipient& recipient, trust::Random& random, v1::Manifest& manifest,
                         v1::KeyRing& ring) {
  for (const PackageSubject& subject : recipient.subjects) {
    v1::ManifestSubject& added = *manifest.add_subjects();
    added.set_number(subject.number);
    added.set_role(subject.role);
    added.mutable_grounds()->Assign(subject.grounds.begin(), subject.grounds.end());
    if (subject.justification.empty()) continue;
    if (subject.justification.size() > kMaxJustification)
      return absl::InvalidArgumentError("a justification is over 16 KiB");
    v1::Justification& justification = *ring.add_justifications();
    justification.set_subject(subject.number);
    justification.set_salt(random.Bytes(kSaltOctets));
    justification.set_text(subject.justification);
    added.set_justification_digest(JustificationDigest(justification.salt(), justification.text()).bytes());
  }
  return absl::OkStatus();
}

absl::Status AddUnit(const PackageUnit& unit, size_t bucket, trust::Random& random, v1::Manifest& manifest,
                     v1::Package& package, v1::KeyRing& ring) {
  const v1::UnitContent& content = unit.content;
  const auto number = static_cast<uint32_t>(manifest.units_size()) + 1;
  RETURN_IF_ERROR(CheckLabel(content, content.category(), content.form(), NeutralOf(manifest)));
  const trust::SecretBytes key(random.Bytes(trust::kAeadKeySize));
  const UnitLabel label{.share_id = manifest.share_id(),
                        .version = manifest.version(),
                        .unit = number,
                        .subject = unit.subject,
                        .category = content.category(),
                        .form = content.form()};
  const trust::SecretBytes plaintext(content.SerializeAsString());
  ASSIGN_OR_RETURN(std::string sealed,
                   SealUnit(key, label, plaintext.RevealForCrypto(), std::max(bucket, kSmallestBucket)));
  if (bucket != 0 && sealed.size() != bucket + trust::kAeadTagSize)
    return absl::InvalidArgumentError("a unit is over the size it must have");
  v1::ManifestUnit& row = *manifest.add_units();
  row.set_number(number);
  row.set_subject(unit.subject);
  row.set_category(content.category());
  row.set_form(content.form());
  row.set_size_bucket(static_cast<uint32_t>(sealed.size() - trust::kAeadTagSize));
  row.set_ciphertext_digest(trust::Sha256(sealed).bytes());
  row.set_key_commitment(KeyCommitment(key).bytes());
  v1::UnitKey& ring_key = *ring.add_keys();
  ring_key.set_unit(number);
  ring_key.set_key(std::string(key.RevealForCrypto()));
  package.add_units(std::move(sealed));
  return absl::OkStatus();
}

// Pads the ring to exactly `octets`.
absl::Status PadRing(size_t octets, v1::KeyRing& ring) {
  constexpr size_t kFrame = 3;    // Tag and length of the padding.
  constexpr size_t kLeast = 128;  // From here on the length takes two octets.
  const size_t taken = ring.ByteSizeLong() + kFrame;
  if (taken + kLeast > octets) return absl::InvalidArgumentError("a key ring is over the size it must have");
  ring.set_padding(std::string(octets - taken, '\0'));
  return absl::OkStatus();
}

}  // namespace

absl::string_view NeutralOf(const v1::Manifest& manifest) {
  return manifest.existence_sensitive() && manifest.kind() == v1::PACKAGE_KIND_ANSWER
             ? absl::string_view(manifest.sender_agency())
             : "";
}

std::string KeyRingBinding(const v1::Manifest& manifest) {
  std::vector<std::string> rows;
  for (const v1::ManifestUnit& unit : manifest.units()) rows.push_back(UnitRow(unit));
  trust::CanonicalWriter table("derwent/key-ring/v1");
  table.Text(1, manifest.share_id());
  table.Number(2, manifest.version());
  table.Text(3, manifest.sender_agency());
  table.Text(4, manifest.recipient_agency());
  table.Text(5, manifest.sealing_key_id());
  table.List(6, rows);
  return trust::Sha256(table.octets()).bytes();
}

Sha256Digest JustificationDigest(absl::string_view salt, absl::string_view text) {
  return trust::Sha256Parts({"derwent/justification/v1", salt, text});
}

absl::StatusOr<v1::Submission> SealPackage(const ShareHead& share, const PackageRecipient& recipient,
                                           const trust::PublicKey& sealing, const trust::SigningKey& signing,
                                           trust::Random& random) {
  v1::Submission submission;
  v1::Package& package = *submission.mutable_package();
  v1::Manifest manifest = HeadOf(share, recipient);
  manifest.set_sealing_key_id(sealing.key_id());
  submission.set_sender_statement(StatementOf(share, recipient, random).SerializeAsString());
  manifest.set_sender_statement_digest(trust::Sha256(submission.sender_statement()).bytes());
  v1::KeyRing ring;
  RETURN_IF_ERROR(AddSubjects(recipient, random, manifest, ring));
  for (const PackageUnit& unit : recipient.units)
    RETURN_IF_ERROR(AddUnit(unit, recipient.unit_bucket, random, manifest, package, ring));
  ring.mutable_answers()->Assign(recipient.answers.begin(), recipient.answers.end());
  ring.mutable_excluded_persons()->Assign(recipient.excluded_persons.begin(), recipient.excluded_persons.end());
  ring.mutable_only_persons()->Assign(recipient.only_persons.begin(), recipient.only_persons.end());
  if (recipient.ring_octets != 0) RETURN_IF_ERROR(PadRing(recipient.ring_octets, ring));
  const trust::SecretBytes ring_octets(ring.SerializeAsString());
  ASSIGN_OR_RETURN(std::string sealed_ring,
                   HpkeSeal(sealing, KeyRingBinding(manifest), "", ring_octets.RevealForCrypto()));
  manifest.set_key_ring_digest(trust::Sha256(sealed_ring).bytes());
  package.set_key_ring(std::move(sealed_ring));
  ASSIGN_OR_RETURN(*package.mutable_manifest(), trust::SignMessage(trust::kManifestType, manifest, signing));
  for (v1::UnitKey& key : *ring.mutable_keys()) std::ranges::fill(*key.mutable_key(), '\0');
  return submission;
}

}  // namespace derwent::agents
