#include "agents/cli/policy/decide_command.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/policy/authzen_batch.h"
#include "agents/cli/policy/explain.h"
#include "agents/cli/policy/offline.h"
#include "agents/cli/policy/reporting.h"
#include "agents/cli/terminal/output.h"
#include "policy/engine/decide.h"
#include "policy/loader/alternatives.h"
#include "policy/loader/record.h"
#include "policy/loader/request.h"
#include "policy/loader/request_names.h"
#include "policy/loader/retention.h"
#include "policy/space/stand_ins.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

struct Options {
  std::string directory = "policy/derbyshire";
  std::string request = "-";
  std::string authzen;
  std::string output;  // Empty: the application's.
  bool asker = false;
};

struct Decided {
  OfflinePolicy offline;
  policy::DecisionRequest request;
  absl::Time time;
  policy::Decision decision;
  std::vector<policy::Alternative> nearest;
};

// Each unknown name on standard error. Stand-ins of kinds of bodies are known: counterexamples name them.
absl::Status KnownNames(const std::string& path, const std::string& json, const policy::DecisionRequest& request,
                        const policy::Policy& policy) {
  const std::string name = path == "-" ? "request" : path;
  const policy::Files files = {{name, json}};
  policy::Problems problems(files);
  policy::CheckNames(name, request, policy::WithStandIns(policy), problems);
  for (const policy::Problem& problem : problems.list()) std::cerr << problem.ToString() << "\n";
  if (problems.list().empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("the request names what the policy does not know: correct it and ask again");
}

absl::StatusOr<Decided> DecideFile(const Options& o) {
  ASSIGN_OR_RETURN(OfflinePolicy offline, GoodPolicy(o.directory));
  ASSIGN_OR_RETURN(const std::string json, ReadInput(o.request));
  v1::DecisionRequest message;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (!parsed.ok())
    return absl::InvalidArgumentError(absl::StrCat("the request is malformed: ", std::string(parsed.message())));
  ASSIGN_OR_RETURN(policy::DecisionRequest request, policy::FromProto(message));
  if (request.area.empty()) request.area = kCounty;
  RETURN_IF_ERROR(KnownNames(o.request, json, request, *offline.policy));
  ASSIGN_OR_RETURN(const absl::Time now, policy::TimeOf(message, absl::Now()));
  policy::Decision decision = policy::Decide(request, offline.snapshot(), now);
  std::vector<policy::Alternative> nearest = policy::Nearest(request, offline.snapshot(), now);
  return Decided{.offline = std::move(offline),
                 .request = std::move(request),
                 .time = now,
                 .decision = std::move(decision),
                 .nearest = std::move(nearest)};
}

int CodeOf(const policy::Decision& decision) {
  const absl::string_view overall = decision.Overall();
  return overall == "PERMIT" ? kPolicyDone : overall == "DENY" ? kPolicyRefused : kPolicyPartial;
}

absl::StatusOr<std::string> Json(const google::protobuf::Message& message, bool spread) {
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = spread;
  options.always_print_primitive_fields = true;
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok())
    return absl::InternalError("cannot print the decision");
  return std::string(absl::StripTrailingAsciiWhitespace(json));
}

// How long it is kept, as one more member of the record.
std::string RetentionMember(const Decided& decided) {
  const policy::Retention retention = policy::RetentionOf(decided.offline.files, decided.request.profile);
  google::protobuf::Value words;
  words.set_string_value(retention.words);
  std::string quoted;
  if (!google::protobuf::util::MessageToJsonString(words, &quoted).ok()) quoted = "\"\"";
  return absl::StrCat("\"retention\":{\"words\":", quoted, ",\"ledgerMonths\":", retention.ledger_months, "}");
}

// The record with retention and the alternatives as more members.
absl::Status PrintJson(const Decided& decided, bool spread) {
  v1::Alternatives nearest;
  for (const policy::Alternative& next : decided.nearest) *nearest.add_alternatives() = policy::ToProto(next);
  ASSIGN_OR_RETURN(const std::string record,
                   Json(policy::ToProto(decided.decision, decided.offline.policy->digest), spread));
  ASSIGN_OR_RETURN(const std::string alternatives, Json(nearest, spread));
  // Each is one object: `{` members `}`.
  std::cout << absl::StripTrailingAsciiWhitespace(record.substr(0, record.size() - 1)) << ","
            << RetentionMember(decided) << "," << alternatives.substr(1) << "\n";
  return absl::OkStatus();
}

void PrintTable(const Decided& decided) {
  std::cout << decided.decision.Overall() << "\n";
  for (const policy::CategoryOutcome& outcome : decided.decision.categories) {
    std::cout << "  " << outcome.category << "  " << outcome.Shown() << "  "
              << (outcome.denied ? "" : policy::FormName(outcome.form)) << "\n";
  }
  for (const policy::Alternative& next : decided.nearest) std::cout << "  nearest: " << policy::Sentence(next) << "\n";
}

void PrintCsv(const policy::Decision& decision) {
  Rows rows({"category", "outcome", "form", "approvers", "reasons"});
  for (const policy::CategoryOutcome& outcome : decision.categories) {
    const auto name = [](std::string* out, const policy::Reason& reason) {
      absl::StrAppend(out, policy::Describe(reason.code).name);
    };
    rows.Add({outcome.category, std::string(outcome.Shown()),
              outcome.denied ? "" : std::string(policy::FormName(outcome.form)), absl::StrJoin(outcome.approvers, " "),
              absl::StrJoin(outcome.reasons, " ", name)});
  }
  rows.Print(Format::kCsv, std::cout);
}

int DecideCommand(const Options& o, const std::string& output) {
  const absl::StatusOr<Decided> decided = DecideFile(o);
  if (!decided.ok()) return FailPolicy(decided.status());
  if (output == "table") {
    PrintTable(*decided);
  } else if (output == "csv") {
    PrintCsv(decided->decision);
  } else if (const absl::Status printed = PrintJson(*decided, output == "json"); !printed.ok()) {
    return FailPolicy(printed, kPolicyFailed);
  }
  return CodeOf(decided->decision);
}

int AuthZenCommand(const Options& o) {
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(o.directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  const absl::StatusOr<std::string> json = ReadInput(o.authzen);
  if (!json.ok()) return FailPolicy(json.status());
  const absl::StatusOr<AccessEvaluations> all = EvaluateAccesses(*json, *offline, absl::Now());
  if (!all.ok()) return FailPolicy(all.status());
  std::cout << all->json << "\n";
  return all->permitted == all->answered ? kPolicyDone : all->permitted == 0 ? kPolicyRefused : kPolicyPartial;
}

int ExplainCommand(const Options& o) {
  const absl::StatusOr<Decided> decided = DecideFile(o);
  if (!decided.ok()) return FailPolicy(decided.status());
  if (o.asker) {
    std::cout << ExplainToAsker(policy::TellAsker(decided->request, decided->offline.snapshot(), decided->time));
  } else {
    std::cout << Explain({.request = decided->request,
                          .time = decided->time,
                          .decision = decided->decision,
                          .nearest = decided->nearest,
                          .retention = policy::RetentionOf(decided->offline.files, decided->request.profile),
                          .digest = decided->offline.policy->digest});
  }
  return CodeOf(decided->decision);
}

}  // namespace

void AddDecideCommands(CLI::App& policy, const std::string& output, int& exit_code) {
  const auto o = std::make_shared<Options>();  // Kept by CLI11's callbacks.
  CLI::App* const decide =
      policy.add_subcommand("decide", "one decision, whole, with the nearest permitted alternatives; no broker needed");
  CLI::App* const explain = policy.add_subcommand("explain", "one decision in sentences");
  for (CLI::App* command : {decide, explain}) {
    command->add_option("--policy", o->directory, "the policy's folder")->capture_default_str();
    command->add_option("--request", o->request, "DecisionRequest in JSON; - for standard input")
        ->capture_default_str();
  }
  decide->add_option("-o,--output", o->output, "table, json, jsonl or csv")
      ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}));
  decide
      ->add_option(
          "--authzen", o->authzen,
          "an AuthZEN access evaluation request in JSON, or evaluations in one, answered as AuthZEN has it; - for "
          "standard input")
      ->excludes("--request")
      ->excludes("--output");
  decide->callback([o, &output, &exit_code] {
    exit_code = !o->authzen.empty() ? AuthZenCommand(*o) : DecideCommand(*o, o->output.empty() ? output : o->output);
  });
  explain->add_flag("--asker", o->asker, "what the asker may be told: nothing in it rests on the subject");
  explain->callback([o, &exit_code] { exit_code = ExplainCommand(*o); });
}

}  // namespace derwent::cli
