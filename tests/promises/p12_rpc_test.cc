// P12, clear errors, for every method of the contract: missing, wrong, oversized and hostile requests get the right
// status, which names every field and its rule at once, never echoes what was sent, and leaves everything but the
// ledger as it was.
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

#include "broker/rpc/request_bounds.h"
#include "tests/promises/every_rpc.h"
#include "tests/support/matchers.h"
#include "trust/base/uuid.h"

namespace derwent::testing {
namespace {

using absl::StatusCode;
using google::protobuf::MethodDescriptor;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

constexpr char kPlanted[] = "Oakshott";

std::string NameOf(const MethodDescriptor& method) {
  return absl::StrCat(method.service()->name(), ".", method.name());
}

// Methods that no content can break: what they read of the request only narrows an answer.
bool TakesAnything(const MethodDescriptor& method) {
  static const std::set<std::string>& names =
      *new std::set<std::string>{"LedgerService.GetCheckpoint",       "WitnessService.GetQuorum",
                                 "RegisterService.ListDirectories",   "PolicyService.GetActivePolicy",
                                 "PolicyService.GetPolicyBundle",     "AgentService.GetAgentStatus",
                                 "AgentRequestService.ListApprovals", "PolicyChangeService.ListPolicyRevisions",
                                 "EmergencyService.ListEmergencies"};
  return names.contains(NameOf(method));
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Octets of a message with one field that no method knows.
std::string UnknownField(size_t octets) {
  std::string field("\xfa\xff\x03", 3);  // Number 8191, with a length.
  const size_t length = octets - field.size() - 4;
  for (int i = 0; i < 4; ++i) field += static_cast<char>((length >> (7 * i) & 0x7f) | (i < 3 ? 0x80 : 0));
  return field + std::string(length, 'x');
}

class Hostile : public EveryRpc {
 protected:
  void SetUp() override { before_ = Kept(); }
  void TearDown() override {
    EXPECT_EQ(Kept(), before_) << "only the ledger may change";
    for (const char* file : {"/broker.log", "/broker/broker.db", "/broker/broker.db-wal"}) {
      EXPECT_FALSE(absl::StrContains(ReadAll(consortium_->folder() + file), kPlanted)) << file;
    }
  }

  void ExpectRefused(const MethodDescriptor& method, const Answer& answer) {
    EXPECT_FALSE(absl::StrContains(answer.octets, kPlanted))
        << NameOf(method) << " echoes what was sent: " << answer.message;
    if (TakesAnything(method)) return;
    const std::set<StatusCode> refusals = {StatusCode::kInvalidArgument, StatusCode::kNotFound,
                                           StatusCode::kPermissionDenied, StatusCode::kFailedPrecondition,
                                           StatusCode::kAborted};
    EXPECT_TRUE(refusals.contains(answer.code))
        << NameOf(method) << ": " << absl::StatusCodeToString(answer.code) << " " << answer.message;
    EXPECT_NE(answer.reason, "") << NameOf(method);
    EXPECT_EQ(answer.fields.empty(), answer.code != StatusCode::kInvalidArgument)
        << NameOf(method) << ": " << answer.message;
  }

 private:
  std::map<std::string, int64_t> before_;
};

TEST_F(Hostile, ValuesInEveryField) {
  for (const MethodDescriptor* method : EveryMethod()) {
    for (const std::string& text :
         {absl::StrCat(kPlanted, "'; drop table share; --"), absl::StrCat("../../", kPlanted, "%s%n\n"),
          absl::StrCat(std::string(5000, 'x'), kPlanted)}) {
      for (const int64_t number : {int64_t{-1}, int64_t{INT32_MAX}}) {
        ExpectRefused(*method, Call(*method, CallerOf(*method), Filled(*method->input_type(), text, number)));
      }
    }
  }
}

TEST_F(Hostile, OctetsThatAreNoMessage) {
  for (const MethodDescriptor* method : EveryMethod()) {
    const Answer answer = Call(*method, CallerOf(*method), absl::StrCat("\xff\xff\xff\xff\x0f", kPlanted));
    EXPECT_NE(answer.code, StatusCode::kOk) << NameOf(*method);
    if (!AtAgent(*method)) {
      EXPECT_EQ(answer.code, StatusCode::kInvalidArgument) << NameOf(*method);
      EXPECT_EQ(answer.reason, "PAYLOAD_REJECTED") << NameOf(*method);
      EXPECT_THAT(answer.fields, ElementsAre("")) << NameOf(*method) << ": of the whole request";
    }
    EXPECT_FALSE(absl::StrContains(answer.octets, kPlanted)) << NameOf(*method);
  }
}

TEST_F(Hostile, AMessageAnOctetOverItsMethodsLimit) {
  for (const MethodDescriptor* method : EveryMethod()) {
    if (AtAgent(*method)) continue;
    const size_t most = rpc::MostOctets(method->name(), size_t{8} << 20);
    const Answer answer = Call(*method, CallerOf(*method), UnknownField(most + 1));
    EXPECT_EQ(answer.code, StatusCode::kInvalidArgument) << NameOf(*method);
    EXPECT_EQ(answer.reason, "PAYLOAD_REJECTED") << NameOf(*method);
    EXPECT_THAT(answer.fields, ElementsAre("")) << NameOf(*method) << ": " << answer.message;
    const Answer within = Call(*method, CallerOf(*method), UnknownField(most));
    EXPECT_THAT(within.fields, Not(Contains(""))) << NameOf(*method) << ": " << within.message;
  }
}

TEST_F(Hostile, MessagesOverTheLimit) {
  const std::string large(65 << 20, '\x0a');
  for (const MethodDescriptor* method : EveryMethod())
    EXPECT_EQ(Call(*method, CallerOf(*method), large).code, StatusCode::kResourceExhausted) << NameOf(*method);
}

// TearDown looks for the name in the log. Of the broker alone: an agent's log is read by its own people.
TEST_F(Hostile, HeadersInACallersOwnWordsAreReplaced) {
  for (const MethodDescriptor* method : EveryMethod()) {
    if (AtAgent(*method)) continue;
    const Answer answer = Call(
        *method, CallerOf(*method), "",
        {{"x-correlation-id", absl::StrCat("Maren.", kPlanted)}, {"traceparent", absl::StrCat("Maren ", kPlanted)}});
    EXPECT_OK(Uuid::Parse(answer.correlation_id)) << NameOf(*method);
  }
}

struct Wrong {
  std::string method;
  std::string request;  // Protobuf text.
  StatusCode code = StatusCode::kInvalidArgument;
  std::string reason = "PAYLOAD_REJECTED";
  std::vector<std::string> fields = {};
};

constexpr char kId[] = "7d9f0c52-4a1e-4b53-9c0e-6f1f0a2b3c4d";

Wrong Bad(std::string method, std::string request, std::vector<std::string> fields) {
  return {.method = std::move(method), .request = std::move(request), .fields = std::move(fields)};
}

std::vector<Wrong> Table() {
  const std::string id = absl::StrCat("request_id: '", kId, "' ");
  return {
      {"ReferralService.PlanReferral", "acting_person: 'p-000000'", StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED"},
      Bad("ReferralService.PlanReferral", "", {"request_id", "acting_person", "profile", "purpose", "recipients"}),
      Bad("ReferralService.PlanReferral",
          "acting_person: 'p-4c1e07' area: 'E07000034' request_id: 'Oakshott' profile: 'marac' purpose: 'x' recipients "
          "{ agency: 'x' role: 'x' } recipients { agency: 'y' role: 'x' subjects { role: 'x' } }",
          {"request_id", "recipients[0].subjects", "recipients[1].subjects.categories"}),
      Bad("ReferralService.PlanReferral",
          id + "acting_person: 'p-4c1e07' area: 'E07000034' profile: 'Maren Oakshott' purpose: 'Maren Oakshott' board: "
               "'\\001' "
               "recipients { agency: 'dcc.adults' role: 'Maren Oakshott' subjects { number: 1 role: '' categories: "
               "'Maren Oakshott' grounds: 'Maren Oakshott' } }",
          {"profile", "purpose", "board", "recipients[0].role", "recipients[0].subjects.role",
           "recipients[0].subjects.categories", "recipients[0].subjects.grounds"}),
      Bad("PolicyChangeService.ProposePolicy", "request_id: 'Oakshott'", {"request_id", "files"}),
      Bad("PolicyChangeService.ProposePolicy", id + "files { path: '../Oakshott' }", {"files"}),
      Bad("PolicyChangeService.ActivatePolicy", "request_id: 'Oakshott'", {"request_id", "activation", "certificate"}),
      {"PolicyChangeService.ShadowPolicy", "revision: 7", StatusCode::kNotFound, "REVISION_UNKNOWN"},
      Bad("EmergencyService.DeclareEmergency", "request_id: 'Oakshott'", {"request_id", "declaration"}),
      Bad("EmergencyService.ReviewEmergency", "request_id: 'Oakshott'", {"request_id", "review", "certificate"}),
      Bad("AgentEmergencyService.RequestEmergency", "", {"declaration"}),
      Bad("ReferralService.SubmitReferral", "", {"request_id", "submissions"}),
      Bad("ReferralService.SubmitReferral", "request_id: '../Oakshott' submissions {}", {"request_id"}),
      {"ReferralService.GetReferral", "name: 'agencies/dcc.adults/referrals/x'", StatusCode::kNotFound,
       "SHARE_UNKNOWN"},
      {"ReferralService.GetReferral", "name: 'agencies/police.derbys/referrals/Oakshott'", StatusCode::kNotFound,
       "SHARE_UNKNOWN"},
      {"ReferralService.ListReferrals", "parent: 'agencies/dcc.adults'", StatusCode::kPermissionDenied,
       "ROLE_NOT_ENTITLED"},
      Bad("ReferralService.ListReferrals",
          "parent: 'agencies/police.derbys' page_size: 501 page_token: 'Oakshott' filter: 'subject=Oakshott'",
          {"page_size", "page_token", "filter"}),
      Bad("ReferralService.ReportProgress", "request_id: 'Oakshott'", {"request_id", "progress"}),
      Bad("ReferralService.WithdrawReferral", "request_id: 'Oakshott'", {"request_id", "withdrawals"}),
      Bad("ReferralService.SendNotice", "request_id: 'Oakshott'", {"request_id", "notice"}),
      Bad("MailboxService.Collect", "max_deliveries: 65 wait { seconds: 26 }", {"max_deliveries", "wait"}),
      Bad("MailboxService.Collect", "max_deliveries: -1 wait { seconds: -1 }", {"max_deliveries", "wait"}),
      Bad("MailboxService.Acknowledge", "request_id: 'Oakshott'", {"request_id", "delivery_id"}),
      {"MailboxService.Acknowledge", absl::StrCat(id, "delivery_id: '", kId, "'"), StatusCode::kNotFound,
       "DELIVERY_UNKNOWN"},
      Bad("LedgerService.GetInclusionProof", "index: 1 size: 1", {"index"}),
      Bad("LedgerService.GetInclusionProof", "index: 18446744073709551615 size: 18446744073709551615", {"size"}),
      Bad("LedgerService.GetConsistencyProof", "old_size: 0", {"old_size"}),
      Bad("LedgerService.GetConsistencyProof", "old_size: 3 new_size: 2", {"old_size"}),
      Bad("LedgerService.ListLeaves", "count: 4097", {"count"}),
      {"LedgerService.GetLedgerEntry", "name: 'Oakshott'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"LedgerService.GetLedgerEntry", "name: 'ledger/entries/-1'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"LedgerService.GetLedgerEntry", "name: 'ledger/entries/999999'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"LedgerService.SearchLedgerEntries", "as_auditor: true", StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED"},
      {"AuditService.GetDecision", "name: 'Oakshott'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"AuditService.GetDecision", "name: 'ledger/entries/999999'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"AuditService.ReplayDecisions", "name: 'Oakshott'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"AuditService.ReplayDecisions", "name: 'ledger/entries/999999'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      Bad("AuditService.ReplayDecisions", "page_size: 5001 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("AuditService.ReportBreach", "", {"person"}),
      Bad("AuditService.ReportBreach", "person: 'Oakshott of here'", {"person"}),
      Bad("AuditService.ReportBreach", "certificate_serial: 'Oakshott'", {"certificate_serial"}),
      Bad("AgentAuditService.ListEvidence", "page_size: 501 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("AgentAuditService.ListOpenings", "page_size: -1 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("AgentAuditService.FindReceived", "", {"identifiers"}),
      Bad("AgentAuditService.SignExport", "manifest_digest: 'Oakshott'", {"manifest_digest"}),
      {"AgentAuditService.FindCredential", "certificate_serial: 'Oakshott'", StatusCode::kNotFound,
       "CREDENTIAL_UNKNOWN"},
      Bad("AgentAuditService.FindReceived", "identifiers: 'Oakshott'", {"identifiers[0]"}),
      Bad("LedgerService.SearchLedgerEntries", "page_size: 501 page_token: 'Oakshott' subject_references: 'short'",
          {"page_size", "page_token", "subject_references"}),
      {"WitnessService.NextCheckpoint", "witness: 'Oakshott' wait { seconds: 26 }", StatusCode::kPermissionDenied,
       "WITNESS_UNKNOWN"},
      {"WitnessService.AddCosignature", "witness: 'Oakshott' body: 'Oakshott'", StatusCode::kPermissionDenied,
       "WITNESS_UNKNOWN"},
      {"WitnessService.ListOwnEntries", "witness: 'Oakshott' page_size: 257", StatusCode::kPermissionDenied,
       "WITNESS_UNKNOWN"},
      {"KeyService.GetAgencyKeys", "agency: 'Oakshott'", StatusCode::kNotFound, "AGENCY_UNKNOWN"},
      Bad("KeyService.PublishKeyEvent", "request_id: 'Oakshott'", {"request_id", "event"}),
      Bad("RegisterService.ApplyDirectory", "request_id: 'Oakshott'", {"request_id", "directory"}),
      Bad("RegisterService.ApplyRestriction", "request_id: 'Oakshott'", {"request_id", "restriction"}),
      Bad("ErasureService.ApplyHold", "hold { command { payload: 'Oakshott' } }", {"command"}),
      Bad("ErasureService.ApplyHold", "",
          {"command.hold_id", "command.action", "command.reason", "command.create_time", "command.signer_agency",
           "command.signer_person", "command.signer_role"}),
      Bad("ErasureService.RequestErasure", "command { command { payload: 'Oakshott' } }", {"command"}),
      Bad("ErasureService.ApproveErasure", "",
          {"command.erasure_id", "command.entries", "command.reason", "command.expire_time", "command.signer_agency",
           "command.signer_person", "command.signer_role"}),
      Bad("ErasureService.ListErasures", "page_size: 501 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("ErasureService.AttestErasure", "request_id: 'Oakshott'", {"request_id", "attestation"}),
      Bad("RightsService.NotifyRights", "request_id: 'Oakshott'",
          {"request_id", "acting_person", "acting_role", "notices"}),
      Bad("RightsService.AnswerRights", "request_id: 'Oakshott'",
          {"request_id", "acting_person", "answer.event_id", "answer.share_id", "answer.from_agency",
           "answer.to_agency", "answer.outcome", "answer.create_time"}),
      Bad("AgentRightsService.TellRights", "event_id: 'Oakshott'", {"type", "event_id", "identifiers"}),
      Bad("AgentRightsService.ListRights", "page_size: 501 page_token: 'Oakshott'", {"page_size", "page_token"}),
      {"AgentRightsService.ShowRights", "event_id: 'Oakshott'", StatusCode::kNotFound, "EVENT_UNKNOWN"},
      Bad("AgentRightsService.ReplyRights", "event_id: 'Oakshott'", {"outcome"}),
      Bad("AgentRightsService.ReplyRights", "outcome: RIGHTS_OUTCOME_DECLINED reason: 'Oakshott'", {"reason"}),
      {"AgentRightsService.ReplyRights", "event_id: 'Oakshott' outcome: RIGHTS_OUTCOME_DONE", StatusCode::kNotFound,
       "EVENT_UNKNOWN"},
      Bad("AgentRightsService.AllowRestricted", "ground: 'Oakshott'", {"ground"}),
      Bad("AgentService.PushReferral", "validate_only: true profile: 'Oakshott' area: 'Oakshott'",
          {"referral_ref", "profile", "area", "subjects", "recipients"}),
      Bad("AgentService.PushReferral",
          "referral_ref: 'R' profile: 'marac' purpose: 'case.da_safety' area: 'E07000034' subjects { role: 'Oakshott' "
          "record { subject_flags: 'Oakshott' } } "
          "recipients { agency: 'Oakshott' role: 'Oakshott' categories: 'Oakshott' grounds: 'Oakshott' }",
          {"subjects[0].role", "subjects[0].record.subject_flags", "subjects[0].record", "recipients[0].agency",
           "recipients[0].role", "recipients[0].categories[0]", "recipients[0].grounds"}),
      Bad("AgentService.Withdraw", "share_id: 'Oakshott' reason: 'Oakshott'", {"reason"}),
      {"AgentService.Withdraw", absl::StrCat("reason: 'SENT_IN_ERROR' share_id: '", kId, "'"), StatusCode::kNotFound,
       "SHARE_UNKNOWN"},
      Bad("AgentService.ListOutbox", "page_size: -1 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("AgentService.ListInbox", "page_size: 501 page_token: '0'", {"page_size", "page_token"}),
      {"AgentService.OpenReferral", "share_id: 'Oakshott'", StatusCode::kNotFound, "SHARE_UNKNOWN"},
      {"AgentService.ReportReceived", "share_id: 'Oakshott' reason: 'Oakshott'", StatusCode::kNotFound,
       "SHARE_UNKNOWN"},
      Bad("AgentService.ComputeReferences", "enclave: 'Oakshott'", {"enclave", "identifiers"}),
      Bad("AgentService.ComputeReferences", "identifiers: 'nhs:Oakshott' identifiers: 'Oakshott'",
          {"identifiers[0]", "identifiers[1]"}),
      Bad("AgentService.Restrict", "restriction_id: 'Oakshott'", {"restriction_id", "identifiers"}),
      {"CaseService.OpenCase", id + "profile: 'Oakshott' area: 'E07000034'", StatusCode::kPermissionDenied,
       "ROLE_NOT_ENTITLED"},
      Bad("CaseService.OpenCase",
          "request_id: 'Oakshott' profile: 'marac' area: 'E07000034' members { agency: 'Oakshott' roles: 'Oakshott' "
          "excluded_persons: 'Maren Oakshott' } "
          "members { agency: 'dcc.adults' persons: 'p-oakshott' } members { agency: 'dcc.adults' }",
          {"request_id", "members[0].agency", "members[0].roles", "members[0].persons", "members[1].persons",
           "members[2].agency"}),
      Bad("CaseService.ChangeCaseMember", "request_id: 'Oakshott'", {"request_id"}),
      {"CaseService.ChangeCaseMember", absl::StrCat(id, "name: 'cases/", kId, "' member { agency: 'dfrs' }"),
       StatusCode::kNotFound, "CASE_UNKNOWN"},
      {"CaseService.GetCase", "name: 'cases/Oakshott'", StatusCode::kNotFound, "CASE_UNKNOWN"},
      Bad("CaseService.ListCases", "page_size: 501 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("CaseService.CloseCase", "request_id: 'Oakshott'", {"request_id"}),
      {"CaseService.CloseCase", absl::StrCat(id, "name: '", kId, "'"), StatusCode::kNotFound, "CASE_UNKNOWN"},
      {"CaseRequestService.PlanCaseRequest", "acting_person: 'p-000000'", StatusCode::kPermissionDenied,
       "ROLE_NOT_ENTITLED"},
      Bad("CaseRequestService.PlanCaseRequest", "acting_person: 'p-4c1e07' role: 'practitioner' area: 'E07000034'",
          {"request_id", "profile", "purpose", "subject_role", "categories", "holders"}),
      Bad("CaseRequestService.PlanCaseRequest",
          "acting_person: 'p-4c1e07' role: 'practitioner' area: 'E07000034' request_id: 'Oakshott' profile: 'Maren "
          "Oakshott' purpose: 'Maren Oakshott' board: '\\001' case_id: 'Maren Oakshott' "
          "step: 'Maren Oakshott' subject_role: 'Maren Oakshott' categories: 'Maren Oakshott' grounds: 'Maren "
          "Oakshott' holders { agency: 'Maren Oakshott' selector_categories: 'Maren Oakshott' } "
          "holders { agency: 'dcc.adults' }",
          {"request_id", "profile", "purpose", "board", "case_id", "step", "subject_role", "categories", "grounds",
           "holders[0].agency", "holders[0].selector_categories", "holders[1].selector_categories"}),
      Bad("CaseRequestService.SubmitCaseRequest", "", {"request_id", "submissions"}),
      Bad("CaseRequestService.SubmitCaseRequest", "request_id: '../Oakshott' submissions {}", {"request_id"}),
      Bad("CaseRequestService.SubmitCaseAnswer", "request_id: 'Oakshott'", {"request_id"}),
      Bad("CaseRequestService.AskApproval", "request_id: 'Oakshott' question { payload: 'Oakshott' }",
          {"request_id", "question"}),
      {"CaseRequestService.GiveApproval", id + "approval { certificate: 'Oakshott' }", StatusCode::kFailedPrecondition,
       "APPROVAL_NOT_VALID"},
      {"CaseRequestService.GetCaseRequest", "name: 'agencies/dcc.adults/caseRequests/x'", StatusCode::kNotFound,
       "SHARE_UNKNOWN"},
      {"CaseRequestService.GetCaseRequest", "name: 'agencies/police.derbys/caseRequests/Oakshott'",
       StatusCode::kNotFound, "SHARE_UNKNOWN"},
      {"CaseRequestService.ListCaseRequests", "parent: 'agencies/dcc.adults'", StatusCode::kPermissionDenied,
       "ROLE_NOT_ENTITLED"},
      Bad("CaseRequestService.ListCaseRequests",
          "parent: 'agencies/police.derbys' page_size: 501 page_token: 'Oakshott' filter: 'subject=Oakshott'",
          {"page_size", "page_token", "filter"}),
      Bad("AgentRequestService.SendCaseRequest", "profile: 'Oakshott' area: 'Oakshott'",
          {"request_ref", "profile", "area", "role", "subject_role", "categories", "selector", "holders"}),
      Bad("AgentRequestService.SendCaseRequest",
          "request_ref: 'R' profile: 'marac' area: 'E07000034' case_id: 'Oakshott' role: 'Oakshott' subject_role: "
          "'Oakshott' categories: 'Oakshott' grounds: 'Oakshott' "
          "selector { subject_flags: 'Oakshott' } holders: 'Oakshott' holders: 'police.derbys'",
          {"case_id", "role", "subject_role", "categories[0]", "grounds[0]", "selector.subject_flags", "selector",
           "holders[0]", "holders[1]"}),
      {"AgentRequestService.ShowCaseRequest", "request_id: 'Oakshott'", StatusCode::kNotFound, "REQUEST_UNKNOWN"},
      {"AgentRequestService.WatchCaseRequest", "request_id: 'Oakshott'", StatusCode::kNotFound, "REQUEST_UNKNOWN"},
      Bad("AgentRequestService.WatchCaseRequest", "request_id: 'Oakshott' wait_seconds: 26", {"wait_seconds"}),
      {"AgentRequestService.CancelCaseRequest", "request_id: 'Oakshott' reason: 'Oakshott'", StatusCode::kNotFound,
       "REQUEST_UNKNOWN"},
      Bad("AgentRequestService.ListSentRequests", "page_size: -1 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("AgentRequestService.ListHeldRequests", "page_size: 501 page_token: 'Oakshott'", {"page_size", "page_token"}),
      {"AgentRequestService.ShowApproval", "approval_id: 'Oakshott'", StatusCode::kNotFound, "APPROVAL_UNKNOWN"},
      {"AgentRequestService.AnswerApproval", "approval { command { payload: 'Oakshott' } certificate: 'Oakshott' }",
       StatusCode::kFailedPrecondition, "APPROVAL_NOT_VALID"},
  };
}

TEST_F(Hostile, EachWrongFieldIsNamedAndAllAtOnce) {
  std::map<std::string, const MethodDescriptor*> methods;
  for (const MethodDescriptor* method : EveryMethod()) methods[NameOf(*method)] = method;
  std::set<std::string> unseen;
  for (const auto& [name, method] : methods) {
    if (!TakesAnything(*method)) unseen.insert(name);
  }
  for (const Wrong& wrong : Table()) {
    const MethodDescriptor& method = *methods.at(wrong.method);
    unseen.erase(wrong.method);
    const std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(wrong.request, request.get())) << wrong.request;
    const Answer answer = Call(method, CallerOf(method), request->SerializeAsString());
    EXPECT_EQ(answer.code, wrong.code) << wrong.method << " { " << wrong.request << " }: " << answer.message;
    EXPECT_EQ(answer.reason, wrong.reason) << wrong.method << " { " << wrong.request << " }: " << answer.message;
    EXPECT_THAT(answer.fields, UnorderedElementsAreArray(wrong.fields))
        << wrong.method << " { " << wrong.request << " }";
    EXPECT_FALSE(absl::StrContains(answer.octets, kPlanted))
        << wrong.method << " { " << wrong.request << " } echoes: " << answer.octets;
  }
  EXPECT_THAT(unseen, IsEmpty()) << "methods without a wrong request";
}

}  // namespace
}  // namespace derwent::testing
