#include "broker/exchange/registers/log_key.h"

#include <optional>

#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr char kChangeSetting[] = "log_key_change";

}  // namespace

absl::Status EnterLogKeyChange(const std::string& change, Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<std::string> entered, batch.read().GetSetting(kChangeSetting));
  if (change.empty() || entered == change) return absl::OkStatus();
  RETURN_IF_ERROR(
      batch.Append(ledger::EntryDraft::Public(trust::EntryKind::kKeyEvent, change, "log_key", "")).status());
  return batch.write().PutSetting(kChangeSetting, change);
}

}  // namespace derwent::exchange
