#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// A list of rules in no engine's own language (tests/bench/README.md), decided as `policy/engine/index.h` decides a
// bundle: names are numbers, sets of rules are bits, one AND a dimension. So that engines can be compared on one work.

namespace derwent::bench {

// From least to most strict: of the rules that match, the strictest effect wins, and none is a forbid.
enum class Effect : uint8_t { kPermit, kRedact, kRefer, kForbid };

struct Rule {
  std::string id;
  Effect effect = Effect::kForbid;
  // Values that it is for, by dimension; `*` alone: any. Empty: none.
  std::vector<std::string> boards, purposes, categories, givers, receivers;
  std::vector<std::string> conditions;  // Facts that must be there; with `!` before it, that must not.
};

struct Question {
  std::string board, purpose, category, giver, receiver;
  std::vector<std::string> facts;
};

class RuleTable {
 public:
  static constexpr size_t kDimensions = 5;
  static constexpr size_t kMostRules = 512;
  static constexpr size_t kWords = kMostRules / 64;

  // A question in the table's numbers; -1: no rule names it.
  struct Numbers {
    std::array<int, kDimensions> value{};
    uint64_t facts = 0;
  };
  // What is decided, and the rules that decided it: those of the effect that won.
  struct Answer {
    Effect effect = Effect::kForbid;
    std::array<uint16_t, kMostRules> rules{};  // The first `count`, in the order of the list.
    size_t count = 0;
  };

  // Errors: kResourceExhausted over 512 rules or 64 facts; kInvalidArgument for an id that is missing or stands twice.
  static absl::StatusOr<RuleTable> Of(const std::vector<Rule>& rules);

  Numbers Intern(const Question& question) const;
  void Decide(const Numbers& question, Answer& answer) const;
  const std::string& IdOf(uint16_t rule) const { return ids_[rule]; }

 private:
  using Set = std::array<uint64_t, kWords>;
  struct Dimension {
    absl::flat_hash_map<std::string, int> numbers;
    std::vector<Set> rules;  // Of each value.
    Set any{};
  };

  void AddRule(const Rule& rule, size_t number);
  void AddConditions(const Rule& rule, size_t number);
  static void AddTo(Dimension& dimension, const std::vector<std::string>& values, size_t rule);

  std::array<Dimension, kDimensions> dimensions_;
  absl::flat_hash_map<std::string, int> facts_;
  std::vector<std::string> ids_;
  std::vector<Effect> effects_;
  std::vector<uint64_t> needs_, bars_;  // Facts, of each rule.
  size_t words_ = 0;
};

}  // namespace derwent::bench
