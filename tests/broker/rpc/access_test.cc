#include "broker/rpc/access.h"

#include "broker/exchange/command/refusal.h"
#include "tests/broker/exchange/exchange_fixture.h"

namespace derwent::rpc {
namespace {

class AccessTest : public exchange::ExchangeTest {
 protected:
  absl::Status May(trust::CallerKind kind, absl::string_view method, const std::string& name = "p-dpo") {
    return MayCall({.id = {.trust_domain = "derwent.example", .agency = exchange::kSender, .kind = kind, .name = name},
                    .serial = "01"},
                   method, world(), now_);
  }
  void Directory(const std::string& role) {
    world().directories[exchange::kSender].people = {{.id = "p-dpo",
                                                      .roles = {{.role = role, .areas = {"E23000018"}}},
                                                      .training_until = absl::CivilDay(2027, 1, 1)}};
  }
};

TEST_F(AccessTest, AgentsSendAndCollect) {
  for (const char* method : {"SubmitReferral", "Collect", "Acknowledge", "PublishKeyEvent", "SearchLedgerEntries"})
    EXPECT_OK(May(trust::CallerKind::kAgent, method)) << method;
}

TEST_F(AccessTest, PersonsAndConsolesNeverSendOrCollect) {
  Directory("dpo");
  for (const char* method :
       {"SubmitReferral", "Collect", "Acknowledge", "PublishKeyEvent", "ApplyDirectory", "ApplyRestriction"}) {
    for (const trust::CallerKind kind : {trust::CallerKind::kPerson, trust::CallerKind::kConsole}) {
      EXPECT_EQ(exchange::ReasonOf(May(kind, method)), "ROLE_NOT_ENTITLED") << method;
    }
  }
}

TEST_F(AccessTest, APersonOpensCasesAnAgentAsksAndAnswers) {
  Directory("spoc");
  for (const char* method : {"OpenCase", "ChangeCaseMember", "CloseCase"}) {
    EXPECT_OK(May(trust::CallerKind::kPerson, method)) << method;
    EXPECT_FALSE(May(trust::CallerKind::kAgent, method).ok()) << method;
    EXPECT_FALSE(May(trust::CallerKind::kConsole, method).ok()) << method;
  }
  for (const char* method :
       {"PlanCaseRequest", "SubmitCaseRequest", "SubmitCaseAnswer", "AskApproval", "GiveApproval"}) {
    EXPECT_OK(May(trust::CallerKind::kAgent, method)) << method;
    EXPECT_FALSE(May(trust::CallerKind::kPerson, method).ok()) << method;
    EXPECT_FALSE(May(trust::CallerKind::kConsole, method).ok()) << method;
  }
  for (const char* method : {"GetCase", "ListCases"})
    EXPECT_FALSE(May(trust::CallerKind::kConsole, method).ok()) << method;
}

TEST_F(AccessTest, OnlyAnAuditingRoleReadsTheLedger) {
  Directory("dpo");
  EXPECT_OK(May(trust::CallerKind::kPerson, "SearchLedgerEntries"));
  Directory("practitioner");
  EXPECT_FALSE(May(trust::CallerKind::kPerson, "SearchLedgerEntries").ok());
  EXPECT_FALSE(May(trust::CallerKind::kConsole, "SearchLedgerEntries").ok());
}

TEST_F(AccessTest, WhoLeftTheDirectoryMayCallNothing) {
  Directory("dpo");
  EXPECT_OK(May(trust::CallerKind::kPerson, "ListDirectories"));
  world().directories[exchange::kSender].people.clear();
  EXPECT_FALSE(May(trust::CallerKind::kPerson, "ListDirectories").ok());
}

TEST_F(AccessTest, APersonReadsSharesAndRequestsThroughTheOwnAgentOnly) {
  Directory("spoc");
  for (const char* method : {"GetReferral", "ListReferrals", "GetCaseRequest", "ListCaseRequests"}) {
    EXPECT_FALSE(May(trust::CallerKind::kPerson, method).ok()) << method;
    EXPECT_OK(May(trust::CallerKind::kAgent, method)) << method;
    EXPECT_OK(May(trust::CallerKind::kConsole, method)) << method;
  }
}

TEST_F(AccessTest, AnAgencyThatThePolicyDoesNotKnowMayCallNothing) {
  const exchange::Caller nobody{
      .id = {.trust_domain = "derwent.example", .agency = "nobody", .kind = trust::CallerKind::kAgent, .name = "one"},
      .serial = "01"};
  for (const char* method : {"GetCheckpoint", "ListLeaves", "GetPolicyBundle", "ListDirectories", "Collect"})
    EXPECT_FALSE(MayCall(nobody, method, world(), now_).ok()) << method;
}

TEST_F(AccessTest, ABrokerDoesNotCallAndAnUnknownMethodIsNobodys) {
  EXPECT_FALSE(May(trust::CallerKind::kBroker, "GetCheckpoint").ok());
  EXPECT_FALSE(May(trust::CallerKind::kAgent, "DropEverything").ok());
}

}  // namespace
}  // namespace derwent::rpc
