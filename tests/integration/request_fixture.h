#pragma once

#include <stdlib.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/project.h"
#include "derwent/v1/case.grpc.pb.h"
#include "tests/integration/consortium.h"
#include "tests/support/matchers.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {

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
[[maybe_unused]] inline const int kShortSlot = setenv("DERWENT_ANSWER_SLOT", "5s", 1);

inline LocalCaller Person(const std::string& id) { return {.kind = trust::CallerKind::kPerson, .name = id}; }

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline v1::SendCaseRequestRequest ReadQuestion(const std::string& path) {
  v1::SendCaseRequestRequest request;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(ReadAll(path), &request).ok()) << path;
  return request;
}

// An invented man, as an agency may hold him.
inline v1::CaseRecord Kestrel() {
  v1::CaseRecord record;
  record.set_date_of_birth("1949-05-02");
  v1::IdentityFact& name = *record.mutable_identity()->add_facts();
  name.add_given_names("Abel");
  name.set_surname("Kestrel");
  name.set_date_of_birth("1949-05-02");
  record.mutable_location_current()->add_facts()->mutable_place()->set_postcode("S40 1XX");
  return record;
}

inline std::unique_ptr<RecordSource> Holding(const v1::CaseRecord& record) {
  static const SystemClock& clock = *new SystemClock;
  auto people = std::make_shared<const People>(People{.records = {record}});
  return std::make_unique<SystemRecords>([people] { return people; }, clock);
}

// Agencies over real TLS to a real broker, driven step by step; cases, requests and what people say of them.
class RequestTest : public ::testing::Test {
 protected:
  // `broker`: lines of the broker's configuration.
  explicit RequestTest(const std::string& broker = "") : consortium_(broker) {}

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

  // Changes an agency's part in a case: the own one's, unless `change` names another.
  absl::Status ChangeCase(const std::string& agency, const std::string& spoc, const std::string& case_id,
                          const std::function<void(v1::CaseMember&)>& change) {
    v1::ChangeCaseMemberRequest request;
    request.mutable_member()->set_agency(agency);
    change(*request.mutable_member());
    return ChangeCase(agency, spoc, case_id, request);
  }
  absl::Status RemoveFromCase(const std::string& agency, const std::string& spoc, const std::string& case_id,
                              const std::string& member) {
    v1::ChangeCaseMemberRequest request;
    request.mutable_member()->set_agency(member);
    request.set_remove(true);
    return ChangeCase(agency, spoc, case_id, request);
  }
  absl::Status ChangeCase(const std::string& agency, const std::string& spoc, const std::string& case_id,
                          v1::ChangeCaseMemberRequest request) {
    const auto channel = PersonChannel(agency, spoc);
    const auto stub = v1::CaseService::NewStub(channel->grpc());
    request.set_request_id(trust::SystemRandom().NewUuid().text());
    request.set_name(absl::StrCat("cases/", case_id));
    return channel->Call(*stub, &v1::CaseService::Stub::ChangeCaseMember, request).status();
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

  // What one waiting approval asks for, said by `person`; `change` is made before it is signed.
  v1::SignedApproval Signed(const TestAgent& agent, const std::string& person, const v1::PendingApproval& pending,
                            const std::function<void(v1::ApprovalCommand&)>& change = nullptr) {
    const v1::ApprovalQuestion& question = pending.question();
    v1::ApprovalCommand command = question.proposed();
    command.set_approver_agency(agent.config.agency);
    command.set_approver_person(person);
    command.set_approver_role(question.role());
    command.set_approved(true);
    *command.mutable_create_time() = trust::ToTimestamp(absl::Now());
    *command.mutable_expire_time() = question.due_time();
    if (change) change(command);
    const std::string stem =
        absl::StrCat(consortium_.folder(), "/pki/agencies/", agent.config.agency, "/people/", person);
    v1::SignedApproval approval;
    *approval.mutable_command() =
        trust::SignMessage(trust::kApprovalType, command, trust::SigningKey::FromFile(stem + ".key").value()).value();
    approval.set_certificate(trust::Certificate::FromPem(ReadAll(stem + ".pem")).value().der());
    return approval;
  }
  absl::Status Answer(TestAgent& agent, const std::string& person, const v1::SignedApproval& approval) {
    v1::AnswerApprovalRequest answer;
    *answer.mutable_approval() = approval;
    return agent.daemon->requests().AnswerApproval(Person(person), answer).status();
  }
  v1::ListApprovalsResponse Waiting(TestAgent& agent, const std::string& person) {
    const auto waiting = agent.daemon->requests().ListApprovals(Person(person));
    EXPECT_OK(waiting);
    return waiting.value_or(v1::ListApprovalsResponse());
  }
  // Whatever a role holder of `agent` is asked; signs and gives the answer.
  void AnswerAll(TestAgent& agent, const std::string& person, bool approved, const std::string& reason = "",
                 const std::string& ground = "") {
    const v1::ListApprovalsResponse waiting = Waiting(agent, person);
    ASSERT_FALSE(waiting.approvals().empty()) << agent.config.agency << " asks nobody";
    for (const v1::PendingApproval& pending : waiting.approvals()) {
      ASSERT_OK(Answer(agent, person, Signed(agent, person, pending, [&](v1::ApprovalCommand& command) {
                         command.set_approved(approved);
                         command.set_reason(reason);
                         command.set_ground(ground);
                       })));
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

  absl::StatusOr<v1::SentRequest> Watch(TestAgent& agent, const std::string& person, const std::string& request,
                                        const std::function<bool()>& wait_on) {
    v1::WatchCaseRequestRequest watch;
    watch.set_request_id(request);
    return agent.daemon->requests().Watch(Person(person), watch, wait_on);
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

inline const v1::CategoryAnswer* AnswerTo(const v1::OpenedAnswer& answer, const std::string& category) {
  for (const v1::CategoryAnswer& part : answer.answers()) {
    if (part.category() == category) return &part;
  }
  return nullptr;
}

}  // namespace derwent::agents
