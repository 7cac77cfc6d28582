// Who may open what came, today: the role, its board and area, and the agency's part in the case, each as it stands
// when the person asks.
#include "tests/integration/request_fixture.h"

namespace derwent::agents {
namespace {

constexpr char kLead[] = "p-5f7a21";   // Of `tb.soce` and `tb.dsa`.
constexpr char kOther[] = "p-b3d8c4";  // A lead elsewhere.

// A thematic lead's request in a case of `tb.soce`, in which no roles are named.
class LeadTest : public RequestTest {
 protected:
  LeadTest() : agents_(consortium_.Agents({"dcc.community_safety", "police.derbys", "dcc.adults"})) {}
  TestAgent& council() { return *agents_[0]; }

  std::string Ask() {
    v1::SendCaseRequestRequest question = Question("tb.soce", "thematic_lead", {"household"}, {"police.derbys"});
    question.set_purpose("case.exploitation");
    question.set_board("tb.soce");
    question.set_subject_role("person_at_risk");
    case_ = OpenCase("dcc.community_safety", "p-c85e1f", "tb.soce", "tb.soce", question.area());
    question.set_case_id(case_);
    const auto sent = council().daemon->requests().Send(Person(kLead), question);
    EXPECT_OK(sent);
    return sent.ok() ? sent->request_id() : "";
  }
  // A request for counts, which is of no case.
  std::string AskForCounts() {
    const auto sent = council().daemon->requests().Send(
        Person(kLead), ReadQuestion("samples/dcc.community_safety/da-counts-request.json"));
    EXPECT_OK(sent);
    return sent.ok() ? sent->request_id() : "";
  }
  absl::Status Opens(const std::string& person, const std::string& request) {
    v1::ShowCaseRequestRequest show;
    show.set_request_id(request);
    return council().daemon->requests().Show(Person(person), show).status();
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
  std::string case_;
};

TEST_F(LeadTest, OnlyALeadOfThisBoardAndAreaOpensAnswersOfItsCase) {
  const std::string request = Ask();
  const auto holds = [&](const std::string& board) {
    consortium_.ChangeDirectory(council(), absl::StrCat("/p-b3d8c4/,/roles/ s/boards: .* valid_from", "/boards: \"",
                                                        board, "\" areas: \"E07000034\" valid_from/"));
  };
  EXPECT_THAT(Opens(kOther, request), StatusIs(absl::StatusCode::kNotFound)) << "the lead of another area";
  holds("tb.online");
  EXPECT_THAT(Opens(kOther, request), StatusIs(absl::StatusCode::kNotFound)) << "the lead of another board";
  holds("tb.soce");
  EXPECT_OK(Opens(kOther, request));
}

// The board's owner has its say (here the same agency): who is only in the entries leads nothing, here and at the
// broker.
TEST_F(LeadTest, NobodyLeadsWhomTheBoardsOwnerDidNotAppoint) {
  const std::string request = Ask();
  ASSERT_OK(Opens(kLead, request));
  consortium_.ChangeDirectory(council(), "/^appointments {/,/^}/d");
  EXPECT_THAT(Opens(kLead, request), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(council().daemon->requests().Send(Person(kLead),
                                                ReadQuestion("samples/dcc.community_safety/da-counts-request.json")),
              StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(LeadTest, NobodyOpensAnythingBeforeTheDirectoriesAreKnown) {
  const std::string request = AskForCounts();
  ASSERT_OK(Opens(kLead, request));
  council().Restart();
  EXPECT_THAT(Opens(kLead, request), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(council().daemon->upkeep().RunAll());
  EXPECT_OK(Opens(kLead, request));
}

TEST_F(LeadTest, WhoAskedAndLostTheRoleOpensItNoMore) {
  const std::string in_case = Ask();
  const std::string counts = AskForCounts();
  consortium_.ChangeDirectory(council(), "/p-5f7a21/,/training/ s/2027-12-31/2026-01-01/");
  for (const std::string& request : {in_case, counts})
    EXPECT_THAT(Opens(kLead, request), StatusIs(absl::StatusCode::kNotFound)) << "her training lapsed";
}

TEST_F(LeadTest, APersonNamedInTheCaseMustStillBeOfTheAgencysPeople) {
  const std::string request = Ask();
  ASSERT_OK(ChangeCase("dcc.community_safety", "p-c85e1f", case_,
                       [](v1::CaseMember& member) { member.add_persons("p-0b93d7"); }));
  EXPECT_OK(Opens("p-0b93d7", request));
  consortium_.ChangeDirectory(council(), "/p-0b93d7/,/training/ s/2027-12-31/2026-01-01/");
  EXPECT_THAT(Opens("p-0b93d7", request), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(RequestTest, NobodyOpensWhatWasAskedInACaseOnceTheAgencyIsNoPartOfIt) {
  auto agents = consortium_.Agents({"rp.housing", "nhs.dhcft", "dcc.community_safety"});
  v1::SendCaseRequestRequest question = ReadQuestion("samples/rp.housing/asb-request.json");
  question.set_case_id(OpenCase("dcc.community_safety", "p-c85e1f", "tb.ncasb", "tb.ncasb", question.area()));
  ASSERT_OK(ChangeCase("dcc.community_safety", "p-c85e1f", question.case_id(),
                       [](v1::CaseMember& member) { member.set_agency("rp.housing"); }));
  RequestDesk& desk = agents[0]->daemon->requests();
  const auto sent = desk.Send(Person("p-f91b60"), question);
  ASSERT_OK(sent);
  v1::ShowCaseRequestRequest show;
  show.set_request_id(sent->request_id());
  ASSERT_OK(desk.Show(Person("p-f91b60"), show));
  ASSERT_OK(RemoveFromCase("dcc.community_safety", "p-c85e1f", question.case_id(), "rp.housing"));
  EXPECT_THAT(desk.Show(Person("p-f91b60"), show), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace derwent::agents
