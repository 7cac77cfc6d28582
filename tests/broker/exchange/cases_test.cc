#include "broker/exchange/cases/cases.h"

#include "broker/exchange/mailbox/mailbox.h"
#include "tests/broker/exchange/request_fixture.h"

namespace derwent::exchange {
namespace {

// Beside the case of the fixture, which a SPOC of fire opened with adults' services as a member.
class CaseTest : public RequestTest {
 protected:
  explicit CaseTest(const Setting& setting = HomeVisit()) : RequestTest(setting) {}
  v1::OpenCaseRequest Opening() const {
    v1::OpenCaseRequest request;
    request.set_request_id(kAnswerId);
    request.set_profile("fire_safety");
    request.set_area(kArea);
    return request;
  }
  absl::Status Open(const v1::OpenCaseRequest& request, const Caller& caller) {
    return Run([&](Batch& batch) { return OpenCase(caller, request, case_, batch); });
  }
  v1::ChangeCaseMemberRequest Changing(const std::string& agency, const std::string& id = kRequestId) const {
    v1::ChangeCaseMemberRequest request;
    request.set_request_id(id);
    request.set_name(absl::StrCat("cases/", kCase));
    request.mutable_member()->set_agency(agency);
    return request;
  }
  absl::Status Change(const v1::ChangeCaseMemberRequest& request, const Caller& caller) {
    return Run([&](Batch& batch) { return ChangeCaseMember(caller, request, case_, batch); });
  }
  absl::StatusOr<v1::Case> Seen(const Caller& caller) {
    v1::GetCaseRequest request;
    request.set_name(absl::StrCat("cases/", kCase));
    return GetCase(caller, request, world(), now_, *store_->Read().value());
  }
  absl::StatusOr<v1::ListCasesResponse> Listed(const Caller& caller, const v1::ListCasesRequest& request = {}) {
    return ListCases(caller, request, world(), now_, *store_->Read().value());
  }
  absl::Status Close(const Caller& caller, const std::string& id = kAnswerId) {
    v1::CloseCaseRequest request;
    request.set_request_id(id);
    request.set_name(absl::StrCat("cases/", kCase));
    return Run([&](Batch& batch) { return CloseCase(caller, request, case_, batch); });
  }
  // Excludes somebody of the caller's own agency.
  absl::Status Exclude(const std::string& excluded, const Caller& caller, const std::string& id = kRequestId) {
    v1::ChangeCaseMemberRequest request = Changing(caller.agency(), id);
    request.mutable_member()->add_excluded_persons(excluded);
    return Change(request, caller);
  }
  std::string AcceptReferral();

  v1::Case case_;
};

// The case of a process, whose convenor is no SPOC of anybody.
class ProcessCaseTest : public CaseTest {
 protected:
  ProcessCaseTest() : CaseTest(Marac()) {}
};

TEST_F(CaseTest, AConvenorOpensACaseAndItsMembersAreParties) {
  const auto seen = Seen(PersonOf(kHolder, kOfficer));
  ASSERT_OK(seen);
  EXPECT_EQ(seen->convenor_agency(), "dfrs");
  EXPECT_EQ(seen->state(), v1::CASE_STATE_OPEN);
  EXPECT_EQ(seen->members_size(), 2);
  EXPECT_EQ(EntriesOf("dfrs", "case_opened"), 1u);
  EXPECT_EQ(EntriesOf(kHolder, "case_member"), 1u);
}

TEST_F(CaseTest, OnlyAConvenorsRoleOfTheProfileOpens) {
  Give("dfrs", "p-new", "practitioner");
  EXPECT_EQ(Told(Open(Opening(), PersonOf("dfrs", "p-new"))), "ROLE_NOT_ENTITLED");
  Give("dfrs", "p-lead", "thematic_lead", {"fire_safety"});
  EXPECT_EQ(Told(Open(Opening(), PersonOf("dfrs", "p-lead"))), "ROLE_NOT_ENTITLED");
  v1::OpenCaseRequest elsewhere = Opening();
  elsewhere.set_profile("marac");
  EXPECT_EQ(Told(Open(elsewhere, PersonOf("dfrs"))), "ROLE_NOT_ENTITLED") << "a SPOC convenes no MARAC";
  EXPECT_EQ(Told(Open(Opening(), PersonOf("dfrs", "p-nobody"))), "ROLE_NOT_ENTITLED");
  EXPECT_EQ(Told(Open(Opening(), AgentOf("dfrs"))), "ROLE_NOT_ENTITLED") << "an agent is nobody in person";
  for (auto& entry : world().directories["dfrs"].people) entry.training_until = absl::CivilDay(2026, 11, 1);
  EXPECT_EQ(Told(Open(Opening(), PersonOf("dfrs"))), "ROLE_NOT_ENTITLED");
}

TEST_F(CaseTest, AConvenorsRoleCountsInItsOwnArea) {
  for (auto& entry : world().directories["dfrs"].people) {
    for (auto& role : entry.roles) role.areas = {"E06000015"};
  }
  EXPECT_EQ(Told(Open(Opening(), PersonOf("dfrs"))), "ROLE_NOT_ENTITLED");
}

std::string CaseTest::AcceptReferral() {
  HandOver();
  v1::ReportProgressResponse response;
  EXPECT_OK(Run([&](Batch& batch) {
    return ReportProgress(AgentOf(kRecipient), ProgressOf(v1::PROGRESS_STATE_ACCEPTED, "", 2), response, batch);
  }));
  return kShareId;
}

TEST_F(CaseTest, AnAcceptedReferralOpensACaseOfItsProfileAndArea) {
  Give("dfrs", "p-new", "practitioner");
  v1::OpenCaseRequest request = Opening();
  request.set_referral_share_id(kShareId);
  EXPECT_EQ(Told(Open(request, PersonOf("dfrs", "p-new"))), "ROLE_NOT_ENTITLED") << "not accepted yet";
  AcceptReferral();
  request.set_area("E07000038");
  EXPECT_EQ(Told(Open(request, PersonOf("dfrs", "p-new"))), "ROLE_NOT_ENTITLED") << "another area";
  request.set_area(kArea);
  EXPECT_EQ(Told(Open(request, PersonOf("cbc", "p-new"))), "ROLE_NOT_ENTITLED") << "another agency";
  EXPECT_OK(Open(request, PersonOf("dfrs", "p-new")));
}

// Else a case of one process would open what a board's profile has for its own cases.
TEST_F(CaseTest, ABoardIsNamedByWhoConvenesItOnly) {
  v1::OpenCaseRequest request = Opening();
  request.set_board("marac");
  EXPECT_EQ(Told(Open(request, PersonOf("dfrs"))), "ROLE_NOT_ENTITLED")
      << "a convenor of the process, not of the board";
  Give("dfrs", "p-new", "practitioner");
  request.set_referral_share_id(AcceptReferral());
  EXPECT_EQ(Told(Open(request, PersonOf("dfrs", "p-new"))), "ROLE_NOT_ENTITLED") << "nor was it referred to the board";
}

TEST_F(CaseTest, AllViolationsOfAnOpeningAreToldAtOnce) {
  v1::OpenCaseRequest request = Opening();
  request.set_request_id("not a uuid");
  v1::CaseMember& member = *request.add_members();
  member.set_agency("no.such");
  member.add_roles("no_such");
  member.add_persons("p-1");
  const auto violations = Violations::Of(Open(request, PersonOf("dfrs")));
  EXPECT_EQ(violations.size(), 4u);
}

TEST_F(CaseTest, TheSameOpeningAgainGetsTheFirstAnswer) {
  ASSERT_OK(Open(Opening(), PersonOf("dfrs")));
  const std::string first = case_.SerializeAsString();
  ASSERT_OK(Open(Opening(), PersonOf("dfrs")));
  EXPECT_EQ(case_.SerializeAsString(), first);
  v1::OpenCaseRequest other = Opening();
  other.set_area("E07000038");
  EXPECT_EQ(Told(Open(other, PersonOf("dfrs"))), "REQUEST_ID_REUSED");
  EXPECT_EQ(Told(Open(Opening(), PersonOf(kHolder))), "REQUEST_ID_REUSED") << "another agency cannot take the id";
}

TEST_F(CaseTest, AMemberNamesItsOwnPersonsAndExcludesAnybody) {
  v1::ChangeCaseMemberRequest own = Changing(kHolder);
  own.mutable_member()->add_persons(kOfficer);
  own.mutable_member()->add_excluded_persons("p-sister");
  ASSERT_OK(Change(own, PersonOf(kHolder, kOfficer)));
  v1::ChangeCaseMemberRequest others = Changing("dfrs", kAnswerId);
  others.mutable_member()->add_excluded_persons("p-brother");
  ASSERT_OK(Change(others, PersonOf(kHolder, kOfficer)));
  const v1::Case holders = Seen(PersonOf(kHolder, kOfficer)).value();
  EXPECT_EQ(holders.members(0).persons(0), kOfficer);
  EXPECT_EQ(holders.members(1).excluded_persons(0), "p-brother");
  const v1::Case fires = Seen(AgentOf("dfrs")).value();
  EXPECT_TRUE(fires.members(0).persons().empty()) << "another agency's persons are not shown";
  EXPECT_TRUE(fires.members(0).excluded_persons().empty()) << "nor whom it excluded of its own";
  EXPECT_EQ(fires.members(1).excluded_persons(0), "p-brother") << "but who concerns this agency";
}

TEST_F(CaseTest, OnlyTheConvenorsAgencyAddsRemovesAndSaysWhichRoles) {
  EXPECT_EQ(Told(Change(Changing("cbc"), PersonOf(kHolder, kOfficer))), "ROLE_NOT_ENTITLED");
  v1::ChangeCaseMemberRequest roles = Changing(kHolder);
  roles.mutable_member()->add_roles("spoc");
  EXPECT_EQ(Told(Change(roles, PersonOf(kHolder, kOfficer))), "ROLE_NOT_ENTITLED");
  ASSERT_OK(Change(Changing("cbc", kAnswerId), PersonOf("dfrs")));
  v1::ChangeCaseMemberRequest removal = Changing("cbc", kSupplementId);
  removal.set_remove(true);
  EXPECT_EQ(Told(Change(removal, PersonOf(kHolder, kOfficer))), "ROLE_NOT_ENTITLED");
  ASSERT_OK(Change(removal, PersonOf("dfrs")));
  EXPECT_EQ(case_.members_size(), 2);
  EXPECT_EQ(Told(Seen(PersonOf("cbc")).status()), "CASE_UNKNOWN");
}

TEST_F(CaseTest, NobodyNamesAnotherAgencysPersonsNorForgetsThem) {
  v1::ChangeCaseMemberRequest own = Changing(kHolder);
  own.mutable_member()->add_persons(kOfficer);
  ASSERT_OK(Change(own, PersonOf(kHolder, kOfficer)));
  v1::ChangeCaseMemberRequest theirs = Changing(kHolder, kAnswerId);
  theirs.mutable_member()->add_persons("p-9");
  EXPECT_EQ(Told(Change(theirs, PersonOf("dfrs"))), "PAYLOAD_REJECTED");
  v1::ChangeCaseMemberRequest roles = Changing(kHolder, kAnswerId);
  roles.mutable_member()->add_roles("spoc");
  ASSERT_OK(Change(roles, PersonOf("dfrs")));
  EXPECT_EQ(Seen(AgentOf(kHolder))->members(0).persons(0), kOfficer);
}

TEST_F(CaseTest, AnEtagThatIsNotTheCasesAborts) {
  v1::ChangeCaseMemberRequest request = Changing("cbc");
  request.set_etag("7");
  EXPECT_EQ(Change(request, PersonOf("dfrs")).code(), absl::StatusCode::kAborted);
  request.set_etag(Seen(AgentOf("dfrs"))->etag());
  EXPECT_OK(Change(request, PersonOf("dfrs")));
  EXPECT_NE(case_.etag(), request.etag());
}

TEST_F(CaseTest, AnExcludedPersonSeesAndChangesNothing) {
  v1::ChangeCaseMemberRequest request = Changing("dfrs");
  request.mutable_member()->add_excluded_persons(kPractitioner);
  ASSERT_OK(Change(request, PersonOf(kHolder, kOfficer)));
  EXPECT_EQ(Told(Seen(PersonOf("dfrs")).status()), "CASE_UNKNOWN");
  EXPECT_EQ(Told(Change(Changing("cbc", kAnswerId), PersonOf("dfrs"))), "CASE_UNKNOWN");
  EXPECT_EQ(Listed(PersonOf("dfrs"))->cases_size(), 0);
  EXPECT_EQ(Listed(AgentOf("dfrs"))->cases_size(), 1);
}

TEST_F(CaseTest, WhoNeitherWorksNorAdministersItIsNotToldThatItIsThere) {
  Give("dfrs", "p-reg", "registrar");
  Give("dfrs", "p-count", "analyst");
  Give("dfrs", "p-new", "practitioner");
  Give("dfrs", "p-far", "practitioner");
  world().directories["dfrs"].people.back().roles[0].areas = {"E06000015"};
  for (const char* person : {"p-reg", "p-count", "p-far", "p-nobody"}) {
    EXPECT_EQ(Told(Seen(PersonOf("dfrs", person)).status()), "CASE_UNKNOWN") << person;
    EXPECT_EQ(Listed(PersonOf("dfrs", person))->cases_size(), 0) << person;
  }
  EXPECT_OK(Seen(PersonOf("dfrs", "p-new")));
  EXPECT_EQ(Listed(PersonOf("dfrs", "p-new"))->cases_size(), 1);
}

TEST_F(CaseTest, ItsNamedRolesAndThenItsNamedPersonsSeeIt) {
  Give("dfrs", "p-new", "practitioner");
  Give("dfrs", "p-duty", "duty_officer");
  v1::ChangeCaseMemberRequest roles = Changing("dfrs");
  roles.mutable_member()->add_roles("duty_officer");
  ASSERT_OK(Change(roles, PersonOf("dfrs")));
  EXPECT_OK(Seen(PersonOf("dfrs", "p-duty")));
  EXPECT_EQ(Told(Seen(PersonOf("dfrs", "p-new")).status()), "CASE_UNKNOWN");
  v1::ChangeCaseMemberRequest persons = Changing("dfrs", kAnswerId);
  persons.mutable_member()->add_persons("p-new");
  ASSERT_OK(Change(persons, PersonOf("dfrs")));
  EXPECT_OK(Seen(PersonOf("dfrs", "p-new")));
  EXPECT_EQ(Told(Seen(PersonOf("dfrs", "p-duty")).status()), "CASE_UNKNOWN");
  EXPECT_OK(Seen(PersonOf("dfrs"))) << "its SPOC";
}

TEST_F(CaseTest, APageIsFilledAndAHiddenCaseNotCounted) {
  Give("dfrs", "p-brother", "practitioner");
  ASSERT_OK(Open(Opening(), PersonOf("dfrs")));
  ASSERT_OK(Exclude("p-brother", PersonOf("dfrs")));
  v1::ListCasesRequest list;
  list.set_page_size(1);
  const auto brothers = Listed(PersonOf("dfrs", "p-brother"), list);
  ASSERT_OK(brothers);
  EXPECT_EQ(brothers->cases(0).case_id(), kAnswerId);
  EXPECT_EQ(brothers->next_page_token(), "") << "nothing tells of the case that excludes the reader";
  const auto first = Listed(PersonOf("dfrs"), list);
  list.set_page_token(first->next_page_token());
  const auto second = Listed(PersonOf("dfrs"), list);
  EXPECT_EQ(second->cases(0).case_id(), kCase);
  EXPECT_EQ(second->next_page_token(), "");
}

TEST_F(CaseTest, NobodyElseSeesIt) {
  EXPECT_EQ(Told(Seen(PersonOf("cbc")).status()), "CASE_UNKNOWN");
  EXPECT_EQ(Listed(AgentOf("cbc"))->cases_size(), 0);
}

TEST_F(CaseTest, NoOtherRoleOfAMemberAdministersIt) {
  Give("dfrs", "p-reg", "registrar");
  Give("dfrs", "p-new", "practitioner");
  for (const auto& [person, told] : {std::pair("p-reg", "CASE_UNKNOWN"), std::pair("p-new", "ROLE_NOT_ENTITLED")}) {
    EXPECT_EQ(Told(Change(Changing("cbc"), PersonOf("dfrs", person))), told) << person;
    EXPECT_EQ(Told(Exclude(kPractitioner, PersonOf("dfrs", person))), told) << person;
    EXPECT_EQ(Told(Close(PersonOf("dfrs", person))), told) << person;
  }
}

TEST_F(CaseTest, AnExclusionIsNotForgottenByBeingLeftOut) {
  for (const char* person : {"p-brother", "p-sister"}) Give("dfrs", person, "practitioner");
  Give(kHolder, "p-uncle", "practitioner");
  ASSERT_OK(Exclude("p-brother", PersonOf("dfrs")));
  ASSERT_OK(Change(Changing("dfrs", kAnswerId), PersonOf("dfrs")));
  EXPECT_EQ(Told(Seen(PersonOf("dfrs", "p-brother")).status()), "CASE_UNKNOWN");
  ASSERT_OK(Exclude("p-sister", PersonOf("dfrs"), kSupplementId));
  EXPECT_EQ(case_.members(1).excluded_persons_size(), 2) << "another one is one more";
  v1::ChangeCaseMemberRequest removal = Changing(kHolder, kApprovalId);
  removal.set_remove(true);
  ASSERT_OK(Exclude("p-uncle", PersonOf(kHolder, kOfficer), kShareId));
  ASSERT_OK(Change(removal, PersonOf("dfrs")));
  const char* const again = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b40";
  ASSERT_OK(Change(Changing(kHolder, again), PersonOf("dfrs"))) << "a member again";
  EXPECT_EQ(Told(Seen(PersonOf(kHolder, "p-uncle")).status()), "CASE_UNKNOWN");
}

TEST_F(CaseTest, AnExclusionEndsByBeingNamedWithAnEntryOfItsOwn) {
  Give("dfrs", "p-brother", "practitioner");
  ASSERT_OK(Exclude("p-brother", PersonOf("dfrs")));
  v1::ChangeCaseMemberRequest request = Changing("dfrs", kAnswerId);
  request.add_readmitted_persons("p-brother");
  ASSERT_OK(Change(request, PersonOf("dfrs")));
  EXPECT_OK(Seen(PersonOf("dfrs", "p-brother")));
  EXPECT_EQ(EntriesOf("dfrs", "case_readmitted"), 1u);
}

TEST_F(CaseTest, OnlyWhoExcludedReadmits) {
  v1::ChangeCaseMemberRequest others = Changing("dfrs");
  others.mutable_member()->add_excluded_persons("p-brother");
  ASSERT_OK(Change(others, PersonOf(kHolder, kOfficer)));
  v1::ChangeCaseMemberRequest request = Changing("dfrs", kAnswerId);
  request.add_readmitted_persons("p-brother");
  const auto violations = Violations::Of(Change(request, PersonOf("dfrs")));
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].first, "readmitted_persons");
  EXPECT_EQ(EntriesOf("dfrs", "case_readmitted"), 0u);
  ASSERT_OK(Change(request, PersonOf(kHolder, kOfficer)));
}

TEST_F(CaseTest, WhoIsExcludedAndReadmittedAtOnceIsRefused) {
  ASSERT_OK(Exclude("p-brother", PersonOf("dfrs")));
  v1::ChangeCaseMemberRequest request = Changing("dfrs", kAnswerId);
  request.mutable_member()->add_excluded_persons("p-brother");
  request.add_readmitted_persons("p-brother");
  EXPECT_EQ(Told(Change(request, PersonOf("dfrs"))), "PAYLOAD_REJECTED");
}

TEST_F(CaseTest, ExclusionsOfAMemberAreAHundredAtMost) {
  v1::ChangeCaseMemberRequest request = Changing("dfrs");
  for (int i = 0; i < 100; ++i) request.mutable_member()->add_excluded_persons(absl::StrCat("p-", i));
  ASSERT_OK(Change(request, PersonOf("dfrs")));
  EXPECT_EQ(Told(Exclude("p-100", PersonOf("dfrs"), kAnswerId)), "PAYLOAD_REJECTED");
}

TEST_F(ProcessCaseTest, ASpocSpeaksForItsOwnAgencyAlone) {
  Give(kHolder, "p-spoc", "spoc");
  const Caller spoc = PersonOf(kHolder, "p-spoc");
  v1::ChangeCaseMemberRequest own = Changing(kHolder);
  own.mutable_member()->add_persons("p-worker");
  own.mutable_member()->add_excluded_persons("p-sister");
  EXPECT_OK(Change(own, spoc)) << "whether or not it takes part itself";
  v1::ChangeCaseMemberRequest others = Changing("cbc", kAnswerId);
  others.mutable_member()->add_excluded_persons(kPractitioner);
  EXPECT_EQ(Told(Change(others, spoc)), "ROLE_NOT_ENTITLED");
  EXPECT_EQ(Told(Change(Changing("dfrs", kAnswerId), spoc)), "ROLE_NOT_ENTITLED");
  EXPECT_EQ(Told(Close(spoc)), "ROLE_NOT_ENTITLED");
}

TEST_F(ProcessCaseTest, ASpocOfTheConvenorsAgencyConvenesOnlyWhereNobodyElseThereMay) {
  Give("cbc", "p-spoc", "spoc");
  const Caller spoc = PersonOf("cbc", "p-spoc");
  EXPECT_EQ(Told(Change(Changing("dfrs"), spoc)), "ROLE_NOT_ENTITLED");
  EXPECT_EQ(Told(Close(spoc)), "ROLE_NOT_ENTITLED");
  std::erase_if(world().directories["cbc"].people,
                [](const auto& entry) { return entry.roles.front().role == "marac_coordinator"; });
  EXPECT_OK(Change(Changing("dfrs", kSupplementId), spoc));
  EXPECT_OK(Close(spoc));
}

TEST_F(ProcessCaseTest, TheConvenorExcludesPersonsOfAnyMember) {
  v1::ChangeCaseMemberRequest others = Changing(kHolder);
  others.mutable_member()->add_excluded_persons(kOfficer);
  ASSERT_OK(Change(others, PersonOf("cbc")));
  EXPECT_EQ(Told(Seen(PersonOf(kHolder, kOfficer)).status()), "CASE_UNKNOWN");
}

TEST_F(CaseTest, TheConvenorClosesItOnceAndForAll) {
  Give(kHolder, "p-spoc", "spoc");
  EXPECT_EQ(Told(Close(PersonOf(kHolder, "p-spoc"))), "ROLE_NOT_ENTITLED") << "a convenor's role, but of a member";
  ASSERT_OK(Close(PersonOf("dfrs"), kRequestId));
  EXPECT_EQ(case_.state(), v1::CASE_STATE_CLOSED);
  const std::string closed = case_.close_time().SerializeAsString();
  now_ += absl::Hours(1);
  ASSERT_OK(Close(PersonOf("dfrs")));
  EXPECT_EQ(case_.close_time().SerializeAsString(), closed);
  EXPECT_EQ(Told(Change(Changing("cbc"), PersonOf("dfrs"))), "CASE_CLOSED");
  EXPECT_EQ(EntriesOf(kHolder, "case_closed"), 2u);
}

}  // namespace
}  // namespace derwent::exchange
