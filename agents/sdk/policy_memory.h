#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace derwent::agents {

// What an agent must remember of policies and registers besides the newest: lest an older directory, in which somebody
// removed since still counts, be believed after a restart, and a share that waited under an earlier policy be refused.
struct PolicyMemory {
  std::map<std::string, int64_t, std::less<>> directory_versions;  // The newest taken, by agency.
  std::set<std::string, std::less<>> policies;                     // Digests of policies verified, as octets.

  // 0: none was taken.
  int64_t VersionOf(absl::string_view agency) const;

  // Reads a file that Keep wrote; one that is not there says nothing. Errors: kUnavailable it cannot be read; kDataLoss
  // it is not such a file.
  static absl::StatusOr<PolicyMemory> Load(const std::string& path);
  // Replaces the file, durably: a line `directory <agency> <version>` or `policy <digest in hex>` each. Error:
  // kUnavailable.
  absl::Status Keep(const std::string& path) const;
};

}  // namespace derwent::agents
