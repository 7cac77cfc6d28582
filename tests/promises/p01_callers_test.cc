// P01, denied unless allowed: every method of the contract × every kind of caller. Who is not named below is refused:
// without a certificate, under another authority's, out of date, revoked, of another domain, of no or two names, of an
// unknown agency or person, of another agency, of the wrong kind or role.
#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "tests/promises/every_rpc.h"
#include "tests/support/matchers.h"

namespace derwent::testing {
namespace {

using google::protobuf::MethodDescriptor;
using ::testing::AnyOf;
using ::testing::Eq;
using ::testing::IsEmpty;

constexpr char kPractitioner[] = "agencies/police.derbys/people/p-4c1e07";
constexpr char kDpo[] = "agencies/police.derbys/people/p-9a30f4";
constexpr char kSignatory[] = "agencies/police.derbys/people/p-c7710b";
constexpr char kAgent[] = "agencies/police.derbys/agent";
constexpr char kConsole[] = "agencies/police.derbys/console";

// Who may call what: a agent, c console, p practitioner, d data protection officer, s signatory. Written down here on
// its own: a method that is not in the table fails the test.
const std::map<std::string, std::string>& May() {
  static const std::map<std::string, std::string>& may =
      *new std::map<std::string, std::string>{{"ReferralService.PlanReferral", "a"},
                                              {"ReferralService.SubmitReferral", "a"},
                                              {"ReferralService.ReportProgress", "a"},
                                              {"ReferralService.WithdrawReferral", "a"},
                                              {"ReferralService.SendNotice", "a"},
                                              {"ReferralService.GetReferral", "ac"},
                                              {"ReferralService.ListReferrals", "ac"},
                                              {"MailboxService.Collect", "a"},
                                              {"MailboxService.Acknowledge", "a"},
                                              {"LedgerService.GetCheckpoint", "acpds"},
                                              {"LedgerService.GetInclusionProof", "acpds"},
                                              {"LedgerService.GetConsistencyProof", "acpds"},
                                              {"LedgerService.ListLeaves", "acpds"},
                                              {"LedgerService.GetLedgerEntry", "ad"},
                                              {"LedgerService.SearchLedgerEntries", "ad"},
                                              {"WitnessService.NextCheckpoint", "a"},
                                              {"WitnessService.AddCosignature", "a"},
                                              {"WitnessService.ListOwnEntries", "a"},
                                              {"WitnessService.GetQuorum", "acpds"},
                                              {"AuditService.GetDecision", "ad"},
                                              {"AuditService.ReplayDecisions", "ad"},
                                              {"AuditService.ReportBreach", "ad"},
                                              {"AgentAuditService.ListEvidence", "d"},
                                              {"AgentAuditService.ListOpenings", "d"},
                                              {"AgentAuditService.FindReceived", "d"},
                                              {"AgentAuditService.FindCredential", "d"},
                                              {"AgentAuditService.SignExport", "d"},
                                              {"AgentRightsService.TellRights", "d"},
                                              {"AgentRightsService.ListRights", "d"},
                                              {"AgentRightsService.ShowRights", "d"},
                                              {"AgentRightsService.ReplyRights", "d"},
                                              {"AgentRightsService.AllowRestricted", "d"},
                                              {"KeyService.PublishKeyEvent", "a"},
                                              {"KeyService.GetAgencyKeys", "acpds"},
                                              {"RegisterService.ApplyDirectory", "a"},
                                              {"RegisterService.ApplyRestriction", "a"},
                                              {"RegisterService.ListDirectories", "acpds"},
                                              {"ErasureService.ApplyHold", "pds"},
                                              {"ErasureService.RequestErasure", "pds"},
                                              {"ErasureService.ApproveErasure", "pds"},
                                              {"ErasureService.ListErasures", "ad"},
                                              {"ErasureService.AttestErasure", "a"},
                                              {"RightsService.NotifyRights", "a"},
                                              {"RightsService.AnswerRights", "a"},
                                              {"PolicyService.GetActivePolicy", "acpds"},
                                              {"PolicyService.GetPolicyBundle", "acpds"},
                                              {"PolicyChangeService.ProposePolicy", "ds"},
                                              {"PolicyChangeService.ActivatePolicy", "s"},
                                              {"PolicyChangeService.ListPolicyRevisions", "ds"},
                                              {"PolicyChangeService.ShadowPolicy", "ds"},
                                              {"EmergencyService.DeclareEmergency", "a"},
                                              {"EmergencyService.ReviewEmergency", "d"},
                                              {"EmergencyService.ListEmergencies", "ad"},
                                              {"AgentEmergencyService.RequestEmergency", "pds"},
                                              {"AgentService.PushReferral", "cp"},
                                              {"AgentService.Withdraw", "cp"},
                                              {"AgentService.ListOutbox", "cpd"},
                                              {"AgentService.ListInbox", "cpds"},
                                              {"AgentService.OpenReferral", "cpds"},
                                              {"AgentService.ReportReceived", "cpds"},
                                              {"AgentService.ComputeReferences", "d"},
                                              {"AgentService.Restrict", "d"},
                                              {"AgentService.GetAgentStatus", "cpds"},
                                              {"CaseService.OpenCase", "pds"},
                                              {"CaseService.ChangeCaseMember", "pds"},
                                              {"CaseService.CloseCase", "pds"},
                                              {"CaseService.GetCase", "apds"},
                                              {"CaseService.ListCases", "apds"},
                                              {"CaseRequestService.PlanCaseRequest", "a"},
                                              {"CaseRequestService.SubmitCaseRequest", "a"},
                                              {"CaseRequestService.SubmitCaseAnswer", "a"},
                                              {"CaseRequestService.AskApproval", "a"},
                                              {"CaseRequestService.GiveApproval", "a"},
                                              {"CaseRequestService.GetCaseRequest", "ac"},
                                              {"CaseRequestService.ListCaseRequests", "ac"},
                                              {"AgentRequestService.SendCaseRequest", "cpds"},
                                              {"AgentRequestService.ListSentRequests", "cpds"},
                                              {"AgentRequestService.ShowCaseRequest", "cpds"},
                                              {"AgentRequestService.WatchCaseRequest", "cpds"},
                                              {"AgentRequestService.CancelCaseRequest", "cpds"},
                                              {"AgentRequestService.ListHeldRequests", "d"},
                                              {"AgentRequestService.ListApprovals", "pds"},
                                              {"AgentRequestService.ShowApproval", "pds"},
                                              {"AgentRequestService.AnswerApproval", "pds"}};
  return may;
}

std::string NameOf(const MethodDescriptor& method) {
  return absl::StrCat(method.service()->name(), ".", method.name());
}

// A call that may be made gets past the door: whatever it says then is about the request.
bool PastTheDoor(const Answer& answer) {
  if (answer.code == absl::StatusCode::kUnauthenticated || answer.code == absl::StatusCode::kUnavailable) return false;
  return !absl::StrContains(answer.message, "may not call") &&
         !absl::StrContains(answer.message, "holds no role today that may do this") &&
         !absl::StrContains(answer.message, "only this agency's own");
}

class Callers : public EveryRpc {
 protected:
  static void SetUpTestSuite() {
    EveryRpc::SetUpTestSuite();
    ASSERT_EQ(std::system(absl::StrCat("certs-example/make.sh '", Pki(), "' --test-bad >/dev/null").c_str()), 0);
    ASSERT_EQ(
        std::system(
            absl::StrCat("certs-example/revoke.sh '", Pki(), "' '", Pki(), "bad/revoked.pem' >/dev/null").c_str()),
        0);
  }

  // The new list is in force at the broker and at the agent.
  static void WaitUntilRevoked() {
    const absl::Time end = absl::Now() + absl::Seconds(30);
    for (const MethodDescriptor* method : EveryMethod()) {
      if (method->name() != "GetCheckpoint" && method->name() != "GetAgentStatus") continue;
      while (Call(*method, "bad/revoked", "").code != absl::StatusCode::kUnauthenticated)
        ASSERT_LT(absl::Now(), end) << method->name();
    }
  }
};

TEST_F(Callers, EveryMethodStandsInTheTable) {
  std::map<std::string, std::string> left = May();
  for (const MethodDescriptor* method : EveryMethod()) EXPECT_EQ(left.erase(NameOf(*method)), 1u) << NameOf(*method);
  EXPECT_THAT(left, IsEmpty());
}

TEST_F(Callers, EachKindOfCallerMayCallWhatIsItsOwnAndNothingElse) {
  const std::map<char, std::string> callers = {
      {'a', kAgent}, {'c', kConsole}, {'p', kPractitioner}, {'d', kDpo}, {'s', kSignatory}};
  for (const MethodDescriptor* method : EveryMethod()) {
    for (const auto& [letter, certificate] : callers) {
      const Answer answer = Call(*method, certificate, "");
      if (absl::StrContains(May().at(NameOf(*method)), letter)) {
        EXPECT_TRUE(PastTheDoor(answer)) << NameOf(*method) << " by " << certificate << ": " << answer.message;
      } else {
        EXPECT_EQ(answer.code, absl::StatusCode::kPermissionDenied)
            << NameOf(*method) << " by " << certificate << ": " << answer.message;
        EXPECT_EQ(answer.reason, "ROLE_NOT_ENTITLED") << NameOf(*method) << " by " << certificate;
      }
    }
  }
}

TEST_F(Callers, WhoIsNobodyIsRefusedEverywhere) {
  WaitUntilRevoked();
  for (const char* certificate : {"", "bad/expired", "bad/not-yet-valid", "bad/wrong-ca", "bad/other-domain",
                                  "bad/no-uri", "bad/two-uris", "bad/not-spiffe", "bad/unknown-agency",
                                  "bad/unknown-person", "bad/rsa", "bad/self-signed", "bad/revoked", "broker/tls"}) {
    for (const MethodDescriptor* method : EveryMethod()) {
      const Answer answer = Call(*method, certificate, "");
      EXPECT_THAT(answer.code, AnyOf(Eq(absl::StatusCode::kUnauthenticated), Eq(absl::StatusCode::kPermissionDenied),
                                     Eq(absl::StatusCode::kUnavailable)))
          << NameOf(*method) << " under `" << certificate << "`: " << answer.message;
    }
  }
}

TEST_F(Callers, AnAgentServesItsOwnAgencyOnly) {
  for (const MethodDescriptor* method : EveryMethod()) {
    if (!AtAgent(*method)) continue;
    for (const char* certificate :
         {"agencies/dcc.adults/console", "agencies/dcc.adults/agent", "agencies/dcc.adults/people/p-2c78e5", kAgent}) {
      const Answer answer = Call(*method, certificate, "");
      EXPECT_EQ(answer.code, absl::StatusCode::kPermissionDenied)
          << NameOf(*method) << " under " << certificate << ": " << answer.message;
    }
  }
}

}  // namespace
}  // namespace derwent::testing
