#include "tests/bench/rule_table.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace derwent::bench {
namespace {

constexpr size_t kMostFacts = 64;

}  // namespace

absl::StatusOr<RuleTable> RuleTable::Of(const std::vector<Rule>& rules) {
  if (rules.size() > kMostRules) return absl::ResourceExhaustedError("more than 512 rules");
  RuleTable table;
  table.words_ = (rules.size() + 63) / 64;
  std::set<std::string> ids;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].id.empty() || !ids.insert(rules[i].id).second)
      return absl::InvalidArgumentError(absl::StrCat("rule ", i + 1, " has no id of its own"));
    table.AddRule(rules[i], i);
  }
  if (table.facts_.size() > kMostFacts) return absl::ResourceExhaustedError("more than 64 facts");
  for (Dimension& dimension : table.dimensions_) {
    for (Set& set : dimension.rules) {
      for (size_t w = 0; w < kWords; ++w) set[w] |= dimension.any[w];
    }
  }
  return table;
}

void RuleTable::AddTo(Dimension& dimension, const std::vector<std::string>& values, size_t rule) {
  const uint64_t bit = uint64_t{1} << rule % 64;
  for (const std::string& value : values) {
    if (value == "*") {
      dimension.any[rule / 64] |= bit;
      continue;
    }
    const auto [at, added] = dimension.numbers.try_emplace(value, static_cast<int>(dimension.rules.size()));
    if (added) dimension.rules.emplace_back();
    dimension.rules[static_cast<size_t>(at->second)][rule / 64] |= bit;
  }
}

void RuleTable::AddConditions(const Rule& rule, size_t number) {
  for (absl::string_view condition : rule.conditions) {
    const bool bars = absl::ConsumePrefix(&condition, "!");
    const auto fact = facts_.try_emplace(std::string(condition), static_cast<int>(facts_.size())).first;
    if (fact->second < static_cast<int>(kMostFacts)) (bars ? bars_ : needs_)[number] |= uint64_t{1} << fact->second;
  }
}

void RuleTable::AddRule(const Rule& rule, size_t number) {
  ids_.push_back(rule.id);
  effects_.push_back(rule.effect);
  needs_.push_back(0);
  bars_.push_back(0);
  AddTo(dimensions_[0], rule.boards, number);
  AddTo(dimensions_[1], rule.purposes, number);
  AddTo(dimensions_[2], rule.categories, number);
  AddTo(dimensions_[3], rule.givers, number);
  AddTo(dimensions_[4], rule.receivers, number);
  AddConditions(rule, number);
}

RuleTable::Numbers RuleTable::Intern(const Question& question) const {
  Numbers numbers;
  const std::string* const values[] = {&question.board, &question.purpose, &question.category, &question.giver,
                                       &question.receiver};
  for (size_t d = 0; d < kDimensions; ++d) {
    const auto found = dimensions_[d].numbers.find(*values[d]);
    numbers.value[d] = found == dimensions_[d].numbers.end() ? -1 : found->second;
  }
  for (const std::string& fact : question.facts) {
    const auto found = facts_.find(fact);
    if (found != facts_.end()) numbers.facts |= uint64_t{1} << found->second;
  }
  return numbers;
}

void RuleTable::Decide(const Numbers& question, Answer& answer) const {
  answer.count = 0;
  answer.effect = Effect::kForbid;
  std::array<const Set*, kDimensions> sets{};
  for (size_t d = 0; d < kDimensions; ++d) {
    const int value = question.value[d];
    sets[d] = value < 0 ? &dimensions_[d].any : &dimensions_[d].rules[static_cast<size_t>(value)];
  }
  for (size_t w = 0; w < words_; ++w) {
    uint64_t left = (*sets[0])[w] & (*sets[1])[w] & (*sets[2])[w] & (*sets[3])[w] & (*sets[4])[w];
    for (; left != 0; left &= left - 1) {
      const size_t rule = w * 64 + static_cast<size_t>(__builtin_ctzll(left));
      if ((needs_[rule] & ~question.facts) != 0 || (bars_[rule] & question.facts) != 0) continue;
      if (answer.count > 0 && effects_[rule] < answer.effect) continue;
      if (answer.count > 0 && effects_[rule] > answer.effect) answer.count = 0;
      answer.effect = effects_[rule];
      answer.rules[answer.count++] = static_cast<uint16_t>(rule);
    }
  }
}

}  // namespace derwent::bench
