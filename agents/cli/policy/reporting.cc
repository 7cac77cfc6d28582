#include "agents/cli/policy/reporting.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "agents/cli/terminal/output.h"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {

int FailPolicy(const absl::Status& status, int code) {
  std::cerr << "derwent policy: " << status.message() << "\n";
  return code;
}

absl::StatusOr<OfflinePolicy> GoodPolicy(const std::string& directory) {
  ASSIGN_OR_RETURN(OfflinePolicy offline, ReadPolicy(directory));
  if (offline.policy != nullptr) return offline;
  for (const policy::Problem& problem : offline.problems) std::cerr << problem.ToString() << "\n";
  return absl::InvalidArgumentError(absl::StrCat("the policy `", directory, "` has errors"));
}

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  if (path == "-") return std::string((std::istreambuf_iterator<char>(std::cin)), std::istreambuf_iterator<char>());
  return trust::ReadFile(path, 1 << 20);
}

absl::Status WriteOutput(const std::string& path, absl::string_view content) {
  if (path == "-") {
    std::cout << content;
    return absl::OkStatus();
  }
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  return file ? absl::OkStatus() : NotWritten(absl::StrCat("`", path, "`"));
}

}  // namespace derwent::cli
