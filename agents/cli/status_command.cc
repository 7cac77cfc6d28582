#include "agents/cli/status_command.h"

#include <iostream>

#include "absl/strings/str_cat.h"

#include "agents/cli/ledger/offline_ledger.h"
#include "agents/cli/ledger/quorum.h"
#include "derwent/v1/agent.grpc.pb.h"
#include "derwent/v1/ledger.grpc.pb.h"
#include "derwent/v1/policy_service.grpc.pb.h"
#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

bool LooksGood(v1::LedgerStanding standing) {
  return standing == v1::LEDGER_STANDING_WITNESSED || standing == v1::LEDGER_STANDING_NO_QUORUM;
}

// Adds the agent's part; true when nothing needs a look.
absl::StatusOr<bool> AgentPart(Client& client, Rows& rows, std::string& policy) {
  ASSIGN_OR_RETURN(const agents::Channel* const agent, client.Agent());
  const auto stub = v1::AgentService::NewStub(agent->grpc());
  ASSIGN_OR_RETURN(const v1::AgentStatus status, agent->Call(*stub, &v1::AgentService::Stub::GetAgentStatus,
                                                             v1::GetAgentStatusRequest(), client.options()));
  policy = HexEncode(status.policy_digest());
  rows.Add({"agent", "agency", status.agency()});
  rows.Add({"agent", "broker", status.broker_reachable() ? "reachable" : "NOT reachable"});
  rows.Add({"agent", "policy", policy});
  rows.Add({"agent", "signing key", status.signing_key_id()});
  rows.Add({"agent", "sealing key", status.sealing_key_id()});
  rows.Add({"agent", "outbox, waiting", absl::StrCat(status.outbox_depth())});
  rows.Add({"agent", "inbox, not handed over", absl::StrCat(status.inbox_depth())});
  rows.Add({"agent", "own system, people", absl::StrCat(status.system_people())});
  rows.Add({"agent", "own system, problems", absl::StrCat(status.system_problems())});
  rows.Add({"agent", "witnesses, as it sees them", StandingText(status.ledger())});
  rows.Add({"agent", "alarms", absl::StrCat(status.alarms_size())});
  for (const v1::Alarm& alarm : status.alarms()) {
    rows.Add({"agent", "ALARM",
              absl::StrCat(alarm.code(), alarm.agency().empty() ? "" : " ", alarm.agency(),
                           alarm.share_id().empty() ? "" : " share ", alarm.share_id())});
  }
  return status.alarms().empty() && status.broker_reachable() && LooksGood(status.ledger());
}

// Adds the broker's part; true when nothing needs a look.
absl::StatusOr<bool> BrokerPart(Client& client, Rows& rows, const std::string& agents_policy) {
  ASSIGN_OR_RETURN(const agents::Channel* const broker, client.Broker());
  const auto policies = v1::PolicyService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(const v1::GetActivePolicyResponse policy,
                   broker->Call(*policies, &v1::PolicyService::Stub::GetActivePolicy, v1::GetActivePolicyRequest(),
                                client.options()));
  const std::string digest = HexEncode(policy.policy_digest());
  const bool same = agents_policy.empty() || agents_policy == digest;
  rows.Add({"broker", "policy", absl::StrCat(digest, same ? "" : " NOT the agent's (yet)")});
  if (!policy.reload_error().empty()) rows.Add({"broker", "POLICY NOT TAKEN", policy.reload_error()});
  ASSIGN_OR_RETURN(const trust::LogKeys log_keys, client.LogKeys());
  const auto ledger = v1::LedgerService::NewStub(broker->grpc());
  ASSIGN_OR_RETURN(
      const v1::GetCheckpointResponse newest,
      broker->Call(*ledger, &v1::LedgerService::Stub::GetCheckpoint, v1::GetCheckpointRequest(), client.options()));
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint,
                   VerifyCheckpointText(newest.note(), log_keys, client.configuration().origin));
  rows.Add({"broker", "ledger", absl::StrCat(checkpoint.size, " entries, signed")});
  ASSIGN_OR_RETURN(const v1::GetQuorumResponse quorum, FetchQuorum(client));
  rows.Add({"broker", "witnesses", StandingText(quorum.standing())});
  rows.Add({"broker", "oldest entry without a quorum", absl::StrCat(quorum.unwitnessed_age().seconds(), " s")});
  return same && policy.reload_error().empty() && LooksGood(quorum.standing());
}

// Shows what answers. When one of the two does not, the other's part is still shown.
absl::StatusOr<int> Status(Client& client, Format format) {
  Rows rows({"part", "what", "value"});
  std::string policy;
  const absl::StatusOr<bool> agent = AgentPart(client, rows, policy);
  const absl::StatusOr<bool> broker = BrokerPart(client, rows, policy);
  rows.Print(format, std::cout);
  if (!agent.ok() && !broker.ok()) ReportFailure(agent.status());
  if (!broker.ok()) return broker.status();
  if (!agent.ok()) return agent.status();
  return *agent && *broker ? kExitDone : kExitPartial;
}

}  // namespace

void AddStatusCommand(CLI::App& app, Session& session) {
  app.add_subcommand("status", "the agent's and the broker's state: policy, keys, queues, alarms, ledger")
      ->callback([&session] { session.Run([&](Client& client) { return Status(client, session.format()); }); });
}

}  // namespace derwent::cli
