#include "agents/daemon/context/credentials.h"

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

// Single value of the state: `<seconds since 1970> <opaque person id>`.
std::string NameOf(const std::string& serial) { return absl::StrCat("credential/", serial); }

}  // namespace

absl::Status KeepCredential(const LocalCaller& caller, State& state) {
  if (caller.kind != trust::CallerKind::kPerson) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string kept, state.Kept(NameOf(caller.serial)));
  if (!kept.empty()) return absl::OkStatus();
  return state.Keep(NameOf(caller.serial), absl::StrCat(absl::ToUnixSeconds(caller.certified_from), " ", caller.name));
}

absl::StatusOr<std::optional<Credential>> FindCredential(const std::string& serial, State& state) {
  ASSIGN_OR_RETURN(const std::string kept, state.Kept(NameOf(serial)));
  if (kept.empty()) return std::optional<Credential>();
  const std::pair<std::string, std::string> words = absl::StrSplit(kept, absl::MaxSplits(' ', 1));
  int64_t seconds = 0;
  if (!absl::SimpleAtoi(words.first, &seconds)) return absl::DataLossError("a kept credential does not parse");
  return std::optional<Credential>(
      Credential{.person = words.second, .certified_from = absl::FromUnixSeconds(seconds)});
}

}  // namespace derwent::agents
