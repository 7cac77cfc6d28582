#include "agents/daemon/mapping.h"

#include "absl/strings/str_cat.h"

namespace derwent::agents {

absl::StatusOr<std::map<std::string, FileReader>> MappedReaders(const std::map<std::string, std::string>& mappings) {
  std::map<std::string, FileReader> readers = {{".json", Intake::ReadJson}};
  for (const auto& [ending, path] : mappings) {
    return absl::InvalidArgumentError(absl::StrCat("no connector reads `", ending, "` by `", path, "`"));
  }
  return readers;
}

}  // namespace derwent::agents
