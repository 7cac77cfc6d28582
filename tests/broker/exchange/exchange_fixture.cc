#include "tests/broker/exchange/exchange_fixture.h"

#include "absl/strings/str_cat.h"

#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/referral/referrals.h"
#include "broker/store/sqlite/sqlite_store.h"
#include "derwent/v1/message.pb.h"
#include "policy/loader/compile.h"
#include "trust/base/status_macros.h"
#include "trust/message/key_event_message.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr char kBundle[] = "policy/derbyshire";

}  // namespace

ExchangeTest::ExchangeTest() {
  store_ = store::OpenSqliteStore({.path = folder_.path() + "/derwent.db"}).value();
  log_ = std::make_unique<ledger::Log>(ledger::kOrigin, ledger::TestKey());
  EXPECT_OK(log_->TakeOver(*store_));
  tagger_ = std::make_unique<ledger::Tagger>(ledger::Tagger::Create(trust::SecretBytes(std::string(32, 'i'))).value());
  world_->authority =
      std::make_shared<const trust::Authority>(trust::Authority::FromPem(pki_.ca_pem(), "derwent.example").value());
  world_->revoked = std::make_shared<const trust::RevocationSet>(
      trust::RevocationSet::FromPem(pki_.Crl({}), *world_->authority, now_).value());
  MakeBundle();
  for (const char* agency : {kSender, kRecipient, kStranger}) MakeAgency(agency);
}

void ExchangeTest::MakeBundle() {
  auto bundle = std::make_shared<policy::Bundle>();
  bundle->files = policy::ReadBundleDirectory(kBundle).value();
  policy::Problems problems(bundle->files);
  std::unique_ptr<policy::Policy> policy = policy::Compile(bundle->files, problems);
  ASSERT_NE(policy, nullptr);
  for (policy::Agreement& agreement : policy->agreements) agreement.signed_by = agreement.parties;
  bundle->policy_digest = trust::Sha256("policy").bytes();
  bundle->content_digest = trust::Sha256("content").bytes();
  bundle->governance_digest = trust::Sha256("governance").bytes();
  policy->digest = trust::Sha256("policy").hex();
  bundle->revision = 3;
  policy_ = policy.get();
  bundle->policy = std::move(policy);
  world_->bundle = std::move(bundle);
}

void ExchangeTest::MakeAgency(const std::string& agency) {
  const testing::TestIdentity first = pki_.IssueFor(agency, "agent", "signing");
  const testing::TestIdentity second = pki_.IssueFor(agency, "agent", "sealing");
  signing_.emplace(agency, trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(first.key_pem)).value());
  sealing_[agency] = second.key_id;
  world_->anchors[agency] = first.key_id;
  trust::KeyHistory history(agency, first.key_id);
  std::string previous;
  uint32_t sequence = 0;
  for (const testing::TestIdentity& identity : {first, second}) {
    const v1::DsseEnvelope envelope = MakeKeyEvent(agency, ++sequence, identity, previous, now_, signing_.at(agency));
    EXPECT_OK(history.Add(trust::ParseKeyEvent(envelope).value(), *world_->authority, *world_->revoked, now_));
    previous = trust::Sha256(envelope.payload()).bytes();
  }
  world_->keys.emplace(agency, std::move(history));
  world_->directories[agency].people = {
      {.id = kPractitioner,
       .roles = {{.role = "practitioner", .areas = {"E23000018"}}, {.role = "spoc", .areas = {"E23000018"}}},
       .training_until = absl::CivilDay(2027, 12, 31)}};
}

void ExchangeTest::Give(const std::string& agency, const std::string& person, const std::string& role,
                        std::set<std::string> boards) {
  const auto of_board = policy_->board_roles.find(role);
  if (of_board != policy_->board_roles.end() && boards.empty()) boards = {of_board->second};
  const policy::RoleHolding holding{.role = role, .boards = boards, .areas = {"E23000018"}};
  world_->directories[agency].people.push_back(
      {.id = person, .roles = {holding}, .training_until = absl::CivilDay(2027, 12, 31)});
  if (of_board == policy_->board_roles.end()) return;
  for (const std::string& board : boards) {
    for (const auto& [owner, areas] : policy_->profiles[board].owners)
      world_->directories[owner].appointments.push_back({.agency = agency, .person = person, .holding = holding});
  }
}

absl::Status ExchangeTest::Run(const std::function<absl::Status(Batch&)>& rule) {
  ASSIGN_OR_RETURN(const std::unique_ptr<store::Transaction> transaction, store_->Begin());
  RETURN_IF_ERROR(transaction->Savepoint());
  const ledger::Log::Mark mark = log_->mark();
  Batch batch(
      *transaction,
      [&](const std::vector<ledger::EntryDraft>& drafts) { return log_->Append(*transaction, drafts, now_, random_); },
      *world_, *tagger_, now_, random_);
  const absl::Status status = rule(batch);
  if (!status.ok()) {
    log_->RollbackTo(mark);
    return status;
  }
  RETURN_IF_ERROR(transaction->Release());
  RETURN_IF_ERROR(log_->Seal(*transaction).status());
  return transaction->Commit();
}

v1::SubmitReferralRequest ExchangeTest::Share(const std::function<void(v1::Manifest&, v1::SenderStatement&)>& change) {
  return MakeShare({.share_id = kShareId,
                    .now = now_,
                    .policy_digest = world_->bundle->policy_digest,
                    .sealing_key_id = sealing_.at(kRecipient)},
                   signing_.at(kSender), change);
}

absl::StatusOr<v1::SubmitReferralResponse> ExchangeTest::Submit(const v1::SubmitReferralRequest& request,
                                                                const std::string& agency) {
  ASSIGN_OR_RETURN(const CheckedShare share, CheckShare(AgentOf(agency), request, *world_, now_));
  v1::SubmitReferralResponse response;
  RETURN_IF_ERROR(Run([&](Batch& batch) { return SubmitReferral(AgentOf(agency), request, share, response, batch); }));
  return response;
}

absl::StatusOr<v1::CollectResponse> ExchangeTest::CollectAs(const std::string& agency, int most) {
  v1::CollectResponse response;
  RETURN_IF_ERROR(Run([&](Batch& batch) { return Collect(AgentOf(agency), most, response, batch); }));
  return response;
}

v1::DsseEnvelope ExchangeTest::Sign(const std::string& agency, absl::string_view type,
                                    const google::protobuf::Message& message) const {
  return SignedWith(signing_.at(agency), type, message);
}

v1::MessageHead ExchangeTest::Head(const std::string& from, const std::string& to, uint32_t sequence) const {
  v1::MessageHead head;
  head.set_share_id(kShareId);
  head.set_version(1);
  head.set_from_agency(from);
  head.set_to_agency(to);
  head.set_sequence(sequence);
  *head.mutable_create_time() = trust::ToTimestamp(now_);
  return head;
}

v1::AcknowledgeRequest ExchangeTest::Acknowledgement(const v1::Delivery& delivery, uint32_t sequence) const {
  v1::Acknowledgement message;
  *message.mutable_head() = Head(kRecipient, kSender, sequence);
  message.set_manifest_digest(trust::Sha256(delivery.package().manifest().payload()).bytes());
  message.set_delivery_id(delivery.delivery_id());
  v1::AcknowledgeRequest request;
  request.set_request_id(FreshRequestId());
  request.set_delivery_id(delivery.delivery_id());
  *request.mutable_acknowledgement() = Sign(kRecipient, trust::kAcknowledgementType, message);
  return request;
}

v1::ReportProgressRequest ExchangeTest::ProgressOf(v1::ProgressState state, const std::string& reason,
                                                   uint32_t sequence, const std::string& request_id) const {
  v1::Progress message;
  *message.mutable_head() = Head(kRecipient, kSender, sequence);
  message.set_state(state);
  message.set_reason(reason);
  v1::ReportProgressRequest request;
  request.set_request_id(request_id);
  *request.mutable_progress() = Sign(kRecipient, trust::kProgressType, message);
  return request;
}

v1::WithdrawReferralRequest ExchangeTest::Withdrawal(uint32_t sequence) const {
  v1::Withdrawal message;
  *message.mutable_head() = Head(kSender, kRecipient, sequence);
  message.set_reason("SENT_IN_ERROR");
  v1::WithdrawReferralRequest request;
  request.set_request_id(kRequestId);
  *request.add_withdrawals() = Sign(kSender, trust::kWithdrawalType, message);
  return request;
}

void ExchangeTest::HandOver() {
  const auto stored = Submit(Share());
  ASSERT_OK(stored);
  ASSERT_EQ(stored->outcome(), v1::SUBMIT_OUTCOME_STORED) << stored->DebugString();
  const auto collected = CollectAs(kRecipient);
  ASSERT_OK(collected);
  ASSERT_EQ(collected->deliveries_size(), 1);
  v1::AcknowledgeResponse response;
  ASSERT_OK(Run([&](Batch& batch) {
    return Acknowledge(AgentOf(kRecipient), Acknowledgement(collected->deliveries(0)), response, batch);
  }));
}

Caller ExchangeTest::AgentOf(const std::string& agency) const {
  return {.id = {.trust_domain = "derwent.example", .agency = agency, .kind = trust::CallerKind::kAgent, .name = "one"},
          .serial = "01"};
}

v1::RecipientState ExchangeTest::StateOf(const std::string& recipient) {
  const auto part = store_->Read().value()->FindPart({.share_id = kShareId, .recipient_agency = recipient}).value();
  return part.has_value() ? static_cast<v1::RecipientState>(part->state) : v1::RECIPIENT_STATE_UNSPECIFIED;
}

size_t ExchangeTest::EntriesOf(const std::string& agency, const std::string& step) {
  return store_->Read().value()->SearchEntries({.viewer_agency = agency, .step = step, .limit = 100}).value().size();
}

}  // namespace derwent::exchange
