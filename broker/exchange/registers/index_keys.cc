#include "broker/exchange/registers/index_keys.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

// The ids of all keys ever used, the current one first, a line each.
constexpr char kKeysSetting[] = "index_keys";

std::vector<std::string> LinesOf(const std::optional<std::string>& setting) {
  return setting.has_value() ? std::vector<std::string>(absl::StrSplit(*setting, '\n', absl::SkipEmpty()))
                             : std::vector<std::string>();
}

}  // namespace

absl::Status CheckIndexKeys(const std::vector<std::string>& key_ids, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, reader.GetSetting(kKeysSetting));
  std::vector<std::string> missing;
  for (std::string& id : LinesOf(kept)) {
    if (std::ranges::find(key_ids, id) == key_ids.end()) missing.push_back(std::move(id));
  }
  if (missing.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("entries are tagged under index keys that are not named: ", absl::StrJoin(missing, ", "),
                   "; name their files in `earlier_index_keys`"));
}

absl::Status EnterIndexKeys(const std::vector<std::string>& key_ids, Batch& batch) {
  RETURN_IF_ERROR(CheckIndexKeys(key_ids, batch.read()));
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, batch.read().GetSetting(kKeysSetting));
  const std::string now = absl::StrJoin(key_ids, "\n");
  if (kept == now) return absl::OkStatus();
  const std::vector<std::string> before = LinesOf(kept);
  if (!before.empty() && before.front() != key_ids.front()) {
    const std::string change =
        absl::StrCat(kIndexKeyChange, "before ", before.front(), "\nafter ", key_ids.front(), "\n");
    RETURN_IF_ERROR(
        batch.Append(ledger::EntryDraft::Public(trust::EntryKind::kKeyEvent, change, "index_key", "")).status());
  }
  return batch.write().PutSetting(kKeysSetting, now);
}

}  // namespace derwent::exchange
