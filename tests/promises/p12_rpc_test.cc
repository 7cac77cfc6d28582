// P12, clear errors, for every method of the contract: missing, wrong, oversized and hostile requests get the right status, which
// names every field and its rule at once, never echoes what was sent, and leaves everything but the ledger as it was.
#include <fstream>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"
#include "tests/promises/every_rpc.h"
#include "tests/support/matchers.h"

namespace derwent::testing {
namespace {

using absl::StatusCode;
using google::protobuf::MethodDescriptor;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAreArray;

constexpr char kPlanted[] = "Oakshott";

std::string NameOf(const MethodDescriptor& method) { return absl::StrCat(method.service()->name(), ".", method.name()); }

// Somebody who may call it, so that the request is what is judged.
std::string CallerOf(const MethodDescriptor& method) {
  if (method.service()->name() != "AgentService") return "agencies/police.derbys/agent";
  const bool rights = method.name() == "ComputeReferences" || method.name() == "Restrict";
  return rights ? "agencies/police.derbys/people/p-9a30f4" : "agencies/police.derbys/people/p-4c1e07";
}

// Methods that no content can break: what they read of the request only narrows an answer.
bool TakesAnything(const MethodDescriptor& method) {
  static const std::set<std::string>& names = *new std::set<std::string>{"LedgerService.GetCheckpoint", "RegisterService.ListDirectories",
                                                                        "PolicyService.GetActivePolicy", "PolicyService.GetPolicyBundle", "AgentService.GetAgentStatus"};
  return names.contains(NameOf(method));
}

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
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
    EXPECT_FALSE(absl::StrContains(answer.octets, kPlanted)) << NameOf(method) << " echoes what was sent: " << answer.message;
    if (TakesAnything(method)) return;
    const std::set<StatusCode> refusals = {StatusCode::kInvalidArgument, StatusCode::kNotFound, StatusCode::kPermissionDenied, StatusCode::kFailedPrecondition, StatusCode::kAborted};
    EXPECT_TRUE(refusals.contains(answer.code)) << NameOf(method) << ": " << absl::StatusCodeToString(answer.code) << " " << answer.message;
    EXPECT_NE(answer.reason, "") << NameOf(method);
    EXPECT_EQ(answer.fields.empty(), answer.code != StatusCode::kInvalidArgument) << NameOf(method) << ": " << answer.message;
  }

 private:
  std::map<std::string, int64_t> before_;
};

TEST_F(Hostile, ValuesInEveryField) {
  for (const MethodDescriptor* method : EveryMethod()) {
    for (const std::string& text : {absl::StrCat(kPlanted, "'; drop table share; --"), absl::StrCat("../../", kPlanted, "%s%n\n"), absl::StrCat(std::string(5000, 'x'), kPlanted)}) {
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
    EXPECT_FALSE(absl::StrContains(answer.octets, kPlanted)) << NameOf(*method);
  }
}

TEST_F(Hostile, MessagesOverTheLimit) {
  const std::string large(65 << 20, '\x0a');
  for (const MethodDescriptor* method : EveryMethod()) EXPECT_EQ(Call(*method, CallerOf(*method), large).code, StatusCode::kResourceExhausted) << NameOf(*method);
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
      Bad("ReferralService.PlanReferral", "acting_person: 'p-4c1e07' area: 'E07000034' request_id: 'Oakshott' profile: 'marac' purpose: 'x' recipients { agency: 'x' role: 'x' } recipients { agency: 'y' role: 'x' subjects { role: 'x' } }",
          {"request_id", "recipients[0].subjects", "recipients[1].subjects.categories"}),
      Bad("ReferralService.PlanReferral",
          id + "acting_person: 'p-4c1e07' area: 'E07000034' profile: 'Maren Oakshott' purpose: 'Maren Oakshott' board: '\\001' "
               "recipients { agency: 'dcc.adults' role: 'Maren Oakshott' subjects { number: 1 role: '' categories: 'Maren Oakshott' grounds: 'Maren Oakshott' } }",
          {"profile", "purpose", "board", "recipients[0].role", "recipients[0].subjects.role", "recipients[0].subjects.categories", "recipients[0].subjects.grounds"}),
      Bad("ReferralService.SubmitReferral", "", {"request_id", "submissions"}),
      Bad("ReferralService.SubmitReferral", "request_id: '../Oakshott' submissions {}", {"request_id"}),
      {"ReferralService.GetReferral", "name: 'agencies/dcc.adults/referrals/x'", StatusCode::kNotFound, "SHARE_UNKNOWN"},
      {"ReferralService.GetReferral", "name: 'agencies/police.derbys/referrals/Oakshott'", StatusCode::kNotFound, "SHARE_UNKNOWN"},
      {"ReferralService.ListReferrals", "parent: 'agencies/dcc.adults'", StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED"},
      Bad("ReferralService.ListReferrals", "parent: 'agencies/police.derbys' page_size: 501 page_token: 'Oakshott' filter: 'subject=Oakshott'", {"page_size", "page_token", "filter"}),
      Bad("ReferralService.ReportProgress", "request_id: 'Oakshott'", {"request_id", "progress"}),
      Bad("ReferralService.WithdrawReferral", "request_id: 'Oakshott'", {"request_id", "withdrawals"}),
      Bad("ReferralService.SendNotice", "request_id: 'Oakshott'", {"request_id", "notice"}),
      Bad("MailboxService.Collect", "max_deliveries: 65 wait { seconds: 26 }", {"max_deliveries", "wait"}),
      Bad("MailboxService.Collect", "max_deliveries: -1 wait { seconds: -1 }", {"max_deliveries", "wait"}),
      Bad("MailboxService.Acknowledge", "request_id: 'Oakshott'", {"request_id", "delivery_id"}),
      {"MailboxService.Acknowledge", absl::StrCat(id, "delivery_id: '", kId, "'"), StatusCode::kNotFound, "DELIVERY_UNKNOWN"},
      Bad("LedgerService.GetInclusionProof", "index: 1 size: 1", {"index"}),
      Bad("LedgerService.GetInclusionProof", "index: 18446744073709551615 size: 18446744073709551615", {"size"}),
      Bad("LedgerService.GetConsistencyProof", "old_size: 0", {"old_size"}),
      Bad("LedgerService.GetConsistencyProof", "old_size: 3 new_size: 2", {"old_size"}),
      Bad("LedgerService.ListLeaves", "count: 4097", {"count"}),
      {"LedgerService.GetLedgerEntry", "name: 'Oakshott'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"LedgerService.GetLedgerEntry", "name: 'ledger/entries/-1'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      {"LedgerService.GetLedgerEntry", "name: 'ledger/entries/999999'", StatusCode::kNotFound, "ENTRY_UNKNOWN"},
      Bad("LedgerService.SearchLedgerEntries", "page_size: 501 page_token: 'Oakshott' subject_references: 'short'", {"page_size", "page_token", "subject_references"}),
      {"KeyService.GetAgencyKeys", "agency: 'Oakshott'", StatusCode::kNotFound, "AGENCY_UNKNOWN"},
      Bad("KeyService.PublishKeyEvent", "request_id: 'Oakshott'", {"request_id", "event"}),
      Bad("RegisterService.ApplyDirectory", "request_id: 'Oakshott'", {"request_id", "directory"}),
      Bad("RegisterService.ApplyRestriction", "request_id: 'Oakshott'", {"request_id", "restriction"}),
      Bad("AgentService.PushReferral",
       "referral_ref: 'R' profile: 'marac' purpose: 'case.da_safety' area: 'E07000034' subjects { role: 'Oakshott' record { subject_flags: 'Oakshott' } } "
       "recipients { agency: 'Oakshott' role: 'Oakshott' categories: 'Oakshott' grounds: 'Oakshott' }",
       {"subjects[0].role", "subjects[0].record.subject_flags", "subjects[0].record", "recipients[0].agency", "recipients[0].role", "recipients[0].categories", "recipients[0].grounds"}),
      Bad("AgentService.Withdraw", "share_id: 'Oakshott' reason: 'Oakshott'", {"reason"}),
      {"AgentService.Withdraw", absl::StrCat("reason: 'SENT_IN_ERROR' share_id: '", kId, "'"), StatusCode::kNotFound, "SHARE_UNKNOWN"},
      Bad("AgentService.ListOutbox", "page_size: -1 page_token: 'Oakshott'", {"page_size", "page_token"}),
      Bad("AgentService.ListInbox", "page_size: 501 page_token: '0'", {"page_size", "page_token"}),
      {"AgentService.OpenReferral", "share_id: 'Oakshott'", StatusCode::kNotFound, "SHARE_UNKNOWN"},
      {"AgentService.ReportReceived", "share_id: 'Oakshott' reason: 'Oakshott'", StatusCode::kNotFound, "SHARE_UNKNOWN"},
      Bad("AgentService.ComputeReferences", "enclave: 'Oakshott'", {"enclave", "identifiers"}),
      Bad("AgentService.ComputeReferences", "identifiers: 'nhs:Oakshott' identifiers: 'Oakshott'", {"identifiers[0]", "identifiers[1]"}),
      Bad("AgentService.Restrict", "restriction_id: 'Oakshott'", {"restriction_id", "identifiers"}),
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
    const std::unique_ptr<google::protobuf::Message> request(google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(wrong.request, request.get())) << wrong.request;
    const Answer answer = Call(method, CallerOf(method), request->SerializeAsString());
    EXPECT_EQ(answer.code, wrong.code) << wrong.method << " { " << wrong.request << " }: " << answer.message;
    EXPECT_EQ(answer.reason, wrong.reason) << wrong.method << " { " << wrong.request << " }: " << answer.message;
    EXPECT_THAT(answer.fields, UnorderedElementsAreArray(wrong.fields)) << wrong.method << " { " << wrong.request << " }";
    EXPECT_FALSE(absl::StrContains(answer.octets, kPlanted)) << wrong.method << " { " << wrong.request << " } echoes: " << answer.octets;
  }
  EXPECT_THAT(unseen, IsEmpty()) << "methods without a wrong request";
}

}  // namespace
}  // namespace derwent::testing
