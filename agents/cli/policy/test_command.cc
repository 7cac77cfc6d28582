#include "agents/cli/policy/test_command.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"

#include "agents/cli/policy/coverage.h"
#include "agents/cli/policy/reporting.h"
#include "agents/cli/policy/scenarios.h"
#include "policy/space/stand_ins.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string directory = "policy/derbyshire";
  std::vector<std::string> scenarios;
  int threshold = 0;
};

struct Count {
  int passed = 0;
  int failed = 0;
  int malformed = 0;
};

absl::Status RunFile(const std::string& name, const std::string& yaml, const policy::Policy& policy, Coverage& coverage,
                     Count& count) {
  const absl::StatusOr<std::vector<ScenarioResult>> results = RunScenarios(yaml, policy);
  if (!results.ok()) return absl::InvalidArgumentError(name + ": " + std::string(results.status().message()));
  for (const ScenarioResult& result : *results) {
    ++(result.differences.empty() ? count.passed : count.failed);
    count.malformed += result.malformed ? 1 : 0;
    if (!result.malformed) coverage.See(result.request, result.decision);
    for (const std::string& difference : result.differences)
      std::cout << result.id << ": " << (result.malformed ? "malformed: " : "") << difference << "\n";
  }
  return absl::OkStatus();
}

// The bundle's own worked decisions, then those named.
absl::Status RunAll(const Options& options, const OfflinePolicy& offline, const policy::Policy& policy,
                    Coverage& coverage, Count& count) {
  for (const auto& [path, text] : offline.files) {
    if (!absl::StartsWith(path, "scenarios/") || !absl::EndsWith(path, ".yaml")) continue;
    const absl::Status run = RunFile(path, text, policy, coverage, count);
    if (!run.ok()) return run;
  }
  for (const std::string& path : options.scenarios) {
    const absl::StatusOr<std::string> yaml = ReadInput(path);
    if (!yaml.ok()) return yaml.status();
    const absl::Status run = RunFile(path, *yaml, policy, coverage, count);
    if (!run.ok()) return run;
  }
  return absl::OkStatus();
}

void Print(absl::string_view what, const Coverage::Tally& tally) {
  for (const std::string& rule : tally.unseen()) std::cout << "untested " << what << ": " << rule << "\n";
}

int Test(const Options& options) {
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(options.directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  const policy::Policy policy = policy::WithStandIns(*offline->policy);
  Coverage coverage(policy);
  Count count;
  if (const absl::Status run = RunAll(options, *offline, policy, coverage, count); !run.ok()) return FailPolicy(run);
  Print("rule", coverage.rules());
  Print("condition", coverage.conditions());
  const auto share = [](const Coverage::Tally& tally) {
    return std::to_string(tally.seen.size()) + " of " + std::to_string(tally.all.size()) + " (" +
           std::to_string(tally.percent()) + " %)";
  };
  std::cout << count.passed << " passed, " << count.failed << " failed\n"
            << "tested: rules " << share(coverage.rules()) << ", conditions " << share(coverage.conditions()) << "\n";
  if (count.malformed > 0) return kPolicyBadInput;
  if (count.failed > 0 || count.passed == 0) return kPolicyFailed;
  const int least = std::min(coverage.rules().percent(), coverage.conditions().percent());
  if (least >= options.threshold) return kPolicyDone;
  return FailPolicy(
      absl::FailedPreconditionError(
          "fewer rules or conditions are tested than --threshold asks; add worked decisions for those named above"),
      kPolicyFailed);
}

}  // namespace

void AddTestCommand(CLI::App& policy, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callback.
  CLI::App* const test =
      policy.add_subcommand("test", "run the policy's worked decisions and name the rules that none of them tests");
  test->add_option("directory,--policy", o->directory, "the policy's folder")->capture_default_str();
  test->add_option("--scenarios", o->scenarios, "further YAML files of worked decisions");
  test->add_option("--threshold", o->threshold,
                   "fail unless this share of rules, and of conditions, is tested (percent)")
      ->check(CLI::Range(0, 100));
  test->callback([o, &exit_code] { exit_code = Test(*o); });
}

}  // namespace derwent::cli
