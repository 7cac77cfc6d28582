#include "agents/cli/policy/flows_command.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"

#include "agents/cli/policy/matrix.h"
#include "agents/cli/policy/reporting.h"
#include "policy/loader/words.h"
#include "policy/space/flows.h"
#include "trust/base/london.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string directory, at, svg;
  std::string output;  // Empty: the application's.
  std::vector<std::string> profiles, agencies, categories;
};

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"");
}

void Csv(const std::vector<policy::Flow>& flows) {
  std::cout << "profile,giver,receiver,category,released,conditional,roles,purposes\n";
  for (const policy::Flow& f : flows) {
    std::cout << f.profile << ',' << f.giver << ',' << f.receiver << ',' << f.category << ','
              << policy::Describe(f.outcome) << ',' << (f.conditional ? "yes" : "no") << ','
              << absl::StrJoin(f.roles, " ") << ',' << absl::StrJoin(f.purposes, " ") << "\n";
  }
}

std::string JsonList(const auto& names) {
  return absl::StrCat(
      "[",
      absl::StrJoin(names, ", ", [](std::string* out, const std::string& name) { absl::StrAppend(out, Quoted(name)); }),
      "]");
}

std::string JsonObject(const policy::Flow& f) {
  return absl::StrCat(
      "{\"profile\": ", Quoted(f.profile), ", \"giver\": ", Quoted(f.giver), ", \"receiver\": ", Quoted(f.receiver),
      ", \"category\": ", Quoted(f.category), ", \"outcome\": ", Quoted(std::string(f.outcome.Shown())),
      ", \"form\": ", Quoted(std::string(policy::FormName(f.outcome.form))),
      ", \"approvers\": ", JsonList(f.outcome.approvers), ", \"conditional\": ", f.conditional ? "true" : "false",
      ", \"roles\": ", JsonList(f.roles), ", \"purposes\": ", JsonList(f.purposes), "}");
}

void JsonLines(const std::vector<policy::Flow>& flows) {
  for (const policy::Flow& f : flows) std::cout << JsonObject(f) << "\n";
}

void Json(const std::vector<policy::Flow>& flows) {
  std::cout << "[";
  const char* between = "\n";
  for (const policy::Flow& f : flows) {
    std::cout << between << "  " << JsonObject(f);
    between = ",\n";
  }
  std::cout << "\n]\n";
}

// One line for all givers from whom the receiver gets the same.
void Table(const std::vector<policy::Flow>& flows) {
  std::map<std::tuple<std::string, std::string, std::string, std::string, bool>, std::vector<std::string>> lines;
  for (const policy::Flow& f : flows)
    lines[{f.profile, f.receiver, f.category, policy::Describe(f.outcome), f.conditional}].push_back(f.giver);
  for (const auto& [line, givers] : lines) {
    const auto& [profile, receiver, category, released, conditional] = line;
    std::cout << absl::StreamFormat(
        "%-18s %-20s %-20s %s%s, from %s\n", profile, receiver, category, released,
        conditional ? ", if its ground is asserted" : "",
        givers.size() > 3 ? absl::StrCat(givers.size(), " agencies") : absl::StrJoin(givers, ", "));
  }
}

// Every filter names something of the policy.
absl::Status CheckNames(const Options& o, const policy::Policy& policy) {
  std::vector<std::string> wrong;
  const auto check = [&](const std::vector<std::string>& names, const std::vector<std::string>& known,
                         absl::string_view what) {
    for (const std::string& name : names) {
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      const std::string closest = policy::Closest(name, known);
      wrong.push_back(absl::StrCat("no ", what, " is called `", name, "`",
                                   closest.empty() ? "" : absl::StrCat("; did you mean `", closest, "`?")));
    }
  };
  check(o.profiles, policy::KeysOf(policy.profiles), "profile");
  check(o.agencies, policy::KeysOf(policy.organisations), "agency");
  check(o.categories, policy::KeysOf(policy.categories), "category");
  return wrong.empty() ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrJoin(wrong, "\n"));
}

int Flows(const Options& o, const std::string& output) {
  const absl::StatusOr<absl::CivilDay> day = o.at.empty() ? LondonDay(absl::Now()) : ParseDay(o.at);
  if (!day.ok()) return FailPolicy(day.status());
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(o.directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  if (const absl::Status named = CheckNames(o, *offline->policy); !named.ok()) return FailPolicy(named);
  const policy::FlowFilter filter{.profiles = {o.profiles.begin(), o.profiles.end()},
                                  .agencies = {o.agencies.begin(), o.agencies.end()},
                                  .categories = {o.categories.begin(), o.categories.end()}};
  const std::vector<policy::Flow> flows = policy::FlowsOf(*offline->policy, *day, filter);
  if (!o.svg.empty()) {
    const std::string title = absl::StrCat(
        "Who can get what", o.profiles.empty() ? "" : absl::StrCat(" under ", absl::StrJoin(o.profiles, ", ")), ", ",
        FormatDay(*day), ", policy ", offline->policy->digest.substr(0, 12));
    const absl::Status written = WriteOutput(o.svg, FlowMatrix(flows, title));
    return written.ok() ? kPolicyDone : FailPolicy(written, kPolicyFailed);
  }
  if (output == "csv")
    Csv(flows);
  else if (output == "json")
    Json(flows);
  else if (output == "jsonl")
    JsonLines(flows);
  else
    Table(flows);
  return kPolicyDone;
}

}  // namespace

void AddFlowsCommand(CLI::App& policy, const std::string& output, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callback.
  CLI::App* const flows = policy.add_subcommand("flows", "who can get what from whom, at most, when all is in order");
  flows->add_option("directory", o->directory, "the policy's folder")->required();
  flows->add_option("--profile,--board", o->profiles, "only these boards and processes");
  flows->add_option("--agency", o->agencies, "only what these agencies give or receive");
  flows->add_option("--category", o->categories, "only these categories");
  flows->add_option("-o,--output", o->output, "table, csv, json or jsonl")
      ->check(CLI::IsMember({"table", "csv", "json", "jsonl"}));
  flows->add_option("--svg", o->svg, "write a matrix of receivers and categories instead; - for standard output");
  flows->add_option("--at", o->at, "the day, YYYY-MM-DD; else today");
  flows->callback([o, &output, &exit_code] { exit_code = Flows(*o, o->output.empty() ? output : o->output); });
}

}  // namespace derwent::cli
