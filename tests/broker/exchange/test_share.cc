#include "tests/broker/exchange/test_share.h"

#include <atomic>

#include "absl/strings/str_format.h"

#include "derwent/v1/key.pb.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr size_t kUnitOctets = 256;

}  // namespace

std::string FreshRequestId() {
  static std::atomic<uint32_t> number = 0;
  return absl::StrFormat("7c9e6679-7425-40de-944b-%012x", ++number);
}

v1::DsseEnvelope SignedWith(const trust::SigningKey& key, absl::string_view type,
                            const google::protobuf::Message& message) {
  return trust::SignMessage(type, message, key).value();
}

v1::DsseEnvelope MakeKeyEvent(const std::string& agency, uint32_t sequence, const testing::TestIdentity& identity,
                              const std::string& previous, absl::Time now, const trust::SigningKey& key, bool signing) {
  v1::KeyEvent event;
  event.set_agency(agency);
  event.set_sequence(sequence);
  event.set_action(v1::KEY_ACTION_PUBLISH);
  event.set_purpose(sequence == 1 || signing ? v1::KEY_PURPOSE_SIGNING : v1::KEY_PURPOSE_SEALING);
  event.set_certificate(identity.certificate_der);
  event.set_key_id(identity.key_id);
  event.set_previous_event_digest(previous);
  *event.mutable_valid_from() = trust::ToTimestamp(now - absl::Minutes(30));
  *event.mutable_valid_until() = trust::ToTimestamp(now + absl::Hours(24 * 50));
  return SignedWith(key, trust::kKeyEventType, event);
}

v1::SubmitReferralRequest MakeShare(const ShareParts& parts, const trust::SigningKey& key, const ShareChange& change) {
  v1::SubmitReferralRequest request;
  request.set_request_id(parts.share_id);
  v1::Submission& submission = *request.add_submissions();
  v1::SenderStatement statement;
  statement.set_salt(std::string(32, 's'));
  statement.set_acting_person(kPractitioner);
  v1::AskedSubject& asked = *statement.add_subjects();
  asked.set_number(1);
  asked.set_holder_commitment(std::string(32, 'c'));
  v1::Manifest manifest;
  manifest.set_share_id(parts.share_id);
  manifest.set_version(1);
  manifest.set_kind(v1::PACKAGE_KIND_REFERRAL);
  manifest.set_sender_agency(kSender);
  manifest.set_recipient_agency(kRecipient);
  manifest.set_recipient_role("practitioner");
  manifest.set_profile("fire_safety");
  manifest.set_purpose("case.fire_safety");
  manifest.set_area("E07000034");
  manifest.set_policy_digest(parts.policy_digest);
  *manifest.mutable_create_time() = trust::ToTimestamp(parts.now);
  *manifest.mutable_expire_time() = trust::ToTimestamp(parts.now + absl::Hours(72));
  manifest.set_sealing_key_id(parts.sealing_key_id);
  v1::ManifestSubject& subject = *manifest.add_subjects();
  subject.set_number(1);
  subject.set_role("resident");
  subject.set_justification_digest(std::string(32, 'j'));
  submission.mutable_package()->set_key_ring("sealed ring");
  for (const char* category : {"fire_risk", "identity"}) {
    const std::string sealed(kUnitOctets + 16, category[0]);
    submission.mutable_package()->add_units(sealed);
    asked.add_categories(category);
    v1::ManifestUnit& unit = *manifest.add_units();
    unit.set_number(static_cast<uint32_t>(manifest.units_size()));
    unit.set_subject(1);
    unit.set_category(category);
    unit.set_form("full");
    unit.set_size_bucket(kUnitOctets);
    unit.set_ciphertext_digest(trust::Sha256(sealed).bytes());
    unit.set_key_commitment(std::string(32, 'k'));
  }
  manifest.set_key_ring_digest(trust::Sha256(submission.package().key_ring()).bytes());
  if (change) change(manifest, statement);
  submission.set_sender_statement(statement.SerializeAsString());
  manifest.set_sender_statement_digest(trust::Sha256(submission.sender_statement()).bytes());
  *submission.mutable_package()->mutable_manifest() = SignedWith(key, trust::kManifestType, manifest);
  v1::SubjectReferences& references = *request.add_references();
  references.set_subject(1);
  references.add_references(std::string(32, 'r'));
  return request;
}

}  // namespace derwent::exchange
