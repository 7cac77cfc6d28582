// A broker that shows another declaration of an emergency than two persons signed: the holder releases nothing.
#include "absl/strings/str_join.h"

#include "policy/loader/emergency.h"
#include "tests/integration/request_fixture.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr char kOfficer[] = "p-e24a5c";
constexpr char kSpoc[] = "p-58b2d1";

class LyingEmergencyTest : public RequestTest {
 protected:
  LyingEmergencyTest() : agents_(consortium_.Agents({"police.derbys", "dcc.adults", "dfrs"})) {
    adults().records = Holding(Kestrel());
    adults().Restart();
    EXPECT_OK(adults().daemon->upkeep().RunAll());
  }
  TestAgent& police() { return *agents_[0]; }
  TestAgent& adults() { return *agents_[1]; }
  TestAgent& fire() { return *agents_[2]; }

  std::string Stem(const std::string& person) const {
    return absl::StrCat(consortium_.folder(), "/pki/agencies/police.derbys/people/", person);
  }
  v1::SignedEmergency Declared(const v1::EmergencyCommand& command) const {
    v1::SignedEmergency declaration;
    for (const char* person : {kOfficer, kSpoc}) {
      const v1::DsseEnvelope envelope =
          trust::SignMessage(trust::kEmergencyType, command, trust::SigningKey::FromFile(Stem(person) + ".key").value())
              .value();
      declaration.mutable_command()->set_payload_type(envelope.payload_type());
      declaration.mutable_command()->set_payload(envelope.payload());
      *declaration.mutable_command()->add_signatures() = envelope.signatures(0);
      declaration.add_certificates(trust::Certificate::FromPem(ReadAll(Stem(person) + ".pem")).value().der());
    }
    return declaration;
  }
  static v1::EmergencyCommand Command(const v1::SendCaseRequestRequest& question) {
    v1::EmergencyCommand command;
    command.set_emergency_id(trust::SystemRandom().NewUuid().text());
    command.set_agency("police.derbys");
    command.set_officer(kOfficer);
    command.set_second_person(kSpoc);
    command.set_profile(question.profile());
    command.set_area(question.area());
    command.set_subject_role(question.subject_role());
    *command.mutable_holders() = question.holders();
    *command.mutable_categories() = question.categories();
    const absl::Time now = absl::Now();  // Once: it may be good for 24 hours and no longer.
    *command.mutable_create_time() = trust::ToTimestamp(now);
    *command.mutable_expire_time() = trust::ToTimestamp(now + absl::Hours(24));
    return command;
  }

  // Asks honestly; what the holder's agent reads of the declarations is changed on the way. Returns the outcome of
  // `identity`.
  std::string Outcome(const std::function<void(v1::Emergency&, v1::EmergencyCommand&)>& change) {
    const auto question = Question("tb.ncasb", "duty_officer", {"identity", "location.current"}, {"dcc.adults"});
    v1::RequestEmergencyRequest ask;
    *ask.mutable_request() = question;
    v1::EmergencyCommand command = Command(question);
    *ask.mutable_declaration() = Declared(command);
    const auto sent = police().daemon->emergencies().Request(Person(kOfficer), ask);
    EXPECT_OK(sent);
    if (!sent.ok()) return "";
    adults().broker->on_emergencies = [&](v1::ListEmergenciesResponse& response) {
      for (v1::Emergency& emergency : *response.mutable_emergencies()) {
        if (emergency.emergency_id() == command.emergency_id() && change) change(emergency, command);
      }
    };
    Step(adults());
    police().CollectAll();
    const v1::ShowCaseRequestResponse shown = Show(police(), kOfficer, sent->request_id());
    if (shown.answers().empty()) return "NONE";
    const v1::CategoryAnswer* const identity = AnswerTo(shown.answers(0), "identity");
    return identity == nullptr ? "RELEASED"
                               : absl::StrCat(identity->outcome(), " ", absl::StrJoin(identity->reasons(), ","));
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
};

TEST_F(LyingEmergencyTest, WhatTwoPersonsSignedOpens) { EXPECT_THAT(Outcome(nullptr), HasSubstr("RELEASED")); }

TEST_F(LyingEmergencyTest, ProofThatTheLedgerForkedStopsNoEmergencyAndItIsFlagged) {
  for (TestAgent* agent : {&police(), &adults()})
    agent->daemon->context().HoldProof({.code = "LEDGER_FORKED", .name = "7-0123456789abcdef"});
  const auto question = Question("tb.ncasb", "duty_officer", {"identity"}, {"dcc.adults"});
  v1::RequestEmergencyRequest ask;
  *ask.mutable_request() = question;
  *ask.mutable_declaration() = Declared(Command(question));
  const auto sent = police().daemon->emergencies().Request(Person(kOfficer), ask);
  ASSERT_OK(sent);
  // All else that either should take or send waits, and says so.
  for (int round = 0; round < 3; ++round) {
    adults().daemon->receiver().CollectOnce(absl::ZeroDuration()).IgnoreError();
    adults().daemon->SendOnce().IgnoreError();
    police().daemon->receiver().CollectOnce(absl::ZeroDuration()).IgnoreError();
  }
  EXPECT_THAT(Show(police(), kOfficer, sent->request_id()).answers(), SizeIs(1));
  for (TestAgent* agent : {&police(), &adults()})
    EXPECT_THAT(agent->Alarms(), ::testing::Contains("EMERGENCY_UNWITNESSED"));
}

TEST_F(LyingEmergencyTest, WhatItBroughtIsErasedAfterADayThoughNobodyLooks) {
  ASSERT_THAT(Outcome(nullptr), HasSubstr("RELEASED"));
  const auto content = [this] {
    const std::vector<InboxRow> rows = police().daemon->context().state.ListInbox(0, 10).value();
    EXPECT_EQ(rows.size(), 1u);
    return rows.empty() ? "" : police().daemon->context().state.FindReceived(rows[0].share_id).value()->content;
  };
  police().daemon->RunUpkeep().IgnoreError();
  EXPECT_NE(content(), "");
  police().clock.Move(absl::Hours(25));
  police().daemon->RunUpkeep().IgnoreError();
  EXPECT_EQ(content(), "");
}

// Adults' services hold their releases back for want of a witness, a share and ten answers among them.
class StoppedHolderTest : public LyingEmergencyTest {
 protected:
  void SetUp() override {
    adults().config.quorum = consortium_.folder() + "/adults.policy";
    adults().config.witness_limit = absl::Seconds(5);
    std::ofstream(adults().config.quorum)
        << "log " << ReadAll(consortium_.folder() + "/pki/trust/log.vkey") << "\nwitness dfrs "
        << ReadAll(consortium_.folder() + "/pki/agencies/dfrs/witness.vkey") << "\nquorum dfrs\n";
    adults().Restart();
    adults().daemon->upkeep().RunAll().IgnoreError();
    // What is there by now, everybody's keys among it, has its witness.
    const uint64_t there = adults().daemon->context().watch.newest()->size;
    adults().daemon->context().quorum.Observe(there, there, adults().clock.Now());
    for (const char* agency : {"dfrs", "police.derbys", "dcc.adults"})
      EXPECT_OK(adults().daemon->upkeep().SyncKeys(agency)) << agency;
    EXPECT_OK(adults().daemon->upkeep().RunAll());
    const std::string visits = OpenCase("dfrs", "p-7be041", "fire_safety", "", "E07000032");
    for (int i = 0; i < 10; ++i) {
      v1::SendCaseRequestRequest question = ReadQuestion("samples/dfrs/home-visit-request.json");
      question.set_request_ref(absl::StrCat("VISIT-", i));
      question.set_case_id(visits);
      ASSERT_OK(fire().daemon->requests().Send(Person("p-23f9a8"), question));
    }
    adults().CollectAll();
    ASSERT_OK(adults().daemon->holder().Work());
    ASSERT_THAT(Due(), SizeIs(10));
    ASSERT_OK(state().SavePush("OWN-1", "digest", {{.share_id = "own", .state = "QUEUED", .submit = "sealed"}}, {}));
    adults().clock.Move(absl::Seconds(10));
    adults().daemon->upkeep().RunAll().IgnoreError();
    ASSERT_TRUE(adults().daemon->context().quorum.Stopped(adults().clock.Now()));
  }
  State& state() { return adults().daemon->context().state; }
  std::vector<AnswerRow> Due() { return RequestState::Open(state()).value()->AnswersDue(adults().clock.Now()).value(); }
};

TEST_F(StoppedHolderTest, AnAgreedEmergencyIsAnsweredBeforeAllThatIsHeldBack) {
  const auto question = Question("tb.ncasb", "duty_officer", {"identity"}, {"dcc.adults"});
  v1::RequestEmergencyRequest ask;
  *ask.mutable_request() = question;
  *ask.mutable_declaration() = Declared(Command(question));
  const auto sent = police().daemon->emergencies().Request(Person(kOfficer), ask);
  ASSERT_OK(sent);
  EXPECT_EQ(adults().daemon->receiver().CollectOnce(absl::ZeroDuration()).value_or(-1), 1);
  EXPECT_OK(adults().daemon->SendOnce());
  police().CollectAll();
  EXPECT_THAT(Show(police(), kOfficer, sent->request_id()).answers(), SizeIs(1));
  EXPECT_THAT(Due(), SizeIs(10)) << "the rest waits for its witnesses";
  EXPECT_EQ(state().QueuedShares()->size(), 1u);
  EXPECT_THAT(adults().Alarms(), Contains("EMERGENCY_UNWITNESSED"));
}

TEST_F(LyingEmergencyTest, AnEditedDeclarationOpensNothing) {
  EXPECT_THAT(Outcome([](v1::Emergency& emergency, v1::EmergencyCommand& command) {
                command.add_categories("vulnerability.flag");
                emergency.mutable_declaration()->mutable_command()->set_payload(command.SerializeAsString());
              }),
              HasSubstr("EMERGENCY_NOT_DECLARED"));
}

TEST_F(LyingEmergencyTest, OneSignatureOpensNothing) {
  EXPECT_THAT(Outcome([](v1::Emergency& emergency, v1::EmergencyCommand&) {
                emergency.mutable_declaration()->mutable_command()->mutable_signatures()->RemoveLast();
              }),
              HasSubstr("EMERGENCY_NOT_DECLARED"));
}

TEST_F(LyingEmergencyTest, ADeclarationThatIsOverOrDatedAheadOpensNothing) {
  for (const absl::Duration made : {-absl::Hours(25), absl::Hours(24 * 30)}) {
    EXPECT_THAT(Outcome([&](v1::Emergency& emergency, v1::EmergencyCommand& command) {
                  *command.mutable_create_time() = trust::ToTimestamp(absl::Now() + made);
                  *command.mutable_expire_time() = trust::ToTimestamp(absl::Now() + made + absl::Hours(24));
                  *emergency.mutable_declaration() = Declared(command);
                }),
                HasSubstr("EMERGENCY_NOT_DECLARED"));
  }
}

}  // namespace
}  // namespace derwent::agents
