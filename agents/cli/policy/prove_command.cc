#include "agents/cli/policy/prove_command.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/policy/reporting.h"
#include "policy/engine/evaluation.h"
#include "policy/loader/request.h"
#include "policy/space/assertion.h"
#include "policy/space/prove.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string directory;
  std::string at;
  std::string counterexamples = ".";
  std::vector<std::string> only;
};

absl::StatusOr<absl::CivilDay> DayOf(const std::string& at) {
  return at.empty() ? LondonDay(absl::Now()) : ParseDay(at);
}

// The counterexample as `decide --request` reads it: only what bears on it.
absl::Status Write(policy::DecisionRequest question, const policy::Policy& policy, absl::CivilDay day,
                   const std::string& path) {
  if (question.facts.has_value()) {
    std::erase_if(question.facts->consents, [&](const policy::Consent& consent) {
      return std::ranges::none_of(policy.consent_steps, [&](const policy::ConsentStep& step) {
        return step.id == consent.step && policy::Binds(step, question);
      });
    });
  }
  std::erase_if(question.grounds, [&](const std::string& ground) {
    return ground != absl::StrCat(question.profile, ".", question.categories.front());
  });
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  const absl::Time noon = absl::FromCivil(absl::CivilHour(day) + 12, absl::UTCTimeZone());
  if (!google::protobuf::util::MessageToJsonString(policy::ToProto(question, noon), &json, options).ok())
    return absl::InternalError("cannot print a request");
  return WriteOutput(path, json);
}

bool Wanted(const std::vector<std::string>& only, const std::string& id) {
  return only.empty() || std::find(only.begin(), only.end(), id) != only.end();
}

// The assertions, or their problems on standard error.
absl::StatusOr<std::vector<v1::Assertion>> Assertions(const OfflinePolicy& offline,
                                                      const std::vector<std::string>& only) {
  policy::Problems problems(offline.files);
  std::vector<v1::Assertion> all = policy::ReadAssertions(offline.files, *offline.policy, problems);
  for (const policy::Problem& problem : problems.list()) std::cerr << problem.ToString() << "\n";
  if (problems.any_error()) return absl::InvalidArgumentError("the assertions have errors");
  std::erase_if(all, [&](const v1::Assertion& assertion) { return !Wanted(only, assertion.id()); });
  if (all.empty()) return absl::InvalidArgumentError("there is no such assertion");
  return all;
}

int Prove(const Options& options) {
  const absl::StatusOr<absl::CivilDay> day = DayOf(options.at);
  if (!day.ok()) return FailPolicy(day.status());
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(options.directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  const absl::StatusOr<std::vector<v1::Assertion>> assertions = Assertions(*offline, options.only);
  if (!assertions.ok()) return FailPolicy(assertions.status());
  const absl::Time start = absl::Now();
  policy::Prover prover(*offline->policy, *day);
  int refuted = 0;
  for (const v1::Assertion& assertion : *assertions) {
    const absl::Time began = absl::Now();
    const policy::Proof proof = prover.Prove(assertion);
    std::cout << absl::StreamFormat("%-9s %-34s %9d open  %5.2f s  %s\n", proof.holds ? "holds" : "REFUTED",
                                    assertion.id(), proof.cells, absl::ToDoubleSeconds(absl::Now() - began),
                                    assertion.says());
    if (proof.holds) continue;
    ++refuted;
    std::cout << "          " << proof.why << "\n";
    if (!proof.counterexample.has_value()) continue;
    const std::string path = absl::StrCat(options.counterexamples, "/counterexample.", assertion.id(), ".json");
    if (const absl::Status written = Write(*proof.counterexample, prover.policy(), prover.DayOf(assertion), path);
        !written.ok())
      return FailPolicy(written, kPolicyFailed);
    std::cout << "          derwent policy explain --policy " << options.directory << " --request " << path << "\n";
  }
  const policy::Space& space = prover.space();
  std::cout << absl::StreamFormat(
      "%d assertions, %d refuted, for %s; %d questions of one category each stand behind %d put to the engine; %.1f "
      "s\n",
      assertions->size(), refuted, FormatDay(*day), space.cells(), space.asked(),
      absl::ToDoubleSeconds(absl::Now() - start));
  return refuted == 0 ? kPolicyDone : kPolicyFailed;
}

}  // namespace

void AddProveCommand(CLI::App& policy, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callback.
  CLI::App* const prove =
      policy.add_subcommand("prove", "check the standing assertions over every question that can be asked");
  prove->add_option("directory", o->directory, "the policy's folder")->required();
  prove->add_option("--at", o->at, "the day to prove for, YYYY-MM-DD; else today");
  prove->add_option("--only", o->only, "ids of assertions; else all");
  prove->add_option("--counterexamples", o->counterexamples, "folder for the requests that refute")
      ->capture_default_str();
  prove->callback([o, &exit_code] { exit_code = Prove(*o); });
}

}  // namespace derwent::cli
