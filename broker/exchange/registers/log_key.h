#pragma once

#include <string>

#include "absl/status/status.h"

#include "broker/exchange/command/batch.h"

namespace derwent::exchange {

// Enters which key follows the log's (trust/note/log_key_change.h), once a change; an empty one is none.
absl::Status EnterLogKeyChange(const std::string& change, Batch& batch);

}  // namespace derwent::exchange
