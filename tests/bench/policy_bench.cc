// How long a decision takes: the index from numbers, the index from words, the linear engine. One thread, the full
// bundle, 4096 random questions over and over. Exit 1 when the index allocates.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "policy/engine/decide.h"
#include "policy/engine/index.h"
#include "policy/loader/bundle.h"
#include "policy/loader/compile.h"
#include "tests/policy/random_request.h"

namespace {

long allocations = 0;  // One thread.

}  // namespace

// Counts what the whole program allocates.
void* operator new(size_t size) {
  ++allocations;
  void* const memory = std::malloc(size);
  if (memory == nullptr) std::abort();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace derwent::policy {
namespace {

constexpr absl::CivilDay kDay(2026, 12, 1);
using Clock = std::chrono::steady_clock;

// Nanoseconds a decision of one category; `work` decides one question and says how many categories that were.
template <typename Work>
double Nanoseconds(size_t questions, int rounds, Work work) {
  size_t decisions = 0;
  const Clock::time_point start = Clock::now();
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < questions; ++i) decisions += work(i);
  }
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(decisions);
}

int Run(const std::string& directory) {
  const absl::StatusOr<Files> files = ReadBundleDirectory(directory);
  if (!files.ok()) return 2;
  const Clock::time_point start = Clock::now();
  Problems problems(*files);
  const std::unique_ptr<Policy> policy = Compile(*files, problems);
  if (policy == nullptr) return 2;
  const absl::StatusOr<Index> index = Index::Of(*policy);
  if (!index.ok()) return 2;
  std::printf("load, validate and index: %.0f ms\n",
              std::chrono::duration<double, std::milli>(Clock::now() - start).count());

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
  const long before = allocations;
  const double numbers = Nanoseconds(questions.size(), 50, [&](size_t i) {
    index->Decide(interned[i], snapshot, kDay, verdicts);
    return interned[i].count;
  });
  const long allocated = allocations - before;
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
  return allocated == 0 ? 0 : 1;
}

}  // namespace
}  // namespace derwent::policy

int main(int count, char** arguments) { return derwent::policy::Run(count > 1 ? arguments[1] : "policy/derbyshire"); }
