#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "agents/daemon/services/server.h"
#include "tests/integration/consortium.h"
#include "tests/promises/any_call.h"

namespace derwent::testing {

// A real broker and the police's real agent, both over TLS, to be called under any certificate of the example PKI.
class EveryRpc : public ::testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();

  // Calls under `certificate`, a path below the PKI without its ending; empty: without one. The service finds its
  // server.
  static Answer Call(const google::protobuf::MethodDescriptor& method, const std::string& certificate,
                     const std::string& request, const std::map<std::string, std::string>& metadata = {});
  // Somebody who may call it, so that the request is what is judged.
  static std::string CallerOf(const google::protobuf::MethodDescriptor& method);
  // What must not change: the rows of every table of the broker beside the ledger's own, and the agent's queues.
  static std::map<std::string, int64_t> Kept();

  static bool AtAgent(const google::protobuf::MethodDescriptor& method) {
    static const std::set<std::string>& local = *new std::set<std::string>{
        "AgentService", "AgentRequestService", "AgentEmergencyService", "AgentAuditService", "AgentRightsService"};
    return local.contains(method.service()->name());
  }
  static std::string Pki() { return consortium_->folder() + "/pki/"; }

  static Consortium* consortium_;
  static TestAgent* police_;
};

}  // namespace derwent::testing
