#include "tests/policy/refused.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "policy/loader/compile.h"
#include "tests/policy/derbyshire.h"

namespace derwent::policy {

int LineOf(const std::string& text, absl::string_view part) {
  const size_t at = text.find(std::string(part));
  EXPECT_NE(at, std::string::npos) << part;
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

void ExpectRefused(const Refused& c) {
  Files files = DerbyshireFiles();
  std::string& text = files.at(c.path);
  const size_t at = text.find(c.from);
  ASSERT_NE(at, std::string::npos) << c.from;
  text.replace(at, std::string(c.from).size(), c.to);
  Problems problems(files);
  EXPECT_EQ(Compile(files, problems), nullptr);
  std::vector<std::string> lines;
  for (const Problem& problem : problems.list()) {
    if (problem.severity == Severity::kError) lines.push_back(problem.ToString());
  }
  const std::string place =
      *c.at == '\0' ? absl::StrCat(c.path, ":") : absl::StrCat(c.path, ":", LineOf(text, c.at), ": ");
  EXPECT_TRUE(std::any_of(lines.begin(), lines.end(),
                          [&](const std::string& line) {
                            return absl::StartsWith(line, place) && absl::StrContains(line, c.message) &&
                                   absl::StrContains(line, "]; ");
                          }))
      << place << " " << c.message << "\n"
      << absl::StrJoin(lines, "\n");
}

}  // namespace derwent::policy
