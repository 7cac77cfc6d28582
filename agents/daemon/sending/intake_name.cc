#include "agents/daemon/sending/intake_name.h"

#include <filesystem>
#include <initializer_list>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "trust/base/utf8.h"

namespace derwent::agents {
namespace {

constexpr absl::string_view kMisnamedEnding = ".misnamed";

bool IsFree(const std::string& folder, const std::string& name) {
  for (const char* part : {"/taken/", "/done/", "/failed/"}) {
    for (const absl::string_view ending : {absl::string_view(), kResultEnding, kRejectsEnding}) {
      std::error_code error;
      if (std::filesystem::exists(std::filesystem::symlink_status(absl::StrCat(folder, part, name, ending), error)))
        return false;
    }
  }
  return true;
}

}  // namespace

bool IsIntakeName(absl::string_view name) { return name.size() <= kMaxIntakeName && IsUtf8(name); }

bool WasMisnamed(absl::string_view taken_name) { return absl::EndsWith(taken_name, kMisnamedEnding); }

std::string NameToTake(const std::string& folder, const std::string& name) {
  const std::string wanted = IsIntakeName(name) ? name : absl::StrCat("file", kMisnamedEnding);
  std::string free = wanted;
  // Ends: a folder holds finitely many names.
  for (int number = 2; !IsFree(folder, free); ++number) free = absl::StrCat(number, "-", wanted);
  return free;
}

}  // namespace derwent::agents
