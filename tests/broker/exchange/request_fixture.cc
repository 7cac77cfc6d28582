#include "tests/broker/exchange/request_fixture.h"

#include "absl/strings/str_cat.h"

#include "broker/exchange/cases/cases.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/request/answer_check.h"
#include "broker/exchange/request/requests.h"
#include "broker/ledger/search.h"
#include "derwent/v1/message.pb.h"
#include "policy/engine/calendar.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {

const Setting& Antisocial() {
  static const Setting& setting = *new Setting{.asker = "cbc",
                                               .profile = "tb.ncasb",
                                               .purpose = "case.asb_resolution",
                                               .board = "tb.ncasb",
                                               .subject_role = "complainant",
                                               .convenor_role = "spoc",
                                               .approver_role = "caldicott_guardian",
                                               .asked = {"health.mental", "identity", "incident"},
                                               .grounds = {"tb.ncasb.health.mental"},
                                               .released = {{.category = "identity"}, {.category = "incident"}},
                                               .approved = {.category = "health.mental", .form = "flag_only"}};
  return setting;
}

const Setting& HomeVisit() {
  static const Setting& setting =
      *new Setting{.asker = "dfrs",
                   .profile = "fire_safety",
                   .purpose = "case.fire_safety",
                   .board = "",
                   .subject_role = "resident",
                   .convenor_role = "spoc",
                   .approver_role = "spoc",
                   .asked = {"health.physical", "identity", "vulnerability.flag"},
                   .grounds = {"fire_safety.health.physical"},
                   .released = {{.category = "identity"}, {.category = "vulnerability.flag"}},
                   .approved = {.category = "health.physical", .form = "flag_only"}};
  return setting;
}

const Setting& Marac() {
  static const Setting& setting =
      *new Setting{.asker = "cbc",
                   .profile = "marac",
                   .purpose = "case.da_safety",
                   .board = "",
                   .subject_role = "victim",
                   .convenor_role = "marac_coordinator",
                   .approver_role = "marac_chair",
                   .asked = {"health.mental", "identity", "incident"},
                   .grounds = {"marac.health.mental"},
                   .released = {{.category = "health.mental", .form = "generalise", .bucket = kNeutralUnitOctets},
                                {.category = "identity", .form = "full", .bucket = kNeutralUnitOctets},
                                {.category = "incident", .form = "full", .bucket = kNeutralUnitOctets}},
                   .approved = {.category = "health.mental", .form = "generalise"},
                   .sensitive = true};
  return setting;
}

RequestTest::RequestTest(const Setting& setting)
    : setting_(setting), officer_(pki_.IssueFor(kHolder, "person", kOfficer)), slot_(now_) {
  if (setting.sensitive) slot_ = policy::AnswerTime(policy(), policy().profiles.at(setting.profile).answer_slot, now_);
  Give(setting.asker, kPractitioner, setting.convenor_role);
  Give(kHolder, kOfficer, setting.approver_role);
}

void RequestTest::SetUp() {
  v1::OpenCaseRequest request;
  request.set_request_id(kCase);
  request.set_profile(setting_.profile);
  request.set_board(setting_.board);
  request.set_area(kArea);
  request.add_members()->set_agency(kHolder);
  v1::Case response;
  ASSERT_OK(Run([&](Batch& batch) { return OpenCase(PersonOf(setting_.asker), request, response, batch); }));
}

v1::Manifest RequestTest::Manifest(const std::string& share_id, v1::PackageKind kind, const std::string& from,
                                   const std::string& to) const {
  v1::Manifest m;
  m.set_share_id(share_id);
  m.set_version(1);
  m.set_kind(kind);
  m.set_sender_agency(from);
  m.set_recipient_agency(to);
  m.set_profile(setting_.profile);
  m.set_purpose(setting_.purpose);
  m.set_board(setting_.board);
  m.set_area(kArea);
  m.set_case_id(setting_.document.empty() ? kCase : "");
  m.set_document_reference(setting_.document);
  m.set_policy_digest(trust::Sha256("policy").bytes());
  *m.mutable_create_time() = trust::ToTimestamp(now_);
  *m.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(72));
  m.set_sealing_key_id(sealing_.at(to));
  m.set_existence_sensitive(setting_.sensitive);
  v1::ManifestSubject& subject = *m.add_subjects();
  subject.set_number(1);
  subject.set_role(setting_.subject_role);
  for (const std::string& ground : setting_.grounds) subject.add_grounds(ground);
  return m;
}

void RequestTest::Finish(v1::Manifest m, v1::SenderStatement statement, const std::vector<Unit>& units,
                         const SelectorChange& change, v1::Submission& submission) const {
  v1::Package& package = *submission.mutable_package();
  package.set_key_ring("sealed ring");
  for (const Unit& unit : units) {
    package.add_units(std::string(unit.bucket + 16, unit.category[0]));
    v1::ManifestUnit& next = *m.add_units();
    next.set_number(static_cast<uint32_t>(m.units_size()));
    next.set_subject(1);
    next.set_category(unit.category);
    next.set_form(unit.form);
    next.set_size_bucket(unit.bucket);
    next.set_ciphertext_digest(trust::Sha256(package.units(package.units_size() - 1)).bytes());
    next.set_key_commitment(std::string(32, 'k'));
  }
  m.set_key_ring_digest(trust::Sha256(package.key_ring()).bytes());
  statement.set_salt(std::string(32, 's'));
  statement.mutable_subjects(0)->set_number(1);
  statement.mutable_subjects(0)->set_holder_commitment(std::string(32, 'c'));
  if (change) change(m, statement);
  submission.set_sender_statement(statement.SerializeAsString());
  m.set_sender_statement_digest(trust::Sha256(submission.sender_statement()).bytes());
  *package.mutable_manifest() = Sign(m.sender_agency(), trust::kManifestType, m);
}

v1::SubmitCaseRequestRequest RequestTest::Request(const SelectorChange& change, const std::string& share_id) {
  v1::SubmitCaseRequestRequest request;
  request.set_request_id(share_id);
  v1::Manifest m = Manifest(share_id, v1::PACKAGE_KIND_SELECTOR, setting_.asker, kHolder);
  m.set_recipient_role("spoc");
  m.mutable_subjects(0)->set_justification_digest(std::string(32, 'j'));
  v1::Question& question = *m.mutable_question();
  question.set_acting_person(kPractitioner);
  question.set_role(setting_.role);
  for (const std::string& category : setting_.asked) question.add_categories(category);
  if (setting_.sensitive) *question.mutable_answer_time() = trust::ToTimestamp(slot_);
  v1::SenderStatement statement;
  statement.set_acting_person(kPractitioner);
  statement.add_subjects()->add_categories("identity");
  Finish(std::move(m), std::move(statement), {{.category = "identity"}}, change, *request.add_submissions());
  v1::SubjectReferences& references = *request.add_references();
  references.set_subject(1);
  references.add_references(std::string(32, 'a'));
  return request;
}

absl::StatusOr<v1::SubmitCaseRequestResponse> RequestTest::SubmitRequest(const v1::SubmitCaseRequestRequest& request) {
  ASSIGN_OR_RETURN(const CheckedShare share, CheckShare(AgentOf(setting_.asker), request, world(), now_));
  v1::SubmitCaseRequestResponse response;
  RETURN_IF_ERROR(
      Run([&](Batch& batch) { return SubmitCaseRequest(AgentOf(setting_.asker), request, share, response, batch); }));
  return response;
}

void RequestTest::HandOverRequest() {
  const auto stored = SubmitRequest(Request());
  ASSERT_OK(stored);
  ASSERT_EQ(stored->outcome(), v1::SUBMIT_OUTCOME_STORED) << stored->DebugString();
  const auto collected = CollectAs(kHolder);
  ASSERT_OK(collected);
  ASSERT_EQ(collected->deliveries_size(), 1);
  const v1::Delivery& delivery = collected->deliveries(0);
  v1::Acknowledgement message;
  *message.mutable_head() = Head(kHolder, setting_.asker, 1);
  message.set_manifest_digest(trust::Sha256(delivery.package().manifest().payload()).bytes());
  message.set_delivery_id(delivery.delivery_id());
  v1::AcknowledgeRequest request;
  request.set_request_id(FreshRequestId());
  request.set_delivery_id(delivery.delivery_id());
  *request.mutable_acknowledgement() = Sign(kHolder, trust::kAcknowledgementType, message);
  v1::AcknowledgeResponse response;
  ASSERT_OK(Run([&](Batch& batch) { return Acknowledge(AgentOf(kHolder), request, response, batch); }));
  MoveToSlot();
}

v1::SubmitCaseAnswerRequest RequestTest::Reply(const std::string& share_id, v1::PackageKind kind,
                                               const std::vector<Unit>& units, const SelectorChange& change) {
  v1::SubmitCaseAnswerRequest request;
  request.set_request_id(share_id);
  v1::Manifest m = Manifest(share_id, kind, kHolder, setting_.asker);
  m.set_recipient_role(setting_.role);
  m.set_recipient_person(kPractitioner);
  m.set_reply_to_share_id(kShareId);
  v1::SenderStatement statement;
  v1::AskedSubject& asked = *statement.add_subjects();
  for (const std::string& category : setting_.asked) asked.add_categories(category);
  Finish(std::move(m), std::move(statement), units, change, *request.mutable_submission());
  v1::SubjectReferences& references = *request.add_references();
  references.set_subject(1);
  references.add_references(std::string(32, 'h'));
  return request;
}

v1::SubmitCaseAnswerRequest RequestTest::Answer(const SelectorChange& change) {
  return Reply(kAnswerId, v1::PACKAGE_KIND_ANSWER, setting_.released, change);
}

v1::SubmitCaseAnswerRequest RequestTest::Supplement(const SelectorChange& change) {
  v1::SubmitCaseAnswerRequest request = Reply(kSupplementId, v1::PACKAGE_KIND_SUPPLEMENT, {setting_.approved}, change);
  *request.add_approvals() = Approval();
  return request;
}

absl::StatusOr<v1::SubmitCaseAnswerResponse> RequestTest::SubmitAnswer(const v1::SubmitCaseAnswerRequest& request,
                                                                       const std::string& agency) {
  ASSIGN_OR_RETURN(const CheckedShare share, CheckShare(AgentOf(agency), request, world(), now_));
  v1::SubmitCaseAnswerResponse response;
  RETURN_IF_ERROR(
      Run([&](Batch& batch) { return SubmitCaseAnswer(AgentOf(agency), request, share, response, batch); }));
  return response;
}

std::string RequestTest::Told(const v1::SubmitCaseAnswerRequest& request, const std::string& agency) {
  const auto response = SubmitAnswer(request, agency);
  if (!response.ok()) return ReasonOf(response.status());
  return response->outcome() == v1::SUBMIT_OUTCOME_STORED ? "STORED" : absl::StrCat("REFUSED ", response->reason());
}

std::string RequestTest::Told(const v1::SubmitCaseRequestRequest& request) {
  const auto response = SubmitRequest(request);
  if (!response.ok()) return ReasonOf(response.status());
  return response->outcome() == v1::SUBMIT_OUTCOME_STORED ? "STORED" : absl::StrCat("REFUSED ", response->reason());
}

v1::SignedApproval RequestTest::SignedBy(const testing::TestIdentity& identity,
                                         const v1::ApprovalCommand& command) const {
  v1::SignedApproval approval;
  *approval.mutable_command() = SignedWith(
      trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value(), trust::kApprovalType, command);
  approval.set_certificate(identity.certificate_der);
  return approval;
}

v1::SignedApproval RequestTest::Approval(const std::function<void(v1::ApprovalCommand&)>& change) {
  v1::ApprovalCommand command;
  command.set_approval_id(kApprovalId);
  command.set_request_share_id(kShareId);
  command.set_holder_agency(kHolder);
  command.set_recipient_agency(setting_.asker);
  command.set_approver_agency(kHolder);
  command.set_approver_person(kOfficer);
  command.set_approver_role(setting_.approver_role);
  command.set_subject(1);
  v1::ApprovedUnit& unit = *command.add_units();
  unit.set_category(setting_.approved.category);
  unit.set_form(setting_.approved.form);
  command.set_policy_digest(world().bundle->policy_digest);
  command.set_approved(true);
  command.set_ground("gw.cl_public_interest");
  *command.mutable_create_time() = trust::ToTimestamp(now_);
  *command.mutable_expire_time() = trust::ToTimestamp(now_ + absl::Hours(48));
  if (change) change(command);
  return SignedBy(officer_, command);
}

absl::Status RequestTest::Withdraw(const std::string& share_id, const std::string& from, const std::string& to,
                                   uint32_t sequence) {
  v1::Withdrawal message;
  *message.mutable_head() = Head(from, to, sequence);
  message.mutable_head()->set_share_id(share_id);
  message.set_reason("OTHER");
  v1::WithdrawReferralRequest request;
  request.set_request_id(kRequestId);
  *request.add_withdrawals() = Sign(from, trust::kWithdrawalType, message);
  v1::WithdrawReferralResponse response;
  return Run([&](Batch& batch) { return WithdrawReferral(AgentOf(from), request, response, batch); });
}

absl::Status RequestTest::Close() {
  v1::CloseCaseRequest request;
  request.set_request_id(kRequestId);
  request.set_name(absl::StrCat("cases/", kCase));
  v1::Case response;
  return Run([&](Batch& batch) { return CloseCase(PersonOf(setting_.asker), request, response, batch); });
}

Caller RequestTest::PersonOf(const std::string& agency, const std::string& person) const {
  return {
      .id = {.trust_domain = "derwent.example", .agency = agency, .kind = trust::CallerKind::kPerson, .name = person},
      .serial = "02"};
}

v1::RequestHolder RequestTest::HolderSeenBy(const std::string& agency, trust::CallerKind kind) {
  v1::GetCaseRequestRequest request;
  request.set_name(absl::StrCat("agencies/", agency, "/caseRequests/", kShareId));
  Caller caller = AgentOf(agency);
  caller.id.kind = kind;
  const auto seen = GetCaseRequest(caller, request, now_, *store_->Read().value());
  return seen.ok() && seen->holders_size() == 1 ? seen->holders(0) : v1::RequestHolder();
}

std::vector<std::string> RequestTest::EntriesSeenBy(const std::string& agency) {
  std::vector<std::string> seen;
  const auto entries =
      ledger::Search(*store_->Read().value(), {.rows = {.viewer_agency = agency, .limit = 100}})->entries;
  for (const ledger::OpenedEntry& entry : entries) {
    seen.push_back(absl::StrCat("index ", entry.index));
    for (const ledger::OpenedField& field : entry.fields) {
      if (field.name != "manifest_digest") seen.push_back(absl::StrCat(field.name, " ", field.value));
    }
  }
  return seen;
}

std::vector<size_t> RequestTest::ReceiptsSeenBy(const std::string& agency) {
  std::vector<size_t> sizes;
  const auto entries =
      ledger::Search(*store_->Read().value(), {.rows = {.viewer_agency = agency, .limit = 100}})->entries;
  for (const ledger::OpenedEntry& entry : entries) sizes.push_back(entry.receipt.size());
  return sizes;
}

}  // namespace derwent::exchange
