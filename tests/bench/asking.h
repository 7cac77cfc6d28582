#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "derwent/v1/agent_request.pb.h"

namespace derwent::bench {

// One run of case-data requests. Times are from the call at the asker's agent until that agent holds every answer,
// verified, opened and synced.
struct AskResult {
  double requests_a_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

// Asks `count` times, always `outstanding` at a time, as the agency's person at its running agent in `run`, a folder
// that deploy/example/lay_out.sh made. `question` is sent with references of its own. What has come is read from the
// agent's own store, so that the wait costs it nothing. After the clock has stopped each answer is opened.
// Errors: kFailedPrecondition a request that was not stored, or an answer that does not release every category asked;
// kDeadlineExceeded answers that do not come; of files and calls.
absl::StatusOr<AskResult> Ask(const std::string& run, const std::string& agency, const std::string& person,
                              const v1::SendCaseRequestRequest& question, int count, int outstanding);

}  // namespace derwent::bench
