#include "tests/broker/server/running_broker.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/key_service.grpc.pb.h"
#include "derwent/v1/register.pb.h"
#include "derwent/v1/register_service.grpc.pb.h"
#include "policy/loader/directory.h"
#include "policy/loader/manifest.h"
#include "trust/note/quorum.h"
#include "trust/secret/sha256.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"

namespace derwent::server {
namespace {

namespace fs = std::filesystem;
using exchange::kRecipient;
using exchange::kSender;

constexpr char kLogKey[] =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE "
    "KEY-----\n";

std::string SignedJson(const trust::SigningKey& key, absl::string_view type, const std::string& payload) {
  const trust::Envelope envelope = trust::SignEnvelope(type, payload, key).value();
  v1::DsseEnvelope message;
  message.set_payload_type(envelope.payload_type);
  message.set_payload(envelope.payload);
  message.add_signatures()->set_keyid(envelope.signatures.front().keyid);
  message.mutable_signatures(0)->set_sig(envelope.signatures.front().sig);
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &json).ok());
  return json;
}

trust::SigningKey KeyOf(const testing::TestIdentity& identity) {
  return trust::SigningKey::FromPem(trust::SecretBytes::CopyOf(identity.key_pem)).value();
}

}  // namespace

RunningBrokerTest::RunningBrokerTest() {
  fs::copy("policy/derbyshire", path("policy"), fs::copy_options::recursive);
  for (const char* agency : {kSender, kRecipient}) {
    AddAgency(agency);
    signatories_[agency] = pki_.IssueFor(agency, "person", "p-signs");
  }
  WriteTrust();
  SignBundle();
}

void RunningBrokerTest::AddAgency(const std::string& agency) {
  agents_[agency] = pki_.IssueFor(agency, "agent", "one");
  signing_certificates_[agency] = pki_.IssueFor(agency, "agent", "one");
  signing_.emplace(agency, KeyOf(signing_certificates_[agency]));
  sealing_[agency] = pki_.IssueFor(agency, "agent", "one");
  std::vector<std::string> anchors;
  for (const auto& [known, certificate] : signing_certificates_)
    anchors.push_back(absl::StrCat("\"", known, "\": \"", certificate.key_id, "\""));
  WriteFile("anchors.json", absl::StrCat("{", absl::StrJoin(anchors, ", "), "}"));
}

RunningBrokerTest::~RunningBrokerTest() {
  if (broker_ != nullptr) broker_->Stop();
}

void RunningBrokerTest::WriteFile(const std::string& name, const std::string& content) const {
  const fs::path to = path(name);
  fs::create_directories(to.parent_path());
  const std::string part = to.string() + ".part";
  std::ofstream(part, std::ios::binary) << content;
  chmod(part.c_str(), 0600);
  fs::rename(part, to);
}

void RunningBrokerTest::WriteTrust() {
  const testing::TestIdentity server = pki_.Issue("spiffe://derwent.example/broker/one");
  WriteFile("server.pem", server.certificate_pem);
  WriteFile("server.key", server.key_pem);
  WriteFile("ca.pem", pki_.ca_pem());
  WriteFile("log.key", kLogKey);
  const trust::Ed25519Key log_key = trust::Ed25519Key::FromPem(trust::SecretBytes::CopyOf(kLogKey)).value();
  WriteFile("quorum.policy",
            trust::QuorumPolicy::WithoutWitnesses(
                trust::VerifierKey::Make("derwent.example/log", trust::kNoteEd25519, log_key.public_key()).value()));
  WriteFile("index.key", std::string(32, 'i'));
  WriteFile("signatories", absl::StrCat(kSender, " p-signs\n", kRecipient, " p-signs\n"));
  Revoke({});
}

void RunningBrokerTest::Revoke(const std::vector<std::string>& serials) const {
  // The list counts seconds: nothing that was done before is of the same one.
  WriteFile("crl.pem", pki_.Crl(serials, absl::Now() + absl::Seconds(1)));
}

void RunningBrokerTest::SignBundle(int agencies, const std::string& folder) {
  fs::remove_all(path(folder + "/signatures"));
  policy::Files files = policy::ReadBundleDirectory(path(folder)).value();
  const std::string manifest = policy::MakeManifest(files);
  WriteFile(folder + "/MANIFEST", manifest);
  if (folder == "policy") policy_digest_ = trust::Sha256(manifest).bytes();
  v1::Agreement agreement;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(files.at("agreements/fire_safety.txtpb"), &agreement));
  const std::string terms = policy::AgreementManifest(files, agreement).value();
  int signed_by = 0;
  for (const auto& [agency, identity] : signatories_) {
    if (signed_by++ == agencies) break;
    const trust::SigningKey key = KeyOf(identity);
    WriteFile(absl::StrCat(folder, "/signatures/certificates/", identity.key_id, ".pem"), identity.certificate_pem);
    WriteFile(absl::StrCat(folder, "/signatures/agreements/fire_safety.", agency, ".dsse.json"),
              SignedJson(key, trust::kAgreementType, terms));
    WriteFile(absl::StrCat(folder, "/signatures/bundle.", agency, ".dsse.json"),
              SignedJson(key, trust::kPolicyManifestType, manifest));
  }
}

Configuration RunningBrokerTest::MakeConfiguration() const {
  Configuration c;
  c.port_file = path("port");
  c.certificate = path("server.pem");
  c.key = path("server.key");
  c.ca = path("ca.pem");
  c.crl = path("crl.pem");
  c.database = path("derwent.db");
  c.log_key = path("log.key");
  c.origin = "derwent.example/log";
  c.index_key = path("index.key");
  c.policy = path("policy");
  c.signatories = path("signatories");
  c.anchors = path("anchors.json");
  c.quorum = path("quorum.policy");
  c.limits = limits_;
  return c;
}

void RunningBrokerTest::Start() {
  auto started = Broker::Start(MakeConfiguration());
  ASSERT_OK(started);
  broker_ = *std::move(started);
  for (const auto& [agency, identity] : agents_) {
    PublishKeys(agency);
    PublishDirectory(agency);
  }
}

void RunningBrokerTest::PublishKeys(const std::string& agency) {
  const auto stub = v1::KeyService::NewStub(AgentChannel(agency));
  std::string previous;
  uint32_t sequence = 0;
  for (const testing::TestIdentity* identity : {&signing_certificates_[agency], &sealing_[agency]}) {
    v1::PublishKeyEventRequest request;
    request.set_request_id(exchange::FreshRequestId());
    *request.mutable_event() =
        exchange::MakeKeyEvent(agency, ++sequence, *identity, previous, absl::Now(), signing_.at(agency));
    previous = trust::Sha256(request.event().payload()).bytes();
    Context context;
    v1::PublishKeyEventResponse response;
    ASSERT_EQ(Told(stub->PublishKeyEvent(&context, request, &response)), "0") << agency;
    ASSERT_NE(response.receipt().tlog_proof(), "");
  }
}

void RunningBrokerTest::PublishDirectory(const std::string& agency) {
  v1::Directory directory;
  directory.set_agency(agency);
  directory.set_version(1);
  for (const auto& [person, role] : std::map<std::string, std::string>{
           {exchange::kPractitioner, "practitioner"}, {"p-dpo", "dpo"}, {"p-spoc", "spoc"}, {"p-signs", "signatory"}}) {
    v1::DirectoryEntry& entry = *directory.add_entries();
    entry.set_id(person);
    entry.set_training_until("2099-12-31");
    v1::RoleHolding& holding = *entry.add_roles();
    holding.set_role(role);
    holding.add_areas("E23000018");
  }
  const auto stub = v1::RegisterService::NewStub(AgentChannel(agency));
  v1::ApplyDirectoryRequest request;
  request.set_request_id(exchange::FreshRequestId());
  *request.mutable_directory() = exchange::SignedWith(signing_.at(agency), trust::kDirectoryType, directory);
  Context context;
  v1::ApplyDirectoryResponse response;
  ASSERT_EQ(Told(stub->ApplyDirectory(&context, request, &response)), "0") << agency;
}

std::shared_ptr<grpc::Channel> RunningBrokerTest::ChannelOf(const testing::TestIdentity& identity,
                                                            grpc::ChannelArguments arguments) const {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = pki_.ca_pem();
  options.pem_private_key = identity.key_pem;
  options.pem_cert_chain = identity.certificate_pem;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own for each identity.
  return grpc::CreateCustomChannel(absl::StrCat("localhost:", broker_->port()), grpc::SslCredentials(options),
                                   arguments);
}

std::string RunningBrokerTest::Told(const grpc::Status& status) {
  if (status.ok()) return "0";
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  details.ParseFromString(status.error_details());
  for (const auto& any : details.details()) {
    if (any.Is<google::rpc::ErrorInfo>()) any.UnpackTo(&info);
  }
  return absl::StrCat(static_cast<int>(status.error_code()), " ", info.reason());
}

v1::SubmitReferralRequest RunningBrokerTest::Share(const std::string& share_id) const {
  return exchange::MakeShare({.share_id = share_id,
                              .now = absl::Now(),
                              .policy_digest = policy_digest_,
                              .sealing_key_id = sealing_.at(kRecipient).key_id},
                             signing_.at(kSender));
}

}  // namespace derwent::server
