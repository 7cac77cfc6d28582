#include "tests/promises/every_rpc.h"

#include <sqlite3.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "tests/support/matchers.h"

namespace derwent::testing {
namespace {

std::vector<std::unique_ptr<TestAgent>>* all_agents = nullptr;
std::unique_ptr<agents::LocalServer>* server = nullptr;

using Connection = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

// Whose a certificate is that was answered is kept beside the entry of it.
int64_t Count(sqlite3* database, const std::string& table) {
  const std::string rows =
      absl::StrCat("select count(*) from ", table, table == "setting" ? " where name not like 'credential/%'" : "");
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, rows.c_str(), -1, &statement, nullptr), SQLITE_OK) << table;
  EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
  const int64_t count = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return count;
}

}  // namespace

Consortium* EveryRpc::consortium_ = nullptr;
TestAgent* EveryRpc::police_ = nullptr;

void EveryRpc::SetUpTestSuite() {
  consortium_ = new Consortium();
  all_agents = new std::vector(consortium_->Agents({"police.derbys", "dcc.adults"}));
  police_ = all_agents->front().get();
  police_->config.participant.reset();  // The calls alone change anything.
  police_->Restart();
  auto started = agents::LocalServer::Start(police_->config, *police_->daemon);
  ASSERT_OK(started);
  server = new std::unique_ptr(*std::move(started));
  police_->daemon->Start();
}

void EveryRpc::TearDownTestSuite() {
  (*server)->Stop();
  police_->real->StopWaiting();
  police_->daemon->Stop();
  delete server;
  delete all_agents;
  delete consortium_;
}

Answer EveryRpc::Call(const google::protobuf::MethodDescriptor& method, const std::string& certificate,
                      const std::string& request, const std::map<std::string, std::string>& metadata) {
  static std::map<std::pair<std::string, std::string>, std::unique_ptr<AnyClient>>& clients =
      *new std::map<std::pair<std::string, std::string>, std::unique_ptr<AnyClient>>;
  const std::string target = AtAgent(method) ? absl::StrCat("localhost:", (*server)->port()) : consortium_->target();
  std::unique_ptr<AnyClient>& client = clients[{target, certificate}];
  const std::string at = certificate.empty() ? "" : Pki() + certificate;
  if (client == nullptr)
    client = std::make_unique<AnyClient>(target, Pki() + "trust/ca.pem", at.empty() ? "" : at + ".pem",
                                         at.empty() ? "" : at + ".key");
  return client->Call(method, request, metadata);
}

std::string EveryRpc::CallerOf(const google::protobuf::MethodDescriptor& method) {
  const std::string& service = method.service()->name();
  if (service == "CaseService") return "agencies/police.derbys/people/p-60ab93";  // Convenes MARAC's cases.
  if (service == "PolicyChangeService") return "agencies/police.derbys/people/p-c7710b";
  if (service == "AgentEmergencyService") return "agencies/police.derbys/people/p-e24a5c";
  if (method.name() == "ReviewEmergency") return "agencies/police.derbys/people/p-9a30f4";
  const bool signs =
      method.name() == "ApplyHold" || method.name() == "RequestErasure" || method.name() == "ApproveErasure";
  if (signs) return "agencies/police.derbys/people/p-9a30f4";
  if (service == "AgentAuditService" || service == "AgentRightsService")
    return "agencies/police.derbys/people/p-9a30f4";
  if (service != "AgentService" && service != "AgentRequestService") return "agencies/police.derbys/agent";
  const bool rights =
      method.name() == "ComputeReferences" || method.name() == "Restrict" || method.name() == "ListHeldRequests";
  return rights ? "agencies/police.derbys/people/p-9a30f4" : "agencies/police.derbys/people/p-4c1e07";
}

std::map<std::string, int64_t> EveryRpc::Kept() {
  sqlite3* opened = nullptr;
  EXPECT_EQ(
      sqlite3_open_v2((consortium_->folder() + "/broker/broker.db").c_str(), &opened, SQLITE_OPEN_READONLY, nullptr),
      SQLITE_OK);
  const Connection database(opened, &sqlite3_close);
  std::map<std::string, int64_t> kept;
  for (const char* table :
       {"share",         "share_part",      "delivery",        "idempotency", "key_event",   "directory",
        "restriction",   "restriction_tag", "public_body",     "case_file",   "case_member", "case_exclusion",
        "approval",      "quota",           "policy_revision", "hold",        "erasure",     "erasure_party",
        "rights_notice", "setting",         "cosignature",     "cosigned",    "witness_view"}) {
    kept[table] = Count(database.get(), table);
  }
  sqlite3_open_v2((police_->config.state_dir + "/agent.db").c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const Connection requests(opened, &sqlite3_close);
  for (const char* table : {"asked", "selectors", "replies", "held_requests", "approvals", "answers"})
    kept[table] = Count(requests.get(), table);
  agents::State& state = police_->daemon->context().state;
  kept["outbox"] = static_cast<int64_t>(state.ListOutbox(0, 500)->size());
  kept["inbox"] = static_cast<int64_t>(state.ListInbox(0, 500)->size());
  return kept;
}

}  // namespace derwent::testing
