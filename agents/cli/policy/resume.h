#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace derwent::cli {

// What was written to have a suspended agreement flow again.
struct Resumed {
  int32_t revision = 0;
  std::vector<std::string> parties;  // Each signs; nothing flows to or from one that has not.
};

// Writes the next revision of a suspended agreement, in other respects as it stands, and MANIFEST anew. Resuming
// loosens: the suspension stands on the revisions up to the one it was given on, and the next one is in force only as
// any is, by its parties' signatures. Writes nothing on an error: kInvalidArgument the agreement is not suspended, or
// one party ended it.
absl::StatusOr<Resumed> ResumeAgreement(const std::string& directory, const std::string& agreement_id);

}  // namespace derwent::cli
