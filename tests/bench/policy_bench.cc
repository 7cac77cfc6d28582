// How long a decision takes: the index from numbers, the index from words, the linear engine. One thread, the full
// bundle, 4096 random questions over and over; and how long load, proof and difference of the full bundle take, all in
// processor time. With
// `--rules FILE` instead: a list of rules in no engine's language. Exit 1 when the hot path allocates.
#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "policy/engine/decide.h"
#include "policy/engine/index.h"
#include "policy/loader/bundle.h"
#include "policy/loader/compile.h"
#include "policy/space/assertion.h"
#include "policy/space/difference.h"
#include "policy/space/prove.h"
#include "tests/bench/process.h"
#include "tests/bench/rule_file.h"
#include "tests/policy/random_request.h"

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);
using bench::ProcessorSeconds;

// Nanoseconds a decision of one category; `work` decides one question and says how many categories that were.
template <typename Work>
double Nanoseconds(size_t questions, int rounds, Work work) {
  size_t decisions = 0;
  const double start = ProcessorSeconds();
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < questions; ++i) decisions += work(i);
  }
  return (ProcessorSeconds() - start) * 1e9 / static_cast<double>(decisions);
}

// The tools that look at the whole space: every standing assertion, and two full bundles of which one tightens.
int MeasureSpace(const Files& files, const Policy& policy) {
  Problems problems(files);
  const std::vector<v1::Assertion> assertions = ReadAssertions(files, policy, problems);
  if (problems.any_error()) return 2;
  const double began = ProcessorSeconds();
  Prover prover(policy, kDay);
  int refuted = 0;
  for (const v1::Assertion& assertion : assertions) refuted += prover.Prove(assertion).holds ? 0 : 1;
  std::printf("prove %zu assertions: %.1f s, %d refuted\n", assertions.size(), ProcessorSeconds() - began, refuted);
  Policy tighter = policy;
  for (auto& [id, profile] : tighter.profiles) {
    if (!profile.necessary.empty()) profile.necessary.erase(profile.necessary.begin());
  }
  const double compared = ProcessorSeconds();
  const Differences differences = Compare({policy, files}, {tighter, files}, kDay);
  std::printf("diff of two full bundles: %.1f s, %zu differences\n", ProcessorSeconds() - compared,
              differences.releases.size());
  return 0;
}

int Run(const std::string& directory) {
  const absl::StatusOr<Files> files = ReadBundleDirectory(directory);
  if (!files.ok()) return 2;
  const double start = ProcessorSeconds();
  Problems problems(*files);
  const std::unique_ptr<Policy> policy = Compile(*files, problems);
  if (policy == nullptr) return 2;
  const absl::StatusOr<Index> index = Index::Of(*policy);
  if (!index.ok()) return 2;
  std::printf("load, validate and index: %.0f ms\n", (ProcessorSeconds() - start) * 1000);

  std::mt19937 random(20261201);
  std::vector<DecisionRequest> questions;
  std::vector<Interned> interned;
  for (int i = 0; i < 4096; ++i) {
    questions.push_back(RandomRequest(*policy, random));
    interned.push_back(index->Intern(questions.back()));
  }
  const Snapshot snapshot{.policy = policy.get(), .directories = nullptr, .take_agreements_as_signed = true};
  const absl::Time now = absl::FromCivil(absl::CivilHour(kDay) + 12, absl::UTCTimeZone());
  std::array<Verdict, Interned::kMost> verdicts;
  const long before = bench::Allocations();
  const double numbers = Nanoseconds(questions.size(), 50, [&](size_t i) {
    index->Decide(interned[i], snapshot, kDay, verdicts);
    return interned[i].count;
  });
  const long allocated = bench::Allocations() - before;
  const double words = Nanoseconds(questions.size(), 10, [&](size_t i) {
    index->Decide(index->Intern(questions[i]), snapshot, kDay, verdicts);
    return questions[i].categories.size();
  });
  const double linear =
      Nanoseconds(questions.size(), 1, [&](size_t i) { return Decide(questions[i], snapshot, now).categories.size(); });
  std::printf(
      "a decision of one category: index from numbers %.1f ns, from words %.1f ns, linear with reasons %.0f ns; the "
      "index allocated %ld times\n",
      numbers, words, linear, allocated);
  std::vector<DecisionRequest> singles;
  std::vector<Interned> single_numbers;
  for (const DecisionRequest& question : questions) {
    if (question.categories.empty()) continue;
    singles.push_back(question);
    singles.back().categories.resize(1);
    single_numbers.push_back(index->Intern(singles.back()));
  }
  const double one = Nanoseconds(singles.size(), 200, [&](size_t i) {
    index->Decide(single_numbers[i], snapshot, kDay, verdicts);
    return size_t{1};
  });
  const double one_words = Nanoseconds(singles.size(), 50, [&](size_t i) {
    index->Decide(index->Intern(singles[i]), snapshot, kDay, verdicts);
    return size_t{1};
  });
  std::printf("a question of one category: from numbers %.1f ns, from words %.1f ns\n", one, one_words);
  const int measured = MeasureSpace(*files, *policy);
  return measured != 0 ? measured : allocated == 0 ? 0 : 1;
}

}  // namespace
}  // namespace derwent::policy

int main(int count, char** arguments) {
  if (count == 3 && std::string(arguments[1]) == "--rules") return derwent::bench::MeasureRules(arguments[2]);
  return derwent::policy::Run(count > 1 ? arguments[1] : "policy/derbyshire");
}
