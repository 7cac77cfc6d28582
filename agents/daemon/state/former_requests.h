#pragma once

#include <string>

#include "absl/status/status.h"

namespace derwent::agents {

// Takes over what an agent of before 2026-11-27 kept of case-data requests in a file of its own, `requests.db` beside
// `agent.db` in `folder`, and removes that file; nothing where there is none. Call after RequestState::Open, before
// anything is written. A crash in between is no harm: what was taken over is not again. Errors: kUnavailable,
// kDataLoss.
absl::Status TakeOverFormerRequests(const std::string& folder);

}  // namespace derwent::agents
