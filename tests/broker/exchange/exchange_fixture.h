#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/exchange/command/batch.h"
#include "broker/ledger/log.h"
#include "broker/ledger/tagger.h"
#include "derwent/v1/key.pb.h"
#include "derwent/v1/mailbox.pb.h"
#include "derwent/v1/message.pb.h"
#include "tests/broker/exchange/test_share.h"
#include "tests/broker/ledger/ledger_fixture.h"
#include "tests/support/test_pki.h"
#include "trust/signature/signing_key.h"

namespace derwent::exchange {

inline constexpr char kStranger[] = "cbc";
inline constexpr char kShareId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b01";
inline constexpr char kRequestId[] = "5f0c9d0e-7a53-4c1e-9d55-0d6a3c8e1b02";

// The rules over a SQLite store in a folder of its own, with the demo policy, its agreements signed by their parties,
// and two agencies that have keys and directories. Time stands still until a test moves it.
class ExchangeTest : public ::testing::Test {
 protected:
  ExchangeTest();

  // Runs one rule as the writer does: savepoint, rule, release, seal, commit; a failure leaves nothing.
  absl::Status Run(const std::function<absl::Status(Batch&)>& rule);
  // A share of one subject with one sealed unit for each category, whole but for what `change` does before it is
  // signed.
  v1::SubmitReferralRequest Share(const std::function<void(v1::Manifest&, v1::SenderStatement&)>& change = nullptr);
  // Checks and submits as the sender's agent.
  absl::StatusOr<v1::SubmitReferralResponse> Submit(const v1::SubmitReferralRequest& request,
                                                    const std::string& agency = kSender);
  absl::StatusOr<v1::CollectResponse> CollectAs(const std::string& agency, int most = 16);
  // Signs a message of `agency`.
  v1::DsseEnvelope Sign(const std::string& agency, absl::string_view type,
                        const google::protobuf::Message& message) const;
  v1::MessageHead Head(const std::string& from, const std::string& to, uint32_t sequence) const;
  v1::AcknowledgeRequest Acknowledgement(const v1::Delivery& delivery, uint32_t sequence = 1) const;
  v1::ReportProgressRequest ProgressOf(v1::ProgressState state, const std::string& reason, uint32_t sequence,
                                       const std::string& request_id = kRequestId) const;
  v1::WithdrawReferralRequest Withdrawal(uint32_t sequence) const;
  // Stores, collects and acknowledges the share.
  void HandOver();
  Caller AgentOf(const std::string& agency) const;
  v1::RecipientState StateOf(const std::string& recipient = kRecipient);
  // Entries of one step that the agency is party to.
  size_t EntriesOf(const std::string& agency, const std::string& step);
  // The world is a copy that a test may change before its next Run.
  World& world() { return *world_; }
  // The policy of the world, to be tightened in place.
  policy::Policy& policy() { return *policy_; }

  absl::Time now_ = absl::FromUnixSeconds(1795521600);  // 24 November 2026, noon.
  testing::TestPki pki_{now_};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ledger::Log> log_;
  std::unique_ptr<ledger::Tagger> tagger_;

  // Gives an agency keys and a practitioner who is a SPOC too.
  void MakeAgency(const std::string& agency);
  // Puts a person into the agency's directory; to a role of a board (by default its own panel's) the owner appoints
  // too.
  void Give(const std::string& agency, const std::string& person, const std::string& role,
            std::set<std::string> boards = {});

  std::map<std::string, trust::SigningKey> signing_;
  std::map<std::string, std::string> sealing_;

 private:
  void MakeBundle();

  store::TempFolder folder_;
  ledger::CountedRandom random_;
  policy::Policy* policy_ = nullptr;  // Owned by the bundle.
  std::shared_ptr<World> world_ = std::make_shared<World>();
};

}  // namespace derwent::exchange
