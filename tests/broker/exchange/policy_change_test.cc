#include "broker/exchange/governance/policy_change.h"

#include "broker/exchange/command/refusal.h"
#include "tests/broker/exchange/exchange_fixture.h"

namespace derwent::exchange {
namespace {

class PolicyChangeTest : public ExchangeTest {
 protected:
  PolicyChangeTest() {
    request_.set_request_id("5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b77");
    v1::BundleFile& file = *request_.add_files();
    file.set_path("vocabulary.txtpb");
    file.set_content("# nobody signed it");
    const auto reader = store_->Read().value();
    proposal_ = ReadProposalOf(request_, world(), now_, *reader).value();
  }
  std::string Told() {
    v1::PolicyChange change;
    const absl::Status status =
        Run([&](Batch& batch) { return ProposePolicy(AgentOf(kSender), request_, proposal_, change, batch); });
    return status.ok() ? v1::PolicyState_Name(change.state()) : ReasonOf(status);
  }

  v1::ProposePolicyRequest request_;
  ReadProposal proposal_;
};

TEST_F(PolicyChangeTest, WhatStandsAgainstItIsToldWhileNothingChanged) { EXPECT_EQ(Told(), "POLICY_STATE_REJECTED"); }

TEST_F(PolicyChangeTest, ARevocationTakenSinceItWasCheckedHasItCheckedAgain) {
  auto revoked = std::make_shared<trust::RevocationSet>(*world().revoked);
  revoked->Revoke("0a");
  world().revoked = revoked;
  EXPECT_EQ(Told(), "POLICY_CHANGED");
}

TEST_F(PolicyChangeTest, ASignatoryWhoLeftSinceItWasCheckedHasItCheckedAgain) {
  world().signatories = {{kRecipient, {"p-signs"}}};
  EXPECT_EQ(Told(), "POLICY_CHANGED");
}

}  // namespace
}  // namespace derwent::exchange
