#include "agents/daemon/sending/mapping.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
absl::StatusOr<std::map<std::string, FileReader>> MappedReaders(const std::map<std::string, std::string>& mappings) {
  std::map<std::string, FileReader> readers = {{".json", Intake::ReadJson}};
  for (const auto& [ending, path] : mappings) {
    ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(path));
    absl::StatusOr<connectors::Mapping> mapping = connectors::Mapping::Parse(text);
    if (!mapping.ok())
      return absl::InvalidArgumentError(absl::StrCat("mapping `", path, "`: ", mapping.status().message()));
    if (mapping->is_register() || !mapping->join_on().empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("mapping `", path, "`: is one of the own system (`system`), not of a hand-over"));
    }
    const bool csv = absl::EndsWith(ending, ".csv");
    if (!csv && !absl::EndsWith(ending, ".json")) {
      return absl::InvalidArgumentError(absl::StrCat("`", ending, "` must end in .csv or .json"));
    }
    readers[ending] = [mapping = *std::move(mapping), csv](absl::string_view octets) {
      return csv ? connectors::ReadCsv(mapping, octets) : connectors::ReadJson(mapping, octets);
    };
  }
  return readers;
}

}  // namespace derwent::agents
