#include "policy/loader/asked_table.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace derwent::policy {
namespace {

constexpr char kCounts[] = "aggregate";
constexpr size_t kLongestTopic = 40;

bool IsOneOf(const std::string& word, std::initializer_list<absl::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// A topic that the policy has no limits of falls under its default's; a name is no topic.
bool IsTopic(const std::string& topic) {
  return !topic.empty() && topic.size() <= kLongestTopic &&
         std::all_of(topic.begin(), topic.end(), [](char c) { return absl::ascii_islower(c) || c == '_'; });
}

}  // namespace

bool IsTableInOrder(const v1::Question& question) {
  if (!question.has_table()) return true;
  const v1::TableAsked& table = question.table();
  const auto& categories = question.categories();
  return std::find(categories.begin(), categories.end(), kCounts) != categories.end() && IsTopic(table.topic()) &&
         IsOneOf(table.geography(), {"LSOA", "ward", "district", "county_city", "national"}) &&
         IsOneOf(table.period(), {"week", "month", "quarter", "year"});
}

std::optional<Table> AskedTable(const v1::Question& question) {
  if (!question.has_table()) return std::nullopt;
  const v1::TableAsked& table = question.table();
  return Table{.topic = table.topic(), .geography = table.geography(), .period = table.period()};
}

bool AsksForCountsAlone(const v1::Question& question) {
  return question.categories_size() == 1 && question.categories(0) == kCounts;
}

}  // namespace derwent::policy
