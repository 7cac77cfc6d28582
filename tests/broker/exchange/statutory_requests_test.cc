// A request under a statutory duty: it names a written request in place of a case, and is asked and answered without an
// agreement.
#include "broker/exchange/request/requests.h"
#include "tests/broker/exchange/request_fixture.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;

constexpr char kDocument[] = "ASBCR/2026/0117";

// A district council reviews how a case of anti-social behaviour was handled (ASBCPA 2014 s104).
const Setting& Review() {
  static const Setting& setting = *new Setting{.asker = "cbc",
                                               .role = "asb_review_spoc",
                                               .profile = "asb_cr",
                                               .purpose = "case.asb_review",
                                               .document = kDocument,
                                               .subject_role = "complainant",
                                               .convenor_role = "asb_review_spoc",
                                               .approver_role = "asb_review_spoc",
                                               .asked = {"health.mental", "identity", "incident"},
                                               .grounds = {"asb_cr.health.mental"},
                                               .released = {{.category = "identity"}, {.category = "incident"}},
                                               .approved = {.category = "health.mental", .form = "flag_only"}};
  return setting;
}

void EndAgreements(policy::Policy& policy) {
  for (policy::Agreement& agreement : policy.agreements)
    agreement.notices.push_back({.from = absl::CivilDay(2026, 1, 1)});
}

void EndAgreementsAndSayNobody(policy::Policy& policy) {
  EndAgreements(policy);
  policy.gateways.at("gw.asb104").tells_whom = false;
}

// The holder gives nothing under any agreement; the asker still may say whom it asks about.
void EndWhatIsGivenTo(const std::string& asker, policy::Policy& policy) {
  for (policy::Agreement& agreement : policy.agreements) agreement.givers = {asker};
}

class StatutoryRequestTest : public RequestTest {
 protected:
  StatutoryRequestTest() : RequestTest(Review()) {}
  // With an agreement in force whom it asks about rests on that.
  void SetUp() override {
    RequestTest::SetUp();
    for (policy::Agreement& agreement : policy().agreements) {
      agreement.parties.insert(kHolder);
      agreement.signed_by.insert(kHolder);
    }
  }

  std::vector<std::string> LinesOf(const std::string& agency, const char* field) {
    std::vector<std::string> lines;
    for (std::string& line : EntriesSeenBy(agency)) {
      if (line.starts_with(field)) lines.push_back(std::move(line));
    }
    return lines;
  }
  v1::PlanCaseRequestRequest Plan() const {
    v1::PlanCaseRequestRequest plan;
    plan.set_profile(setting_.profile);
    plan.set_purpose(setting_.purpose);
    plan.set_area(kArea);
    plan.set_acting_person(kPractitioner);
    plan.set_role(setting_.role);
    plan.set_subject_role(setting_.subject_role);
    plan.add_categories("incident");
    plan.set_justification(true);
    plan.set_document_reference(kDocument);
    v1::PlannedHolder& holder = *plan.add_holders();
    holder.set_agency(kHolder);
    holder.add_selector_categories("identity");
    return plan;
  }
  absl::StatusOr<v1::PlanCaseRequestResponse> Planned(v1::PlanCaseRequestRequest plan) {
    plan.set_request_id(FreshRequestId());
    v1::PlanCaseRequestResponse response;
    RETURN_IF_ERROR(Run([&](Batch& batch) { return PlanCaseRequest(AgentOf("cbc"), plan, response, batch); }));
    return response;
  }
};

TEST_F(StatutoryRequestTest, NeedsNeitherAgreementNorCaseToBeAnswered) {
  EndWhatIsGivenTo("cbc", policy());
  HandOverRequest();
  EXPECT_EQ(Told(Answer()), "STORED");
  EXPECT_EQ(Told(Supplement()), "STORED");
}

TEST_F(StatutoryRequestTest, NeedsNoAgreementToSayWhomItIsAbout) {
  EndAgreements(policy());
  HandOverRequest();
  EXPECT_EQ(Told(Answer()), "STORED");
}

// The duty is to answer a relevant body: nobody else says to one whom it has in mind.
TEST_F(StatutoryRequestTest, TellsWhomToWhoMustAnswerAlone) {
  EndAgreements(policy());
  v1::PlanCaseRequestRequest plan = Plan();
  EXPECT_EQ(Planned(plan)->decisions(0).selector().overall(), "PERMIT");
  plan.mutable_holders(0)->set_agency("press.any");
  EXPECT_EQ(Planned(plan)->decisions(0).selector().overall(), "DENY");
  plan = Plan();
  plan.clear_document_reference();
  EXPECT_EQ(Planned(plan)->decisions(0).selector().overall(), "DENY");
}

TEST_F(StatutoryRequestTest, IsEnteredAsWhatItIs) {
  HandOverRequest();
  ASSERT_EQ(Told(Answer()), "STORED");
  for (const char* step : {"request", "answer"}) EXPECT_EQ(EntriesOf(kHolder, step), 1u) << step;
  for (const char* agency : {"cbc", kHolder}) {
    EXPECT_THAT(LinesOf(agency, "purpose"),
                Contains(AllOf(HasSubstr("case.asb_review"), HasSubstr("route=STATUTORY_REQUEST"))));
    EXPECT_THAT(LinesOf(agency, "ids"), Contains(HasSubstr("document=ASBCR/2026/0117")));
  }
}

TEST_F(StatutoryRequestTest, IsPlannedAsItIsDecided) {
  EndWhatIsGivenTo("cbc", policy());
  const auto planned = Planned(Plan());
  ASSERT_OK(planned);
  EXPECT_EQ(planned->decisions(0).question().overall(), "PERMIT");
  EXPECT_EQ(planned->decisions(0).selector().overall(), "PERMIT");
  v1::PlanCaseRequestRequest without = Plan();
  without.clear_document_reference();
  EXPECT_EQ(Planned(without)->decisions(0).question().overall(), "DENY");
}

TEST_F(StatutoryRequestTest, ItsDocumentIsAReferenceNotAText) {
  v1::PlanCaseRequestRequest plan = Plan();
  plan.set_document_reference("letter re Abel Kestrel, 2 May");
  EXPECT_THAT(Violations::Of(Planned(plan).status()), Contains(Key("document_reference")));
  const auto sent = SubmitRequest(
      Request([](v1::Manifest& m, v1::SenderStatement&) { m.set_document_reference("KESTREL-1949-05-02"); }));
  EXPECT_THAT(Violations::Of(sent.status()), Contains(Key("submissions[0].manifest.document_reference")));
  EXPECT_THAT(std::string(sent.status().message()), Not(HasSubstr("KESTREL")));
}

// What is taken from it, or asked beyond it; with the agreement in force, and with none.
struct Attack {
  const char* name;
  SelectorChange change;
  std::function<void(policy::Policy&)> from_policy;
  const char* told;
};

class AttackedStatutoryRequestTest : public StatutoryRequestTest, public ::testing::WithParamInterface<Attack> {};

TEST_P(AttackedStatutoryRequestTest, IsRefused) {
  if (GetParam().from_policy) GetParam().from_policy(policy());
  EXPECT_EQ(Told(Request(GetParam().change)), GetParam().told);
  EXPECT_EQ(CollectAs(kHolder)->deliveries_size(), 0) << "nobody is told whom it is about";
}

void ForScrutiny(v1::Manifest& m, v1::SenderStatement&) {
  m.set_profile("tb.ncasb");
  m.set_purpose("oversight.scrutiny");
  m.set_board("tb.ncasb");
  m.mutable_question()->set_role("practitioner");
  m.mutable_subjects(0)->clear_grounds();
}

INSTANTIATE_TEST_SUITE_P(
    Each, AttackedStatutoryRequestTest,
    ::testing::Values(
        Attack{"without_its_document", [](v1::Manifest& m, v1::SenderStatement&) { m.clear_document_reference(); },
               nullptr, "REFUSED CASE_LINK_REQUIRED"},
        Attack{"without_its_document_and_agreement",
               [](v1::Manifest& m, v1::SenderStatement&) { m.clear_document_reference(); }, EndAgreements,
               "REFUSED AGREEMENT_NOT_IN_FORCE"},
        Attack{"with_nothing_to_say_whom", nullptr, EndAgreementsAndSayNobody, "REFUSED LEGAL_GATEWAY_MISSING"},
        Attack{"for_another_purpose",
               [](v1::Manifest& m, v1::SenderStatement&) { m.set_purpose("case.asb_resolution"); }, nullptr,
               "REFUSED PURPOSE_NOT_PERMITTED"},
        Attack{"where_no_duty_answers_it", nullptr,
               [](policy::Policy& p) {
                 EndAgreements(p);
                 p.gateways.at("gw.asb104").compels_by_document = false;
               },
               "REFUSED LEGAL_GATEWAY_MISSING"},
        Attack{"beyond_the_profile",
               [](v1::Manifest& m, v1::SenderStatement&) {
                 m.mutable_question()->clear_categories();
                 m.mutable_question()->add_categories("finance");
               },
               nullptr, "REFUSED CATEGORY_NOT_PERMITTED"},
        Attack{"by_nobody_in_that_role",
               [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_question()->set_role("mash_manager"); }, nullptr,
               "REFUSED ROLE_NOT_ENTITLED"},
        Attack{"for_scrutiny_without_its_document",
               [](v1::Manifest& m, v1::SenderStatement& s) {
                 ForScrutiny(m, s);
                 m.clear_document_reference();
               },
               nullptr, "REFUSED DOCUMENT_REQUIRED"},
        Attack{"for_scrutiny_of_who_it_was", ForScrutiny, nullptr, "REFUSED DEPERSONALISED_ONLY"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(StatutoryRequestTest, ItsAnswerIsUnderTheSameDocument) {
  HandOverRequest();
  EXPECT_EQ(Told(Answer([](v1::Manifest& m, v1::SenderStatement&) { m.clear_document_reference(); })),
            "PAYLOAD_REJECTED");
  EXPECT_EQ(Told(Answer([](v1::Manifest& m, v1::SenderStatement&) { m.set_document_reference("ASBCR/2026/0118"); })),
            "PAYLOAD_REJECTED");
}

TEST_F(StatutoryRequestTest, OneRequestNamesOneDocument) {
  v1::SubmitCaseRequestRequest request = Request();
  *request.add_submissions() = request.submissions(0);
  const v1::SubmitCaseRequestRequest other =
      Request([](v1::Manifest& m, v1::SenderStatement&) { m.set_document_reference("ASBCR/2026/0118"); });
  *request.mutable_submissions(1) = other.submissions(0);
  EXPECT_THAT(Violations::Of(SubmitRequest(request).status()), Contains(Key("submissions.package.manifest")));
}

TEST_F(StatutoryRequestTest, AReferralIsOnNoSuchRoute) {
  EndAgreements(policy());
  const auto refused =
      Submit(Share([](v1::Manifest& m, v1::SenderStatement&) { m.set_document_reference(kDocument); }));
  ASSERT_OK(refused);
  EXPECT_EQ(refused->outcome(), v1::SUBMIT_OUTCOME_REFUSED) << "its document opens nothing";
  EXPECT_EQ(refused->reason(), "AGREEMENT_NOT_IN_FORCE");
}

// Tables of counts: asked finer than the topic's limit they are decided at the limit.
TEST_F(StatutoryRequestTest, ATableAskedTooFineIsDecidedAtItsLimit) {
  const auto form = [&](const char* geography) {
    v1::PlanCaseRequestRequest plan = Plan();
    plan.set_categories(0, "aggregate");
    plan.mutable_holders(0)->clear_selector_categories();  // About nobody.
    plan.mutable_table()->set_topic("modern_slavery");
    plan.mutable_table()->set_geography(geography);
    plan.mutable_table()->set_period("month");
    return Planned(plan)->decisions(0).question().categories(0).form();
  };
  EXPECT_EQ(form("county_city"), "full");
  EXPECT_EQ(form("ward"), "generalise");
}

TEST_F(StatutoryRequestTest, ATableIsWholeAndOfCounts) {
  v1::PlanCaseRequestRequest plan = Plan();
  plan.mutable_table()->set_topic("modern_slavery");
  EXPECT_THAT(Violations::Of(Planned(plan).status()), Contains(Key("table")));
  const auto sent = SubmitRequest(Request(
      [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_question()->mutable_table()->set_topic("Abel Kestrel"); }));
  EXPECT_THAT(Violations::Of(sent.status()), Contains(Key("submissions[0].manifest.question.table")));
}

}  // namespace
}  // namespace derwent::exchange
