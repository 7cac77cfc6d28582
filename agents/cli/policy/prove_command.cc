#include "agents/cli/policy/prove_command.h"

#include <algorithm>
#include <atomic>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
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
#include "policy/space/switches.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string directory;
  std::string at, from;
  std::string counterexamples = ".";
  std::vector<std::string> only;
};

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

// The days to prove for: the one named, or today (or `--from`) and every later one on which something switches.
absl::StatusOr<std::vector<absl::CivilDay>> DaysOf(const Options& options, const policy::Policy& policy) {
  if (!options.at.empty()) {
    ASSIGN_OR_RETURN(const absl::CivilDay day, ParseDay(options.at));
    return std::vector<absl::CivilDay>{day};
  }
  ASSIGN_OR_RETURN(const absl::CivilDay from, options.from.empty() ? LondonDay(absl::Now()) : ParseDay(options.from));
  return policy::SwitchDays(policy, from);
}

// What came of one assertion on one day, or on all days so far.
struct Result {
  bool holds = true;
  uint64_t cells = 0;
  absl::Duration took;
  absl::CivilDay refuted_on;
  policy::Proof refuted;

  // What a later day adds. The first day that refutes is the one to tell of.
  void Add(Result later) {
    if (!holds) return;
    later.cells += cells;
    later.took += took;
    *this = std::move(later);
  }
};

// What came of every assertion on one day.
struct DayResult {
  std::vector<Result> results;
  std::string told;
};

// What must be possible must be so on the first day: agreements end. What names its day is checked once.
bool Due(const v1::Assertion& assertion, bool first_day) {
  return first_day || (!assertion.possible() && assertion.where().on().empty());
}

DayResult ProveOn(absl::CivilDay day, bool first_day, const policy::Policy& policy,
                  const std::vector<v1::Assertion>& assertions) {
  policy::Prover prover(policy, day);
  DayResult of_day;
  for (const v1::Assertion& assertion : assertions) {
    Result& result = of_day.results.emplace_back();
    if (!Due(assertion, first_day)) continue;
    const absl::Time began = absl::Now();
    policy::Proof proof = prover.Prove(assertion);
    result = {.holds = proof.holds,
              .cells = proof.cells,
              .took = absl::Now() - began,
              .refuted_on = prover.DayOf(assertion),
              .refuted = std::move(proof)};
  }
  const policy::Space& space = prover.space();
  of_day.told = absl::StrFormat("on %s: %d questions of one category each stand behind %d put to the engine\n",
                                FormatDay(day), space.cells(), space.asked());
  return of_day;
}

// Days have nothing to do with each other: each core proves one at a time.
std::vector<DayResult> ProveOnAll(const std::vector<absl::CivilDay>& days, const policy::Policy& policy,
                                  const std::vector<v1::Assertion>& assertions) {
  std::vector<DayResult> of_days(days.size());
  std::atomic<size_t> next = 0;
  std::vector<std::thread> provers;
  const size_t cores = std::max<size_t>(1, std::thread::hardware_concurrency());
  for (size_t i = 0; i < std::min(cores, days.size()); ++i) {
    provers.emplace_back([&] {
      for (size_t at = next++; at < days.size(); at = next++)
        of_days[at] = ProveOn(days[at], at == 0, policy, assertions);
    });
  }
  for (std::thread& prover : provers) prover.join();
  return of_days;
}

// One line an assertion, and the request that refutes it.
absl::Status Tell(const Result& result, const v1::Assertion& assertion, const OfflinePolicy& offline,
                  const Options& options) {
  std::cout << absl::StreamFormat("%-9s %-34s %9d open  %5.2f s  %s\n", result.holds ? "holds" : "REFUTED",
                                  assertion.id(), result.cells, absl::ToDoubleSeconds(result.took), assertion.says());
  if (result.holds) return absl::OkStatus();
  std::cout << "          on " << FormatDay(result.refuted_on) << ": " << result.refuted.why << "\n";
  if (!result.refuted.counterexample.has_value()) return absl::OkStatus();
  const std::string path = absl::StrCat(options.counterexamples, "/counterexample.", assertion.id(), ".json");
  RETURN_IF_ERROR(Write(*result.refuted.counterexample, *offline.policy, result.refuted_on, path));
  std::cout << "          derwent policy explain --policy " << options.directory << " --request " << path << "\n";
  return absl::OkStatus();
}

int Prove(const Options& options) {
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(options.directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  const absl::StatusOr<std::vector<absl::CivilDay>> days = DaysOf(options, *offline->policy);
  if (!days.ok()) return FailPolicy(days.status());
  const absl::StatusOr<std::vector<v1::Assertion>> assertions = Assertions(*offline, options.only);
  if (!assertions.ok()) return FailPolicy(assertions.status());
  const absl::Time start = absl::Now();
  std::vector<Result> results(assertions->size());
  for (DayResult& of_day : ProveOnAll(*days, *offline->policy, *assertions)) {
    std::cout << of_day.told;
    for (size_t i = 0; i < results.size(); ++i) results[i].Add(std::move(of_day.results[i]));
  }
  int refuted = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    refuted += results[i].holds ? 0 : 1;
    if (const absl::Status told = Tell(results[i], (*assertions)[i], *offline, options); !told.ok())
      return FailPolicy(told, kPolicyFailed);
  }
  std::cout << absl::StreamFormat("%d assertions, %d refuted, on %d days from %s; %.1f s\n", assertions->size(),
                                  refuted, days->size(), FormatDay(days->front()),
                                  absl::ToDoubleSeconds(absl::Now() - start));
  return refuted == 0 ? kPolicyDone : kPolicyFailed;
}

}  // namespace

void AddProveCommand(CLI::App& policy, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callback.
  CLI::App* const prove =
      policy.add_subcommand("prove", "check the standing assertions over every question that can be asked");
  prove->add_option("directory", o->directory, "the policy's folder")->required();
  CLI::Option* const at = prove->add_option("--at", o->at, "prove for this one day, YYYY-MM-DD");
  prove
      ->add_option("--from", o->from,
                   "prove for this day and every later one on which something begins or ends; else from today")
      ->excludes(at);
  prove->add_option("--only", o->only, "ids of assertions; else all");
  prove->add_option("--counterexamples", o->counterexamples, "folder for the requests that refute")
      ->capture_default_str();
  prove->callback([o, &exit_code] { exit_code = Prove(*o); });
}

}  // namespace derwent::cli
