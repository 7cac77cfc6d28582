#pragma once

#include <string>

#include "absl/status/status.h"

#include "agents/daemon/context/context.h"
#include "derwent/v1/dsse.pb.h"

namespace derwent::agents {

// Takes what other agencies say about a person's rights: notices about shares that they gave to this agency, and
// answers to its own. Nothing here rests on the broker's word. Thread-safe.
class RightsTaker {
 public:
  explicit RightsTaker(const AgentContext& context) : context_(context) {}

  // Whether a message is about rights; and the agency that says it, empty where it is malformed.
  static bool IsAboutRights(const v1::DsseEnvelope& message);
  static std::string SaidBy(const v1::DsseEnvelope& message);

  // Verifies the signature by its sender's keys as they are known, and that it is about no share of somebody else;
  // keeps it. A repeat changes nothing. Errors: kUnauthenticated, kInvalidArgument it is to be rejected; of the state.
  absl::Status Take(const v1::DsseEnvelope& message);

 private:
  absl::Status TakeNotice(const v1::DsseEnvelope& message);
  absl::Status TakeAnswer(const v1::DsseEnvelope& message);

  const AgentContext& context_;
};

}  // namespace derwent::agents
