#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/channel_arguments.h"

#include "broker/server/broker.h"
#include "tests/broker/exchange/test_share.h"
#include "tests/broker/store/temp_folder.h"
#include "tests/support/matchers.h"
#include "tests/support/test_pki.h"
#include "trust/signature/signing_key.h"

namespace derwent::server {

// A broker in this process on a free port, with files of its own: PKI, signed policy, empty database. Two agencies are
// known.
class RunningBrokerTest : public ::testing::Test {
 protected:
  RunningBrokerTest();
  ~RunningBrokerTest() override;

  Configuration MakeConfiguration() const;
  // Makes a further agency known to a broker that is not started yet.
  void AddAgency(const std::string& agency);
  // Starts, and publishes keys and directories of all agencies.
  void Start();
  // Signs the bundle as it now lies on disk by as many agencies.
  void SignBundle(int agencies = 2, const std::string& folder = "policy");
  void WriteFile(const std::string& name, const std::string& content) const;
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  // Replaces the revocation list by one of these serials.
  void Revoke(const std::vector<std::string>& serials) const;

  // A mutually authenticated channel of that identity.
  std::shared_ptr<grpc::Channel> ChannelOf(const testing::TestIdentity& identity,
                                           grpc::ChannelArguments arguments = {}) const;
  std::shared_ptr<grpc::Channel> AgentChannel(const std::string& agency) const { return ChannelOf(agents_.at(agency)); }
  // `code reason` of a status, for instance `9 SIGNATURE_INVALID`; `0` for OK.
  static std::string Told(const grpc::Status& status);
  v1::SubmitReferralRequest Share(const std::string& share_id) const;

  testing::TestPki pki_{absl::Now(), testing::TestPki::Depth::kIssuingBelow};
  std::map<std::string, testing::TestIdentity> agents_;
  std::map<std::string, testing::TestIdentity> signing_certificates_;
  std::map<std::string, trust::SigningKey> signing_;
  std::map<std::string, testing::TestIdentity> sealing_;
  std::map<std::string, testing::TestIdentity> signatories_;
  std::string policy_digest_;
  exchange::Limits limits_;  // As the broker starts with.
  std::unique_ptr<Broker> broker_;

 private:
  void WriteTrust();
  void PublishKeys(const std::string& agency);
  void PublishDirectory(const std::string& agency);

  store::TempFolder folder_;
};

// A context with a deadline no healthy call meets.
class Context final : public grpc::ClientContext {
 public:
  Context() { set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30)); }
};

}  // namespace derwent::server
