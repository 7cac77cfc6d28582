#include <functional>
#include <string>
#include <vector>

#include "tests/broker/exchange/request_fixture.h"

namespace derwent::exchange {
namespace {

// Every condition of a request, removed alone, refuses it.
struct Removed {
  const char* name;
  std::function<void(World&, policy::Policy&)> from_world;
  SelectorChange from_request;
  const char* told;
};

class RemovedConditionTest : public RequestTest, public ::testing::WithParamInterface<Removed> {};

std::vector<Removed> EachAlone() {
  return {
      {"person", [](World& w, policy::Policy&) { w.directories["cbc"].people.clear(); }, nullptr,
       "REFUSED ROLE_NOT_ENTITLED"},
      {"role",
       [](World& w, policy::Policy&) {
         for (auto& e : w.directories["cbc"].people)
           std::erase_if(e.roles, [](const auto& r) { return r.role == "practitioner"; });
       },
       nullptr, "REFUSED ROLE_NOT_ENTITLED"},
      {"training",
       [](World& w, policy::Policy&) {
         for (auto& e : w.directories["cbc"].people) e.training_until = absl::CivilDay(2026, 11, 23);
       },
       nullptr, "REFUSED ROLE_NOT_ENTITLED"},
      {"area_of_role",
       [](World& w, policy::Policy&) {
         for (auto& e : w.directories["cbc"].people)
           for (auto& r : e.roles) r.areas = {"E06000015"};
       },
       nullptr, "REFUSED ROLE_NOT_ENTITLED"},
      {"role_that_may_ask", nullptr,
       [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_question()->set_role("signatory"); },
       "REFUSED ROLE_NOT_ENTITLED"},
      {"case", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.clear_case_id(); }, "REFUSED CASE_LINK_REQUIRED"},
      {"case_that_exists", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_case_id(kAnswerId); },
       "REFUSED CASE_LINK_REQUIRED"},
      {"area_of_case", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_area("E07000038"); },
       "REFUSED CASE_LINK_REQUIRED"},
      {"agreement",
       [](World&, policy::Policy& p) {
         for (auto& a : p.agreements) a.notices.push_back({.from = absl::CivilDay(2026, 1, 1)});
       },
       nullptr, "REFUSED AGREEMENT_NOT_IN_FORCE"},
      {"signature_of_agreement",
       [](World&, policy::Policy& p) {
         for (auto& a : p.agreements) a.signed_by.erase(kHolder);
       },
       nullptr, "REFUSED AGREEMENT_NOT_SIGNED"},
      {"date",
       [](World&, policy::Policy& p) {
         for (auto& a : p.agreements) a.effective.last = absl::CivilDay(2026, 11, 23);
       },
       nullptr, "REFUSED AGREEMENT_NOT_IN_FORCE"},
      {"party",
       [](World&, policy::Policy& p) {
         for (auto& a : p.agreements) a.parties.erase(kHolder);
       },
       nullptr, "REFUSED AGREEMENT_NOT_IN_FORCE"},
      {"purpose", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.set_purpose("case.da_safety"); },
       "REFUSED PURPOSE_NOT_PERMITTED"},
      {"gateway", [](World&, policy::Policy& p) { p.profiles.at("tb.ncasb").gateways.clear(); }, nullptr,
       "REFUSED LEGAL_GATEWAY_MISSING"},
      {"basis",
       [](World&, policy::Policy& p) {
         for (auto& [id, t] : p.types) t.basis.clear();
       },
       nullptr, "REFUSED LAWFUL_BASIS_MISSING"},
      {"sender", [](World&, policy::Policy& p) { p.profiles.at("tb.ncasb").senders.clear(); }, nullptr,
       "REFUSED SENDER_NOT_PERMITTED"},
      {"holders_role", [](World& w, policy::Policy&) { w.directories[kHolder].people.clear(); }, nullptr,
       "REFUSED ROLE_NOT_ENTITLED"},
      {"selector_category", nullptr,
       [](v1::Manifest& m, v1::SenderStatement& s) {
         m.mutable_units(0)->set_category("intelligence");
         s.mutable_subjects(0)->set_categories(0, "intelligence");
       },
       "REFUSED CATEGORY_NOT_PERMITTED"},
      {"selector_asked", nullptr,
       [](v1::Manifest&, v1::SenderStatement& s) { s.mutable_subjects(0)->set_categories(0, "contact"); },
       "REFUSED CATEGORY_NOT_PERMITTED"},
      {"policy",
       [](World&, policy::Policy& p) {
         for (auto& a : p.agreements) a.signed_by.clear();
       },
       [](v1::Manifest& m, v1::SenderStatement&) { m.set_policy_digest(std::string(32, 'o')); },
       "REFUSED POLICY_CHANGED"},
      {"signing_key", [](World& w, policy::Policy&) { w.keys.erase("cbc"); }, nullptr, "KEY_NOT_CERTIFIED"},
      {"sealing_key", nullptr,
       [](v1::Manifest& m, v1::SenderStatement&) { m.set_sealing_key_id(std::string(64, '0')); }, "KEY_NOT_CERTIFIED"},
      {"only_one_subject", nullptr, [](v1::Manifest& m, v1::SenderStatement&) { m.mutable_subjects(0)->set_number(2); },
       "PAYLOAD_REJECTED"},
  };
}

TEST_P(RemovedConditionTest, RefusesTheRequest) {
  if (GetParam().from_world) GetParam().from_world(world(), policy());
  const v1::SubmitCaseRequestRequest request = Request(GetParam().from_request);
  EXPECT_EQ(Told(request), GetParam().told);
  EXPECT_EQ(store_->Read().value()->GetMailboxDepth(kHolder)->waiting, 0u);
  EXPECT_FALSE(store_->Read().value()->FindShare(kShareId).value().has_value());
}

INSTANTIATE_TEST_SUITE_P(EachAlone, RemovedConditionTest, ::testing::ValuesIn(EachAlone()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace derwent::exchange
