// One request id, one request: the same again gets the first answer, another under it is refused and told which was
// first. Of each call that finds by itself what took effect before.
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/mailbox/mailbox.h"
#include "broker/exchange/referral/referrals.h"
#include "broker/exchange/registers/registers.h"
#include "derwent/v1/register.pb.h"
#include "tests/broker/exchange/exchange_fixture.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

class RequestIdsTest : public ExchangeTest {
 protected:
  // Runs a rule with a request of this id; its reason, empty for OK.
  template <typename Request, typename Response>
  std::string Said(absl::Status (*rule)(const Caller&, const Request&, Response&, Batch&), Request request,
                   const std::string& id, const std::string& agency = kSender) {
    request.set_request_id(id);
    Response response;
    const absl::Status status = Run([&](Batch& batch) { return rule(AgentOf(agency), request, response, batch); });
    first_ = EntryOf(status);
    entered_ = log_->size();
    return ReasonOf(status);
  }
  // The same twice takes effect once, and another under its id is refused.
  template <typename Request, typename Response>
  void ExpectOneRequest(absl::Status (*rule)(const Caller&, const Request&, Response&, Batch&), const Request& one,
                        const Request& other, const std::string& agency = kSender) {
    const std::string id = FreshRequestId();
    EXPECT_EQ(Said(rule, one, id, agency), "");
    const uint64_t size = entered_;
    EXPECT_EQ(Said(rule, one, id, agency), "");
    EXPECT_EQ(entered_, size);
    EXPECT_EQ(Said(rule, other, id, agency), "REQUEST_ID_REUSED");
    EXPECT_EQ(first_, size - 1) << "where the first was entered";
  }
  v1::ApplyDirectoryRequest Directory(int64_t version) {
    v1::Directory directory;
    directory.set_agency(kSender);
    directory.set_version(version);
    v1::ApplyDirectoryRequest request;
    *request.mutable_directory() = Sign(kSender, trust::kDirectoryType, directory);
    return request;
  }
  v1::ApplyRestrictionRequest Restriction(const std::string& id) {
    v1::Restriction restriction;
    restriction.set_restriction_id(id);
    restriction.set_agency(kSender);
    restriction.set_action(v1::RESTRICTION_ACTION_RESTRICT);
    restriction.set_sequence(1);
    v1::ApplyRestrictionRequest request;
    *request.mutable_restriction() = Sign(kSender, trust::kRestrictionType, restriction);
    request.add_references(std::string(32, 'r'));
    return request;
  }

  std::optional<uint64_t> first_;
  uint64_t entered_ = 0;
};

TEST_F(RequestIdsTest, OfADirectory) { ExpectOneRequest(ApplyDirectory, Directory(1), Directory(2)); }

TEST_F(RequestIdsTest, OfARestriction) {
  ExpectOneRequest(ApplyRestriction, Restriction(kShareId), Restriction(kRequestId));
}

TEST_F(RequestIdsTest, OfAnAcknowledgement) {
  ASSERT_OK(Submit(Share()));
  const auto collected = CollectAs(kRecipient);
  ASSERT_OK(collected);
  const v1::Delivery& delivery = collected->deliveries(0);
  ExpectOneRequest(Acknowledge, Acknowledgement(delivery), Acknowledgement(delivery, 2), kRecipient);
}

// A plan is decided anew whenever it is asked for, so the same again is entered again.
TEST_F(RequestIdsTest, OfAPlan) {
  v1::PlanReferralRequest plan;
  plan.set_acting_person(kPractitioner);
  plan.set_profile("fire_safety");
  plan.set_purpose("case.fire_safety");
  plan.set_area("E07000034");
  v1::PlannedRecipient& recipient = *plan.add_recipients();
  recipient.set_agency(kRecipient);
  recipient.set_role("practitioner");
  v1::PlannedSubject& subject = *recipient.add_subjects();
  subject.set_number(1);
  subject.set_role("resident");
  subject.add_categories("identity");
  v1::PlanReferralRequest other = plan;
  other.mutable_recipients(0)->mutable_subjects(0)->add_categories("fire_risk");
  const std::string id = FreshRequestId();
  EXPECT_EQ(Said(PlanReferral, plan, id), "");
  EXPECT_EQ(Said(PlanReferral, plan, id), "");
  EXPECT_EQ(Said(PlanReferral, other, id), "REQUEST_ID_REUSED");
}

}  // namespace
}  // namespace derwent::exchange
