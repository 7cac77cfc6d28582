#include "agents/cli/policy/offline.h"

#include "agents/cli/policy/scenario_shape.h"
#include "policy/loader/bundle.h"
#include "policy/loader/compile.h"
#include "policy/loader/ends.h"
#include "policy/loader/manifest.h"
#include "policy/space/assertion.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/key_file.h"

namespace derwent::cli {

namespace {

constexpr size_t kMaxRegisterBytes = 1 << 20;

// Compiles the text; `problems` was made for its files.
void CompileInto(OfflinePolicy& offline, policy::Problems& problems) {
  offline.policy = policy::Compile(offline.files, problems);
  if (offline.policy != nullptr) offline.policy->digest = trust::Sha256(policy::MakeManifest(offline.files)).hex();
}

}  // namespace

absl::StatusOr<OfflinePolicy> ReadPolicy(const std::string& directory) {
  OfflinePolicy offline;
  ASSIGN_OR_RETURN(offline.files, policy::ReadBundleDirectory(directory));
  policy::Problems problems(offline.files);
  CompileInto(offline, problems);
  offline.problems = problems.list();
  return offline;
}

absl::StatusOr<OfflinePolicy> ReadPolicyOn(const std::string& directory, absl::CivilDay day,
                                           const std::vector<std::string>& directories) {
  OfflinePolicy offline;
  ASSIGN_OR_RETURN(offline.files, policy::ReadBundleDirectory(directory));
  policy::Files registers;
  for (const std::string& path : directories) {
    ASSIGN_OR_RETURN(registers[path], trust::ReadFile(path, kMaxRegisterBytes));
  }
  policy::Problems problems(offline.files);
  CompileInto(offline, problems);
  policy::CheckAssertions(offline.files, offline.policy.get(), problems);
  CheckScenarios(offline.files, problems);
  policy::Problems of_registers(registers);
  if (offline.policy != nullptr) {
    policy::WarnOfEnds(*offline.policy, day, problems);
    for (const auto& [path, text] : registers)
      policy::WarnOfEndsInDirectory(registers, path, *offline.policy, day, of_registers);
  }
  offline.problems = problems.list();
  offline.problems.insert(offline.problems.end(), of_registers.list().begin(), of_registers.list().end());
  return offline;
}

}  // namespace derwent::cli
