#include "broker/exchange/share/approval_steps.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr size_t kMostKept = size_t{16} << 10;  // Octets, so that they fit their entry.

// A setting: one step a line.
std::string NameOf(const std::string& holder, const Release& release) {
  return absl::StrCat("approval_steps/", release.share_id, "/", holder);
}

}  // namespace

absl::StatusOr<std::vector<uint64_t>> EnterStepOf(const Release& release, const std::string& holder,
                                                  const ApprovalStep& step, Batch& batch) {
  if (!release.keeps_steps) return batch.Append(std::vector<ledger::EntryDraft>{step.draft});
  const std::string name = NameOf(holder, release);
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, batch.read().GetSetting(name));
  // Nobody has so many to say: one that tries without end is not hidden.
  if (kept.value_or("").size() + step.as_kept.size() > kMostKept)
    return batch.Append(std::vector<ledger::EntryDraft>{step.draft});
  RETURN_IF_ERROR(batch.write().PutSetting(name, absl::StrCat(kept.value_or(""), step.as_kept, "\n")));
  return std::vector<uint64_t>();
}

absl::StatusOr<std::vector<std::string>> TakeKeptSteps(const std::string& holder, const Release& release,
                                                       Batch& batch) {
  if (!release.keeps_steps) return std::vector<std::string>();
  const std::string name = NameOf(holder, release);
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, batch.read().GetSetting(name));
  if (!kept.has_value() || kept->empty()) return std::vector<std::string>();
  RETURN_IF_ERROR(batch.write().PutSetting(name, ""));
  return std::vector<std::string>(absl::StrSplit(*kept, '\n', absl::SkipEmpty()));
}

}  // namespace derwent::exchange
