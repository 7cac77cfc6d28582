#include "agents/sdk/policy_memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/durable_file.h"

namespace derwent::agents {
namespace {

constexpr size_t kDigestHex = 64;

bool ReadLine(absl::string_view line, PolicyMemory& memory) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  if (words.size() == 3 && words[0] == "directory")
    return absl::SimpleAtoi(words[2], &memory.directory_versions[std::string(words[1])]);
  if (words.size() != 2 || words[0] != "policy" || words[1].size() != kDigestHex ||
      !std::ranges::all_of(words[1], absl::ascii_isxdigit))
    return false;
  memory.policies.insert(absl::HexStringToBytes(words[1]));
  return true;
}

}  // namespace

int64_t PolicyMemory::VersionOf(absl::string_view agency) const {
  const auto found = directory_versions.find(agency);
  return found == directory_versions.end() ? 0 : found->second;
}

absl::StatusOr<PolicyMemory> PolicyMemory::Load(const std::string& path) {
  PolicyMemory memory;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    if (error) return absl::UnavailableError(absl::StrCat("cannot read `", path, "`: ", error.message()));
    return memory;
  }
  std::ifstream file(path, std::ios::binary);
  std::string line;
  while (std::getline(file, line)) {
    if (!ReadLine(line, memory)) return absl::DataLossError(absl::StrCat("`", path, "` does not parse"));
  }
  if (!file.eof()) return absl::UnavailableError(absl::StrCat("cannot read `", path, "`"));
  return memory;
}

absl::Status PolicyMemory::Keep(const std::string& path) const {
  std::string text;
  for (const auto& [agency, version] : directory_versions)
    absl::StrAppend(&text, "directory ", agency, " ", version, "\n");
  for (const std::string& digest : policies) absl::StrAppend(&text, "policy ", absl::BytesToHexString(digest), "\n");
  return WriteDurably(path, text);
}

}  // namespace derwent::agents
