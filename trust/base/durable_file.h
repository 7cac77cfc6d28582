#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace derwent {

// Writes a file so that a reader sees all of it or nothing, and a power loss keeps it: `.part` with mode 0600, fsync,
// rename, folder synced. Error: kUnavailable, naming the path and the system's reason.
absl::Status WriteDurably(const std::string& path, absl::string_view content);

// Makes names in a folder, new, changed and removed, survive a power loss. Error: likewise.
absl::Status SyncFolder(const std::string& path);

}  // namespace derwent
