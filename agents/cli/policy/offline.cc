#include "agents/cli/policy/offline.h"

#include "policy/loader/bundle.h"
#include "policy/loader/compile.h"
#include "policy/loader/manifest.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {

absl::StatusOr<OfflinePolicy> ReadPolicy(const std::string& directory) {
  OfflinePolicy offline;
  ASSIGN_OR_RETURN(offline.files, policy::ReadBundleDirectory(directory));
  policy::Problems problems(offline.files);
  offline.policy = policy::Compile(offline.files, problems);
  offline.problems = problems.list();
  if (offline.policy != nullptr) offline.policy->digest = trust::Sha256(policy::MakeManifest(offline.files)).hex();
  return offline;
}

}  // namespace derwent::cli
