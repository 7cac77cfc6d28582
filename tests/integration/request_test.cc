// Case-data requests over real TLS through a real broker, agents driven step by step.
#include <stdlib.h>

#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/envelope.h"
#include "agents/sdk/project.h"
#include "derwent/v1/case.grpc.pb.h"
#include "tests/integration/consortium.h"
#include "tests/support/matchers.h"
#include "trust/identity/certificate.h"

namespace derwent::agents {
namespace {

using testing::Consortium;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;
using testing::StatusIs;
using testing::TestAgent;

// Nobody here waits for a working day.
[[maybe_unused]] const int kShortSlot = setenv("DERWENT_ANSWER_SLOT", "5s", 1);

LocalCaller Person(const std::string& id) { return {.kind = trust::CallerKind::kPerson, .name = id}; }

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

v1::SendCaseRequestRequest Sample(const std::string& path) {
  v1::SendCaseRequestRequest request;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(ReadAll(path), &request).ok()) << path;
  return request;
}

// An invented man, as an agency may hold him.
v1::CaseRecord Kestrel() {
  v1::CaseRecord record;
  record.set_date_of_birth("1949-05-02");
  v1::IdentityFact& name = *record.mutable_identity()->add_facts();
  name.add_given_names("Abel");
  name.set_surname("Kestrel");
  name.set_date_of_birth("1949-05-02");
  record.mutable_location_current()->add_facts()->mutable_place()->set_postcode("S40 1XX");
  return record;
}

std::unique_ptr<RecordSource> Holding(const v1::CaseRecord& record) {
  static const SystemClock& clock = *new SystemClock;
  auto people = std::make_shared<const People>(People{.records = {record}});
  return std::make_unique<SystemRecords>([people] { return people; }, clock);
}

class RequestTest : public ::testing::Test {
 protected:
  std::unique_ptr<Channel> PersonChannel(const std::string& agency, const std::string& person) {
    const std::string stem = absl::StrCat(consortium_.folder(), "/pki/agencies/", agency, "/people/", person);
    const std::string trust = consortium_.folder() + "/pki/trust/ca.pem";
    auto channel = Channel::Open({.target = consortium_.target(),
                                  .peer = "spiffe://derwent.example/broker/one",
                                  .ca_file = trust,
                                  .certificate_file = stem + ".pem",
                                  .key_file = stem + ".key"});
    EXPECT_OK(channel);
    return channel.ok() ? *std::move(channel) : nullptr;
  }

  std::string OpenCase(const std::string& agency, const std::string& convenor, const std::string& profile,
                       const std::string& board, const std::string& area) {
    const auto channel = PersonChannel(agency, convenor);
    const auto stub = v1::CaseService::NewStub(channel->grpc());
    v1::OpenCaseRequest open;
    open.set_request_id(trust::SystemRandom().NewUuid().text());
    open.set_profile(profile);
    open.set_board(board);
    open.set_area(area);
    const auto opened = channel->Call(*stub, &v1::CaseService::Stub::OpenCase, open);
    EXPECT_OK(opened);
    return opened.ok() ? opened->case_id() : "";
  }

  v1::SendCaseRequestRequest Question(const std::string& profile, const std::string& role,
                                      const std::vector<std::string>& categories,
                                      const std::vector<std::string>& holders) {
    v1::SendCaseRequestRequest request;
    request.set_request_ref(absl::StrCat("REF-", ++references_));
    request.set_profile(profile);
    request.set_area("E07000034");
    request.set_role(role);
    request.set_subject_role("resident");
    *request.mutable_selector() = Kestrel();
    request.mutable_categories()->Assign(categories.begin(), categories.end());
    request.mutable_holders()->Assign(holders.begin(), holders.end());
    request.set_justification("a fire twice in a month, and he sleeps upstairs");
    return request;
  }

  // What a role holder of `agent` is asked; signs and gives the answer.
  void AnswerAll(TestAgent& agent, const std::string& person, bool approved, const std::string& reason = "",
                 const std::string& ground = "") {
    RequestDesk& desk = agent.daemon->requests();
    const auto waiting = desk.ListApprovals(Person(person));
    ASSERT_OK(waiting);
    ASSERT_FALSE(waiting->approvals().empty()) << agent.config.agency << " asks nobody";
    for (const v1::PendingApproval& pending : waiting->approvals()) {
      const v1::ApprovalQuestion& question = pending.question();
      v1::ApprovalCommand command = question.proposed();
      command.set_approver_agency(agent.config.agency);
      command.set_approver_person(person);
      command.set_approver_role(question.role());
      command.set_approved(approved);
      command.set_reason(reason);
      command.set_ground(ground);
      *command.mutable_create_time() = ToTimestamp(absl::Now());
      *command.mutable_expire_time() = question.due_time();
      const std::string stem =
          absl::StrCat(consortium_.folder(), "/pki/agencies/", agent.config.agency, "/people/", person);
      v1::AnswerApprovalRequest answer;
      *answer.mutable_approval()->mutable_command() =
          SignMessage(kApprovalType, command, trust::SigningKey::FromFile(stem + ".key").value()).value();
      answer.mutable_approval()->set_certificate(trust::Certificate::FromPem(ReadAll(stem + ".pem")).value().der());
      ASSERT_OK(desk.AnswerApproval(Person(person), answer));
    }
  }

  void Step(TestAgent& agent) {
    agent.CollectAll();
    const absl::Status worked = agent.daemon->holder().Work();
    EXPECT_OK(worked);
    const absl::Status sent = agent.daemon->holder().Drain();
    EXPECT_OK(sent);
    EXPECT_OK(agent.daemon->postman().Drain());
  }

  v1::ShowCaseRequestResponse Show(TestAgent& agent, const std::string& person, const std::string& request) {
    v1::ShowCaseRequestRequest show;
    show.set_request_id(request);
    auto shown = agent.daemon->requests().Show(Person(person), show);
    EXPECT_OK(shown);
    return shown.ok() ? *shown : v1::ShowCaseRequestResponse();
  }

  Consortium consortium_;
  int references_ = 0;
};

const v1::CategoryAnswer* AnswerTo(const v1::OpenedAnswer& answer, const std::string& category) {
  for (const v1::CategoryAnswer& part : answer.answers()) {
    if (part.category() == category) return &part;
  }
  return nullptr;
}

TEST_F(RequestTest, FireLearnsOfOccupancyAndOxygenNotOfTheDiagnosis) {
  auto agents = consortium_.Agents({"dfrs", "dcc.adults"});
  TestAgent& fire = *agents[0];
  TestAgent& adults = *agents[1];
  v1::SendCaseRequestRequest question = Sample("samples/dfrs/home-visit-request.json");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  const auto sent = fire.daemon->requests().Send(Person("p-23f9a8"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  Step(adults);
  fire.CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire, "p-23f9a8", sent->request_id());
  ASSERT_EQ(shown.answers_size(), 1) << shown.DebugString();
  ASSERT_EQ(shown.answers(0).units_size(), 2);
  EXPECT_EQ(shown.answers(0).units(0).content().household().facts(0).composition().lives_alone(), v1::YES_NO_YES);
  EXPECT_THAT(shown.answers(0).units(1).content().vulnerability_flag().ShortDebugString(),
              HasSubstr("VULNERABILITY_KIND_OXYGEN"));
  const v1::CategoryAnswer* diagnosis = AnswerTo(shown.answers(0), "health.physical");
  ASSERT_NE(diagnosis, nullptr);
  EXPECT_EQ(diagnosis->outcome(), "WITHHELD");
  EXPECT_THAT(diagnosis->reasons(), Contains("GROUND_NOT_ASSERTED"));
  EXPECT_EQ(shown.request().holders(0).state(), v1::HOLDER_STATE_ANSWERED);
  EXPECT_THAT(fire.Alarms(), IsEmpty());
  EXPECT_THAT(adults.Alarms(), IsEmpty());
  // A colleague who is not of the case is told nothing; the holder's officer sees the use.
  v1::ShowCaseRequestRequest show;
  show.set_request_id(sent->request_id());
  EXPECT_THAT(fire.daemon->requests().Show(Person("p-b8824e"), show), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(adults.daemon->requests().ListHeld(Person("p-2c78e5"), {}),
              StatusIs(absl::StatusCode::kPermissionDenied));
  const auto held = adults.daemon->requests().ListHeld(Person("p-84eb3a"), {});
  ASSERT_OK(held);
  ASSERT_EQ(held->requests_size(), 1);
  EXPECT_EQ(held->requests(0).record_ref(), "ASC-40011");
  EXPECT_EQ(held->requests(0).purpose(), "case.fire_safety");
  EXPECT_EQ(held->requests(0).acting_person(), "p-23f9a8");
  EXPECT_EQ(held->requests(0).state(), "ANSWERED");
  const auto kept = adults.daemon->context().state.FindReceived(sent->request_id());
  ASSERT_OK(kept);
  EXPECT_EQ((*kept)->content, "") << "the selector has served and is erased";
}

TEST_F(RequestTest, TheGuardianRefusesHousingWithARuleAndANextStep) {
  auto agents = consortium_.Agents({"rp.housing", "nhs.dhcft"});
  TestAgent& housing = *agents[0];
  TestAgent& trust = *agents[1];
  v1::SendCaseRequestRequest question = Sample("samples/rp.housing/asb-request.json");
  question.set_case_id(OpenCase("rp.housing", "p-26e5c3", "tb.ncasb", "tb.ncasb", question.area()));
  const auto sent = housing.daemon->requests().Send(Person("p-f91b60"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  Step(trust);
  housing.CollectAll();
  const v1::ShowCaseRequestResponse waiting = Show(housing, "p-f91b60", sent->request_id());
  ASSERT_EQ(waiting.request().holders_size(), 1);
  EXPECT_EQ(waiting.request().holders(0).state(), v1::HOLDER_STATE_AWAITING_APPROVAL);
  EXPECT_EQ(waiting.request().holders(0).reason(), "CALDICOTT_GUARDIAN");
  EXPECT_THAT(trust.daemon->requests().ListApprovals(Person("p-0e6d35"))->approvals(), IsEmpty())
      << "a practitioner is not asked";
  const auto approvals = trust.daemon->requests().ListApprovals(Person("p-e5b79c"));
  ASSERT_OK(approvals);
  ASSERT_EQ(approvals->approvals_size(), 1);
  v1::ShowApprovalRequest look;
  look.set_approval_id(approvals->approvals(0).approval_id());
  const auto seen = trust.daemon->requests().ShowApproval(Person("p-e5b79c"), look);
  ASSERT_OK(seen);
  EXPECT_THAT(seen->justification(), HasSubstr("threatened"));
  ASSERT_EQ(seen->units_size(), 1);
  AnswerAll(trust, "p-e5b79c", false, "CONFIDENCE");
  Step(trust);
  housing.CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(housing, "p-f91b60", sent->request_id());
  ASSERT_EQ(shown.answers_size(), 1);
  EXPECT_THAT(shown.answers(0).units(), IsEmpty());
  ASSERT_EQ(shown.answers(0).answers_size(), 1);
  const v1::CategoryAnswer& refused = shown.answers(0).answers(0);
  EXPECT_EQ(refused.outcome(), "WITHHELD");
  EXPECT_THAT(refused.reasons(), ElementsAre("APPROVAL_REFUSED", "CONFIDENCE"));
  EXPECT_THAT(refused.rules(0), HasSubstr("tb.ncasb"));
  EXPECT_THAT(refused.next_step(), HasSubstr("caldicott_guardian"));
  EXPECT_THAT(housing.Alarms(), IsEmpty());
  EXPECT_THAT(trust.Alarms(), IsEmpty());
}

TEST_F(RequestTest, ALeadCannotTellWhoRefusedFromWhoHoldsNothing) {
  auto agents = consortium_.Agents({"dcc.community_safety", "police.derbys", "dcc.adults", "probation.em", "cbc"});
  TestAgent& lead = *agents[0];
  // Police, adults and probation hold him; the borough does not. Police and adults agree, probation's SPOC refuses.
  for (size_t i = 1; i <= 3; ++i) {
    v1::CaseRecord record = Kestrel();
    record.mutable_household()->add_facts()->mutable_composition()->set_lives_alone(v1::YES_NO_YES);
    agents[i]->records = Holding(record);
    agents[i]->Restart();
    ASSERT_OK(agents[i]->daemon->upkeep().RunAll());
  }
  v1::SendCaseRequestRequest question = Question("tb.soce", "thematic_lead", {"household", "identity"},
                                                 {"police.derbys", "dcc.adults", "probation.em", "cbc"});
  question.set_purpose("case.exploitation");
  question.set_board("tb.soce");
  question.set_subject_role("person_at_risk");
  question.set_case_id(OpenCase("dcc.community_safety", "p-c85e1f", "tb.soce", "tb.soce", question.area()));
  EXPECT_THAT(lead.daemon->requests().Send(Person("p-b3d8c4"), question), StatusIs(absl::StatusCode::kPermissionDenied))
      << "the lead of another area";
  const auto sent = lead.daemon->requests().Send(Person("p-5f7a21"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason() << sent->DebugString();
  for (size_t i = 1; i <= 4; ++i) Step(*agents[i]);
  AnswerAll(*agents[1], "p-58b2d1", true);
  AnswerAll(*agents[2], "p-f6019d", true);
  AnswerAll(*agents[3], "p-f04e29", false, "NOT_NECESSARY");
  EXPECT_THAT(agents[4]->daemon->requests().ListApprovals(Person("p-5cd9f1"))->approvals(), IsEmpty());
  // Nothing before the slot.
  for (size_t i = 1; i <= 4; ++i) Step(*agents[i]);
  lead.CollectAll();
  EXPECT_THAT(Show(lead, "p-5f7a21", sent->request_id()).answers(), IsEmpty());
  const absl::Time slot = FromTimestamp(sent->answer_time());
  v1::ShowCaseRequestResponse shown;
  while (shown.answers_size() < 4 && absl::Now() < slot + absl::Seconds(30)) {
    for (size_t i = 1; i <= 4; ++i) Step(*agents[i]);
    ASSERT_OK(lead.daemon->receiver().CollectOnce(absl::Seconds(1)));
    shown = Show(lead, "p-5f7a21", sent->request_id());
    if (absl::Now() < slot - absl::Seconds(1)) {
      EXPECT_THAT(shown.answers(), IsEmpty()) << "nothing before the slot";
    }
  }
  ASSERT_EQ(shown.answers_size(), 4);
  std::map<std::string, v1::OpenedAnswer> by_holder;
  std::map<std::string, v1::Manifest> manifests;
  for (const v1::OpenedAnswer& answer : shown.answers()) {
    by_holder[answer.agency()] = answer;
    const auto received = lead.daemon->context().state.FindReceived(answer.share_id());
    ASSERT_OK(received);
    ASSERT_TRUE(manifests[answer.agency()].ParseFromString((*received)->manifest));
  }
  for (const char* agency : {"police.derbys", "dcc.adults"})
    EXPECT_TRUE(by_holder[agency].units(0).content().has_household()) << agency;
  for (const char* agency : {"probation.em", "cbc"}) {
    ASSERT_EQ(by_holder[agency].units_size(), 2);
    for (const v1::OpenedUnit& unit : by_holder[agency].units())
      EXPECT_EQ(unit.content().neutral(), NeutralText(agency));
    EXPECT_THAT(by_holder[agency].answers(), IsEmpty());
  }
  // Everything that is not random by design is the same, but for whose it is.
  const auto outline = [](v1::Manifest manifest) {
    for (std::string* text : {manifest.mutable_share_id(), manifest.mutable_key_ring_digest(),
                              manifest.mutable_sender_statement_digest(), manifest.mutable_sender_agency()})
      text->clear();
    for (v1::ManifestUnit& unit : *manifest.mutable_units()) {
      unit.clear_ciphertext_digest();
      unit.clear_key_commitment();
    }
    return manifest.DebugString();
  };
  EXPECT_EQ(outline(manifests["probation.em"]), outline(manifests["cbc"]));
  EXPECT_EQ(outline(manifests["police.derbys"]), outline(manifests["cbc"]));
  EXPECT_EQ(by_holder["probation.em"].receipts_size(), by_holder["cbc"].receipts_size());
  for (const v1::RequestHolder& holder : shown.request().holders()) {
    EXPECT_EQ(holder.state(), v1::HOLDER_STATE_ANSWERED) << holder.agency();
    EXPECT_EQ(holder.reason(), "") << holder.agency();
  }
  for (const auto& agent : agents) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(RequestTest, AnAgentJustStartedRefusesNothingBeforeItKnowsWhoIsWho) {
  auto agents = consortium_.Agents({"dfrs", "dcc.adults"});
  TestAgent& fire = *agents[0];
  TestAgent& adults = *agents[1];
  v1::SendCaseRequestRequest question = Sample("samples/dfrs/home-visit-request.json");
  question.mutable_grounds()->Add("fire_safety.health.physical");
  question.set_case_id(OpenCase("dfrs", "p-7be041", "fire_safety", "", question.area()));
  const auto sent = fire.daemon->requests().Send(Person("p-23f9a8"), question);
  ASSERT_OK(sent);
  Step(adults);
  AnswerAll(adults, "p-f6019d", true, "", "gw.consent_confidence");
  // The policy is kept on disk; who holds which role is not.
  adults.Restart();
  EXPECT_THAT(adults.daemon->holder().Work(), StatusIs(absl::StatusCode::kUnavailable));
  fire.Restart();
  EXPECT_THAT(fire.daemon->receiver().CollectOnce(absl::ZeroDuration()), StatusIs(absl::StatusCode::kUnavailable));
  for (TestAgent* agent : {&fire, &adults}) ASSERT_OK(agent->daemon->upkeep().RunAll());
  adults.clock.Move(absl::Seconds(6));  // It tries again after 5 s.
  Step(adults);
  fire.CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(fire, "p-23f9a8", sent->request_id());
  ASSERT_EQ(shown.answers_size(), 2) << shown.DebugString();
  const v1::CategoryAnswer* diagnosis = AnswerTo(shown.answers(1), "health.physical");
  ASSERT_NE(diagnosis, nullptr);
  EXPECT_EQ(diagnosis->outcome(), "RELEASED") << diagnosis->DebugString();
  EXPECT_THAT(fire.Alarms(), IsEmpty());
  EXPECT_THAT(adults.Alarms(), IsEmpty());
}

TEST_F(RequestTest, ACancelledRequestIsForgottenByItsHolder) {
  auto agents = consortium_.Agents({"rp.housing", "nhs.dhcft"});
  TestAgent& housing = *agents[0];
  TestAgent& trust = *agents[1];
  v1::SendCaseRequestRequest question = Sample("samples/rp.housing/asb-request.json");
  question.set_case_id(OpenCase("rp.housing", "p-26e5c3", "tb.ncasb", "tb.ncasb", question.area()));
  const auto sent = housing.daemon->requests().Send(Person("p-f91b60"), question);
  ASSERT_OK(sent);
  ASSERT_EQ(sent->state(), "STORED") << sent->reason();
  EXPECT_EQ(housing.daemon->requests().Send(Person("p-f91b60"), question)->request_id(), sent->request_id())
      << "the same reference is the same request";
  Step(trust);
  v1::CancelCaseRequestRequest cancel;
  cancel.set_request_id(sent->request_id());
  ASSERT_OK(housing.daemon->requests().Cancel(Person("p-f91b60"), cancel));
  Step(trust);
  EXPECT_THAT(trust.daemon->requests().ListApprovals(Person("p-e5b79c"))->approvals(), IsEmpty());
  const auto held = trust.daemon->requests().ListHeld(Person("p-691fea"), {});
  ASSERT_OK(held);
  EXPECT_EQ(held->requests(0).state(), "CANCELLED");
  EXPECT_EQ((*trust.daemon->context().state.FindReceived(sent->request_id()))->content, "");
}

}  // namespace
}  // namespace derwent::agents
