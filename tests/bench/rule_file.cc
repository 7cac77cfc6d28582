#include "tests/bench/rule_file.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "nlohmann/json.hpp"
#include "tests/bench/process.h"
#include "trust/base/status_macros.h"

namespace derwent::bench {
namespace {

using Json = nlohmann::json;

std::optional<Effect> ParseEffect(const std::string& name) {
  static const std::map<std::string, Effect>& known = *new std::map<std::string, Effect>{
      {"permit", Effect::kPermit}, {"redact", Effect::kRedact}, {"refer", Effect::kRefer}, {"forbid", Effect::kForbid}};
  const auto found = known.find(name);
  return found == known.end() ? std::nullopt : std::optional<Effect>(found->second);
}

// One object of the file: takes its members and remembers the first that is wrong.
class Members {
 public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object_.is_object()) Wrong("is no object");
  }

  std::string Text(const char* name) {
    const auto found = object_.is_object() ? object_.find(name) : object_.end();
    if (found != object_.end() && found->is_string()) return found->get<std::string>();
    Wrong(absl::StrCat("has no text `", name, "`"));
    return "";
  }
  std::vector<std::string> Texts(const char* name) {
    const auto found = object_.is_object() ? object_.find(name) : object_.end();
    std::vector<std::string> texts;
    if (found == object_.end()) return texts;
    const bool list = found->is_array() &&
                      std::all_of(found->begin(), found->end(), [](const Json& next) { return next.is_string(); });
    if (!list) {
      Wrong(absl::StrCat("`", name, "` is no list of texts"));
      return texts;
    }
    for (const Json& next : *found) texts.push_back(next.get<std::string>());
    return texts;
  }
  Effect EffectOf(const char* name) {
    const std::optional<Effect> effect = ParseEffect(Text(name));
    if (!effect.has_value()) Wrong(absl::StrCat("`", name, "` is not permit, redact, refer or forbid"));
    return effect.value_or(Effect::kForbid);
  }
  absl::Status status() const { return status_; }

 private:
  void Wrong(const std::string& what) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(absl::StrCat(where_, " ", what));
  }

  const Json& object_;
  const std::string where_;
  absl::Status status_;
};

absl::StatusOr<Rule> ReadRule(const Json& json, size_t number) {
  Members m(json, absl::StrCat("rule ", number));
  Rule rule{.id = m.Text("id"), .effect = m.EffectOf("effect")};
  rule.boards = m.Texts("boards");
  rule.purposes = m.Texts("purposes");
  rule.categories = m.Texts("categories");
  rule.givers = m.Texts("givers");
  rule.receivers = m.Texts("receivers");
  rule.conditions = m.Texts("conditions");
  RETURN_IF_ERROR(m.status());
  return rule;
}

absl::StatusOr<Expected> ReadRequest(const Json& json, size_t number) {
  const std::string where = absl::StrCat("request ", number);
  Members m(json, where);
  Expected expected;
  Question& q = expected.question;
  q = {.board = m.Text("board"),
       .purpose = m.Text("purpose"),
       .category = m.Text("category"),
       .giver = m.Text("giver"),
       .receiver = m.Text("receiver"),
       .facts = m.Texts("facts")};
  RETURN_IF_ERROR(m.status());
  const Json none;
  const auto found = json.find("expect");
  Members expect(found == json.end() ? none : *found, absl::StrCat(where, ": expect"));
  expected.effect = expect.EffectOf("outcome");
  expected.rules = expect.Texts("rules");
  RETURN_IF_ERROR(expect.status());
  std::sort(expected.rules.begin(), expected.rules.end());
  return expected;
}

std::vector<std::string> IdsOf(const RuleTable::Answer& answer, const RuleTable& table) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < answer.count; ++i) ids.push_back(table.IdOf(answer.rules[i]));
  std::sort(ids.begin(), ids.end());
  return ids;
}

// Requests that do not come out as expected; the first few are printed.
int Differing(const RuleFile& file, const RuleTable& table) {
  constexpr const char* kNames[] = {"permit", "redact", "refer", "forbid"};
  int differing = 0;
  RuleTable::Answer answer;
  for (size_t i = 0; i < file.requests.size(); ++i) {
    const Expected& expected = file.requests[i];
    table.Decide(table.Intern(expected.question), answer);
    const std::vector<std::string> ids = IdsOf(answer, table);
    if (answer.effect == expected.effect && ids == expected.rules) continue;
    if (++differing <= 5)
      std::printf("request %zu: %s by [%s], expected %s by [%s]\n", i + 1, kNames[static_cast<int>(answer.effect)],
                  absl::StrJoin(ids, " ").c_str(), kNames[static_cast<int>(expected.effect)],
                  absl::StrJoin(expected.rules, " ").c_str());
  }
  return differing;
}

template <typename Work>
double NanosecondsEach(size_t count, int rounds, Work work) {
  const double start = ProcessorSeconds();
  for (int round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < count; ++i) work(i);
  }
  return (ProcessorSeconds() - start) * 1e9 / (static_cast<double>(count) * rounds);
}

}  // namespace

absl::StatusOr<RuleFile> ReadRuleFile(const std::string& path) {
  std::ifstream stream(path);
  if (!stream) return absl::NotFoundError(absl::StrCat("cannot read `", path, "`"));
  const Json json = Json::parse(stream, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return absl::InvalidArgumentError("the file is no JSON object");
  RuleFile file;
  for (const char* list : {"rules", "requests"}) {
    if (!json.contains(list) || !json.at(list).is_array() || json.at(list).empty())
      return absl::InvalidArgumentError(absl::StrCat("`", list, "` is no list with something in it"));
  }
  for (const Json& next : json.at("rules")) {
    ASSIGN_OR_RETURN(Rule rule, ReadRule(next, file.rules.size() + 1));
    file.rules.push_back(std::move(rule));
  }
  for (const Json& next : json.at("requests")) {
    ASSIGN_OR_RETURN(Expected expected, ReadRequest(next, file.requests.size() + 1));
    file.requests.push_back(std::move(expected));
  }
  return file;
}

int MeasureRules(const std::string& path) {
  const absl::StatusOr<RuleFile> file = ReadRuleFile(path);
  const absl::StatusOr<RuleTable> table = file.ok() ? RuleTable::Of(file->rules) : file.status();
  if (!table.ok()) {
    std::fprintf(stderr, "%s\n", table.status().ToString().c_str());
    return 2;
  }
  const int differing = Differing(*file, *table);
  std::printf("%zu rules, %zu requests: %zu with the expected outcome and rule ids\n", file->rules.size(),
              file->requests.size(), file->requests.size() - static_cast<size_t>(differing));
  std::vector<RuleTable::Numbers> numbers;
  for (const Expected& expected : file->requests) numbers.push_back(table->Intern(expected.question));
  RuleTable::Answer answer;
  const int rounds = 1 + static_cast<int>(2000000 / numbers.size());
  const long before = Allocations();
  const double from_numbers = NanosecondsEach(numbers.size(), rounds, [&](size_t i) {
    table->Decide(numbers[i], answer);
    asm volatile("" : : "r"(&answer) : "memory");  // The answer is wanted.
  });
  const double from_words = NanosecondsEach(numbers.size(), rounds, [&](size_t i) {
    table->Decide(table->Intern(file->requests[i].question), answer);
    asm volatile("" : : "r"(&answer) : "memory");
  });
  const long allocated = Allocations() - before;
  std::printf("a decision with its rule ids: from numbers %.1f ns, from words %.1f ns; allocated %ld times\n",
              from_numbers, from_words, allocated);
  return differing == 0 && allocated == 0 ? 0 : 1;
}

}  // namespace derwent::bench
