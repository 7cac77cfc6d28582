#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"

#include "agents/daemon/sending/intake.h"

namespace derwent::agents {

// Readers of the folder's files: `.json` is the native format; each other file name ending is read by a connector under
// its mapping file, so that a new export is configuration. Errors: of a mapping file, naming it.
absl::StatusOr<std::map<std::string, FileReader>> MappedReaders(const std::map<std::string, std::string>& mappings);

}  // namespace derwent::agents
