#include "agents/cli/terminal/suggest.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace derwent::cli {
namespace {

constexpr size_t kMostEdits = 3;
constexpr size_t kLongestWord = 64;

size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) {
    for (size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

// Long and short names, dashes included, of this command and those above it.
std::vector<std::string> OptionNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

const CLI::Option* FindOption(const CLI::App& app, const std::string& name) {
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    if (const CLI::Option* const option = level->get_option_no_throw(name)) return option;
  }
  return nullptr;
}

std::string PathOf(const CLI::App& app) {
  return app.get_parent() == nullptr ? app.get_name() : absl::StrCat(PathOf(*app.get_parent()), " ", app.get_name());
}

std::string Explain(absl::string_view kind, const std::string& given, const CLI::App& app,
                    const std::vector<std::string>& candidates) {
  std::string text = absl::StrCat("`", given, "` is no ", kind, " of `", PathOf(app), "`");
  if (const auto near = Nearest(given, candidates)) return absl::StrCat(text, "; did you mean `", *near, "`?");
  if (kind == "command") absl::StrAppend(&text, "; it has ", absl::StrJoin(candidates, ", "));
  return text;
}

}  // namespace

std::optional<std::string> Nearest(absl::string_view given, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  size_t least = kMostEdits + 1;
  if (given.size() > kLongestWord) return best;
  for (const std::string& candidate : candidates) {
    const size_t edits = Distance(given, candidate);
    if (edits < least && edits * 3 <= std::max(given.size(), candidate.size())) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

std::string ExplainTypo(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* level = &app;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") return "";
    if (word.size() > 1 && word[0] == '-') {
      const size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      const CLI::Option* const option = FindOption(*level, name);
      if (option == nullptr && absl::StartsWith(name, "--"))
        return Explain("option", name, *level, OptionNames(*level));
      if (option != nullptr && equals == std::string::npos && option->get_items_expected_min() > 0) ++i;
      continue;
    }
    const std::vector<std::string> commands = CommandNames(*level);
    if (commands.empty()) continue;
    if (std::find(commands.begin(), commands.end(), word) == commands.end())
      return Explain("command", word, *level, commands);
    level = level->get_subcommand(word);
  }
  return "";
}

}  // namespace derwent::cli
