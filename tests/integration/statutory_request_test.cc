// Statutory requests over real TLS through a real broker: a written request in place of a case; its document shown to
// whoever decides; taken away on the way.
#include "agents/sdk/open.h"
#include "tests/integration/request_fixture.h"
#include "trust/message/envelope.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

using ::testing::HasSubstr;

constexpr char kAsker[] = "p-5cd9f1";    // SPOC of the borough, which reviews a case of anti-social behaviour.
constexpr char kManager[] = "p-bd6134";  // Of the front door, at children's services: who agrees to social care.
constexpr char kOfficer[] = "p-84eb3a";  // Data protection officer of adults' services.
constexpr char kDocument[] = "ASBCR/2026/0117";

class StatutoryRequestTest : public RequestTest {
 protected:
  StatutoryRequestTest() : agents_(consortium_.Agents({"cbc", "dcc.adults", "dcc.childrens"})) {
    v1::CaseRecord record = Kestrel();
    record.mutable_social_care()->add_facts()->set_open(v1::YES_NO_YES);
    adults().records = Holding(record);
    adults().Restart();
    EXPECT_OK(adults().daemon->upkeep().RunAll());
  }
  TestAgent& borough() { return *agents_[0]; }
  TestAgent& adults() { return *agents_[1]; }
  TestAgent& childrens() { return *agents_[2]; }

  v1::SendCaseRequestRequest Review() {
    v1::SendCaseRequestRequest request = Question("asb_cr", "spoc", {"identity", "social_care"}, {"dcc.adults"});
    request.set_purpose("case.asb_review");
    request.set_subject_role("complainant");
    request.add_grounds("asb_cr.social_care");
    request.set_document_reference(kDocument);
    return request;
  }
  v1::SendCaseRequestResponse Send(const v1::SendCaseRequestRequest& request) {
    const auto sent = borough().daemon->requests().Send(Person(kAsker), request);
    EXPECT_OK(sent);
    return sent.value_or(v1::SendCaseRequestResponse());
  }
  v1::HeldRequest Held() {
    const auto held = adults().daemon->requests().ListHeld(Person(kOfficer), {});
    EXPECT_OK(held);
    return held.ok() && held->requests_size() == 1 ? held->requests(0) : v1::HeldRequest();
  }

  std::vector<std::unique_ptr<TestAgent>> agents_;
};

// Takes the document out of every manifest.
template <typename Packages>
void Strip(Packages& packages, const trust::SigningKey* key) {
  for (auto& each : packages) {
    v1::Package& package = *each.mutable_package();
    v1::Manifest manifest = PeekManifest(package).value();
    manifest.clear_document_reference();
    if (key != nullptr)
      *package.mutable_manifest() = trust::SignMessage(trust::kManifestType, manifest, *key).value();
    else
      package.mutable_manifest()->set_payload(manifest.SerializeAsString());
  }
}

TEST_F(StatutoryRequestTest, IsAnsweredWithoutACaseAndWhoeverDecidesSeesItsDocument) {
  const v1::SendCaseRequestResponse sent = Send(Review());
  ASSERT_EQ(sent.state(), "STORED") << sent.reason() << sent.DebugString();
  Step(adults());
  childrens().CollectAll();
  const v1::ListApprovalsResponse waiting = Waiting(childrens(), kManager);
  ASSERT_EQ(waiting.approvals_size(), 1);
  EXPECT_EQ(waiting.approvals(0).question().route(), "STATUTORY_REQUEST");
  EXPECT_EQ(waiting.approvals(0).question().document_reference(), kDocument);
  AnswerAll(childrens(), kManager, true, "", "gw.cl_public_interest");  // Social care is owed confidence.
  Step(adults());
  borough().CollectAll();
  const v1::ShowCaseRequestResponse shown = Show(borough(), kAsker, sent.request_id());
  EXPECT_EQ(shown.request().document_reference(), kDocument);
  ASSERT_EQ(shown.answers_size(), 2) << "what was agreed to follows: " << shown.DebugString();
  EXPECT_EQ(shown.answers(0).units(0).content().category(), "identity");
  EXPECT_EQ(shown.answers(1).units(0).content().form(), "flag_only");
  EXPECT_EQ(Held().route(), "STATUTORY_REQUEST");
  EXPECT_EQ(Held().document_reference(), kDocument);
  for (const auto& agent : agents_) EXPECT_THAT(agent->Alarms(), IsEmpty()) << agent->config.agency;
}

TEST_F(StatutoryRequestTest, WithoutItsDocumentItIsAnyRequestAndLacksACase) {
  v1::SendCaseRequestRequest request = Review();
  request.clear_document_reference();
  const v1::SendCaseRequestResponse refused = Send(request);
  EXPECT_EQ(refused.state(), "REFUSED");
  EXPECT_EQ(refused.reason(), "CASE_LINK_REQUIRED");
  request.set_request_ref("REF-TEXT");
  request.set_document_reference("letter about Abel Kestrel");
  const auto text = borough().daemon->requests().Send(Person(kAsker), request);
  EXPECT_THAT(text, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(std::string(text.status().message()).find("Kestrel"), std::string::npos);
}

TEST_F(StatutoryRequestTest, ADocumentTakenAwayOnTheWayIsRefused) {
  const auto stripped = [&](const trust::SigningKey* key) {
    borough().broker->before_request = [key](v1::SubmitCaseRequestRequest& request) {
      Strip(*request.mutable_submissions(), key);
    };
    v1::SendCaseRequestRequest request = Review();
    request.set_request_ref(key == nullptr ? "REF-STRIPPED" : "REF-SIGNED-WITHOUT");
    const auto sent = borough().daemon->requests().Send(Person(kAsker), request);
    borough().broker->before_request = nullptr;
    return sent.ok() ? "sent " + sent->reason() : std::string(sent.status().message());
  };
  EXPECT_THAT(stripped(nullptr), HasSubstr("the signature does not verify"));
  // Signed without it by its own agency's key: the agent knows by the entry that it is not what it sent.
  EXPECT_THAT(stripped(&borough().daemon->context().identity.keys->signing()->key), HasSubstr("RECEIPT_INVALID"));
  adults().CollectAll();
  EXPECT_EQ(adults().daemon->requests().ListHeld(Person(kOfficer), {})->requests_size(), 0);
  // The broker takes it away: the holder believes its signature only.
  ASSERT_EQ(Send(Review()).state(), "STORED");
  adults().broker->on_collect = [](v1::CollectResponse& response) { Strip(*response.mutable_deliveries(), nullptr); };
  adults().CollectAll();
  EXPECT_THAT(adults().Alarms(), Contains("PACKAGE_REJECTED"));
  EXPECT_EQ(adults().daemon->requests().ListHeld(Person(kOfficer), {})->requests_size(), 0);
}

}  // namespace
}  // namespace derwent::agents
