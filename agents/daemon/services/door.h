#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/status.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "agents/daemon/services/call_quota.h"
#include "agents/daemon/services/currency.h"

namespace derwent::agents {

// The way into the local service. Thread-safe.
class Door {
 public:
  // Borrows all.
  Door(const AgentContext& context, Currency& currency, const LocalLimits& limits)
      : context_(context), currency_(currency), quota_(limits) {}
  const AgentContext& context() const { return context_; }
  CallQuota& quota() { return quota_; }

  // Who calls, as it stands now (Currency); asked again and again of one who waits. Errors: of CallerOf.
  absl::StatusOr<LocalCaller> Look(const grpc::ServerContext& call);

 private:
  const AgentContext& context_;
  Currency& currency_;
  CallQuota quota_;
};

// One call of the local service, from its coming in to its end. For one thread.
class Visit {
 public:
  // Borrows both.
  Visit(Door& door, grpc::ServerContext* call, absl::string_view method);
  ~Visit();
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  // Who calls; why it may not. Errors: of CallerOf; kResourceExhausted `QUOTA_EXCEEDED` naming the rule.
  const absl::StatusOr<LocalCaller>& caller() const { return caller_; }
  // Counts and logs the call; the status for the wire.
  grpc::Status End(const absl::Status& status) const;

 private:
  absl::StatusOr<LocalCaller> Admit();
  absl::Status TakeTurn(const LocalCaller& caller);

  Door& door_;
  grpc::ServerContext* const call_;
  const std::string method_;
  const absl::Time start_;
  std::string correlation_;
  std::string turn_of_;  // The person whose quota it takes; empty: nobody's.
  absl::StatusOr<LocalCaller> caller_;
};

}  // namespace derwent::agents
