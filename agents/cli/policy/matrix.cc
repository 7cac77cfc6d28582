#include "agents/cli/policy/matrix.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "agents/cli/policy/html.h"

namespace derwent::cli {
namespace {

constexpr int kCell = 22;
constexpr int kLeft = 190;
constexpr int kTop = 170;

struct Look {
  int rank;  // More revealing first.
  const char* letter;
  const char* fill;
  const char* words;
};

Look LookOf(const policy::CategoryOutcome& outcome) {
  const absl::string_view shown = outcome.Shown();
  if (shown == "PERMIT") return {0, "F", "#0b4f8a", "in full"};
  if (shown == "REDACT") return {1, "R", "#6aa6d6", "in a reduced form"};
  return {2, "A", "#f2c46d", "once somebody agrees"};
}

}  // namespace

std::string FlowMatrix(const std::vector<policy::Flow>& flows, const std::string& title) {
  std::map<std::pair<std::string, std::string>, const policy::Flow*> cells;
  std::map<std::string, int> rows;
  std::map<std::string, int> columns;
  for (const policy::Flow& flow : flows) {
    const policy::Flow*& best = cells[{flow.receiver, flow.category}];
    if (best == nullptr || LookOf(flow.outcome).rank < LookOf(best->outcome).rank) best = &flow;
    rows[flow.receiver];
    columns[flow.category];
  }
  int next = 0;
  for (auto& [name, place] : rows) place = kTop + kCell * next++;
  next = 0;
  for (auto& [name, place] : columns) place = kLeft + kCell * next++;
  const int width = kLeft + kCell * static_cast<int>(columns.size()) + 40;
  const int height = kTop + kCell * static_cast<int>(rows.size()) + 60;
  std::string svg = absl::StrFormat(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
      "font-family=\"sans-serif\" font-size=\"11\" role=\"img\">\n",
      width, height, width, height);
  absl::StrAppend(&svg, "<title>", Escaped(title), "</title>\n<text x=\"10\" y=\"20\" font-size=\"14\">",
                  Escaped(title), "</text>\n");
  for (const auto& [name, x] : columns)
    absl::StrAppendFormat(&svg, "<text transform=\"translate(%d,%d) rotate(-60)\">%s</text>\n", x + 14, kTop - 8,
                          Escaped(name));
  for (const auto& [name, y] : rows)
    absl::StrAppendFormat(&svg, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", kLeft - 8, y + 15,
                          Escaped(name));
  for (const auto& [place, flow] : cells) {
    const Look look = LookOf(flow->outcome);
    const int x = columns[place.second];
    const int y = rows[place.first];
    absl::StrAppendFormat(&svg,
                          "<g><title>%s</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"/><text "
                          "x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"%s\">%s</text></g>\n",
                          Escaped(absl::StrCat(flow->receiver, ": ", flow->category, " ",
                                               policy::Describe(flow->outcome), " under ", flow->profile)),
                          x, y, kCell - 2, kCell - 2, look.fill, x + 10, y + 15, look.rank == 0 ? "#fff" : "#000",
                          look.letter);
  }
  absl::StrAppendFormat(&svg,
                        "<text x=\"10\" y=\"%d\">F in full · R in a reduced form · A once somebody agrees · empty: not "
                        "shared. Each at most, when all is in order.</text>\n</svg>\n",
                        height - 20);
  return svg;
}

}  // namespace derwent::cli
