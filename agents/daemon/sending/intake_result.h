#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"

#include "agents/connectors/batch.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::agents {

// What became of one referral of a file.
struct PushedReferral {
  int64_t row = 0;  // As of a problem; 0: the file is the one referral.
  std::string referral_ref;
  bool duplicate = false;  // Another file brought it before.
  bool taken = false;
  v1::PushReferralResponse response;          // When taken.
  std::vector<connectors::Problem> problems;  // When not.
};

// What became of a file.
struct IntakeResult {
  std::string file;
  std::vector<PushedReferral> referrals;
  std::vector<connectors::Problem> problems;  // All of the file's, those of its referrals included.

  bool any_taken() const;
  // Goes to `done/`: something of it was taken, or there was nothing to take and nothing wrong.
  bool done() const { return any_taken() || problems.empty(); }
};

// Text of `<file>.result.json`: `state` (`DONE`, `PARTIAL`, `FAILED`, `DUPLICATE` when all that it holds was brought
// before), `referrals` with their shares, `errors` with `row`, `column` and `rule`. Octets that are no UTF-8 become
// U+FFFD: nothing that a file holds or is called may stop the agent.
std::string PrintResult(const IntakeResult& result);
// Likewise for a file whose octets were seen before, with the result of the first.
std::string PrintDuplicate(const std::string& file, const std::string& first);

// What was wrong with a referral that was not taken: every field, or the reason alone.
std::vector<connectors::Problem> ProblemsOf(const absl::Status& refused, int64_t row);

}  // namespace derwent::agents
