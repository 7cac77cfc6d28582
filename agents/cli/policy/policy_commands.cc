#include "agents/cli/policy/policy_commands.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/policy/agreement_command.h"
#include "agents/cli/policy/authzen.h"
#include "agents/cli/policy/diff_command.h"
#include "agents/cli/policy/explain.h"
#include "agents/cli/policy/flows_command.h"
#include "agents/cli/policy/governance.h"
#include "agents/cli/policy/offline.h"
#include "agents/cli/policy/prove_command.h"
#include "agents/cli/policy/reporting.h"
#include "agents/cli/policy/test_command.h"
#include "policy/engine/decide.h"
#include "policy/loader/record.h"
#include "policy/loader/request.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

int Report(const absl::Status& status, absl::string_view done) {
  if (!status.ok()) return FailPolicy(status);
  std::cerr << done << "\n";
  return kPolicyDone;
}

// What the options of a command write to; lives as long as the application's callbacks.
struct Options {
  std::string directory = "policy/derbyshire";
  std::string request = "-";
  std::string authzen;
  std::string output = "table";
  std::string agreement;
  std::string from_date;
  std::string party;
  std::string at;
  std::vector<std::string> registers;
  SignerFiles signer;
  bool unconfirmed = false;
  bool bundle = false;
};

int Check(const Options& o) {
  const absl::StatusOr<absl::CivilDay> day = o.at.empty() ? LondonDay(absl::Now()) : ParseDay(o.at);
  if (!day.ok()) return FailPolicy(day.status());
  const absl::StatusOr<OfflinePolicy> offline = ReadPolicyOn(o.directory, *day, o.registers);
  if (!offline.ok()) return FailPolicy(offline.status());
  int errors = 0;
  int open = 0;
  int warnings = 0;
  for (const policy::Problem& problem : offline->problems) {
    errors += problem.severity == policy::Severity::kError ? 1 : 0;
    open += problem.severity == policy::Severity::kUnconfirmed ? 1 : 0;
    warnings += problem.severity == policy::Severity::kWarning ? 1 : 0;
    if (problem.severity != policy::Severity::kUnconfirmed || o.unconfirmed) std::cout << problem.ToString() << "\n";
  }
  if (offline->policy != nullptr) {
    std::cout << "checked " << offline->policy->profiles.size() << " profiles, " << offline->policy->agreements.size()
              << " agreements, " << offline->policy->categories.size() << " categories, "
              << offline->policy->gateways.size() << " gateways, " << offline->policy->organisations.size()
              << " organisations\n";
  }
  std::cout << errors << " errors, " << warnings << " warnings on " << FormatDay(*day) << ", " << open
            << " legal points need confirmation\n";
  return errors == 0 ? kPolicyDone : kPolicyBadInput;
}

struct Decided {
  OfflinePolicy offline;
  policy::DecisionRequest request;
  policy::Decision decision;
};

absl::StatusOr<Decided> DecideFile(const std::string& directory, const std::string& path) {
  ASSIGN_OR_RETURN(OfflinePolicy offline, GoodPolicy(directory));
  ASSIGN_OR_RETURN(const std::string json, ReadInput(path));
  v1::DecisionRequest message;
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (!parsed.ok())
    return absl::InvalidArgumentError(absl::StrCat("the request is malformed: ", std::string(parsed.message())));
  ASSIGN_OR_RETURN(policy::DecisionRequest request, policy::FromProto(message));
  if (request.area.empty()) request.area = kCounty;
  ASSIGN_OR_RETURN(const absl::Time now, policy::TimeOf(message, absl::Now()));
  policy::Decision decision = policy::Decide(request, offline.snapshot(), now);
  return Decided{.offline = std::move(offline), .request = std::move(request), .decision = std::move(decision)};
}

int CodeOf(const policy::Decision& decision) {
  const absl::string_view overall = decision.Overall();
  return overall == "PERMIT" ? kPolicyDone : overall == "DENY" ? kPolicyRefused : kPolicyPartial;
}

int DecideCommand(const std::string& directory, const std::string& path, const std::string& output) {
  const absl::StatusOr<Decided> decided = DecideFile(directory, path);
  if (!decided.ok()) return FailPolicy(decided.status());
  if (output == "json" || output == "jsonl") {
    std::string json;
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = output == "json";
    options.always_print_primitive_fields = true;
    if (!google::protobuf::util::MessageToJsonString(
             policy::ToProto(decided->decision, decided->offline.policy->digest), &json, options)
             .ok()) {
      return FailPolicy(absl::InternalError("cannot print the decision"), kPolicyFailed);
    }
    std::cout << json << "\n";
  } else {
    std::cout << decided->decision.Overall() << "\n";
    for (const policy::CategoryOutcome& outcome : decided->decision.categories) {
      std::cout << "  " << outcome.category << "  " << outcome.Shown() << "  "
                << (outcome.denied ? "" : policy::FormName(outcome.form)) << "\n";
    }
  }
  return CodeOf(decided->decision);
}

int AuthZenCommand(const std::string& directory, const std::string& path) {
  const absl::StatusOr<OfflinePolicy> offline = GoodPolicy(directory);
  if (!offline.ok()) return FailPolicy(offline.status());
  const absl::StatusOr<std::string> json = ReadInput(path);
  if (!json.ok()) return FailPolicy(json.status());
  const absl::StatusOr<AccessEvaluation> evaluation = EvaluateAccess(*json, *offline, absl::Now());
  if (!evaluation.ok()) return FailPolicy(evaluation.status());
  std::cout << evaluation->json << "\n";
  return evaluation->decision ? kPolicyDone : kPolicyRefused;
}

int ExplainCommand(const std::string& directory, const std::string& path) {
  const absl::StatusOr<Decided> decided = DecideFile(directory, path);
  if (!decided.ok()) return FailPolicy(decided.status());
  std::cout << Explain(decided->request, decided->decision, decided->offline.policy->digest);
  return CodeOf(decided->decision);
}

void AddReading(CLI::App& policy, const std::shared_ptr<Options>& o, int& exit_code) {
  CLI::App* const check =
      policy.add_subcommand("check", "every error and warning of a policy, with file, line, rule and what to do");
  check->add_option("directory", o->directory, "the policy's folder")->required();
  check->add_flag("--unconfirmed", o->unconfirmed, "list legal points that need confirmation");
  check->add_option("--at", o->at, "the day from which to look 90 days ahead, YYYY-MM-DD; else today");
  check->add_option("--directory", o->registers, "agencies' directories, whose roles and training to look at too");
  check->callback([o, &exit_code] { exit_code = Check(*o); });

  CLI::App* const decide = policy.add_subcommand("decide", "one decision, whole; no broker needed");
  CLI::App* const explain = policy.add_subcommand("explain", "one decision in sentences");
  for (CLI::App* command : {decide, explain}) {
    command->add_option("--policy", o->directory, "the policy's folder")->capture_default_str();
    command->add_option("--request", o->request, "DecisionRequest in JSON; - for standard input")
        ->capture_default_str();
  }
  decide->add_option("-o,--output", o->output, "table or json")->check(CLI::IsMember({"table", "json", "jsonl"}));
  decide
      ->add_option("--authzen", o->authzen,
                   "an AuthZEN access evaluation request in JSON, answered as AuthZEN has it; - for standard input")
      ->excludes("--request")
      ->excludes("--output");
  decide->callback([o, &exit_code] {
    exit_code = o->authzen.empty() ? DecideCommand(o->directory, o->request, o->output)
                                   : AuthZenCommand(o->directory, o->authzen);
  });
  explain->callback([o, &exit_code] { exit_code = ExplainCommand(o->directory, o->request); });
}

// A command that a signatory runs with certificate and key.
CLI::App* Signing(CLI::App& policy, const std::shared_ptr<Options>& o, const char* name, const char* what) {
  CLI::App* const command = policy.add_subcommand(name, what);
  command->add_option("directory", o->directory, "the policy's folder")->required();
  command->add_option("--certificate", o->signer.certificate, "the signatory's certificate")->required();
  command->add_option("--key", o->signer.key, "the signatory's private key file (mode 0600)")->required();
  return command;
}

void AddSigning(CLI::App& policy, const std::shared_ptr<Options>& o, int& exit_code) {
  CLI::App* const manifest = policy.add_subcommand("manifest", "write MANIFEST anew");
  manifest->add_option("directory", o->directory, "the policy's folder")->required();
  manifest->callback([o, &exit_code] {
    const absl::StatusOr<std::string> digest = WriteManifest(o->directory);
    if (digest.ok()) std::cout << *digest << "\n";
    exit_code = digest.ok() ? kPolicyDone : FailPolicy(digest.status());
  });

  CLI::App* const sign = Signing(policy, o, "sign", "sign the bundle or an agreement as a signatory");
  sign->add_option("--agreement", o->agreement, "agreement id");
  sign->add_flag("--bundle", o->bundle, "sign MANIFEST");
  sign->callback([o, &exit_code] {
    if (!o->bundle && o->agreement.empty()) {
      exit_code = FailPolicy(absl::InvalidArgumentError("say what to sign: --bundle or --agreement ID"));
      return;
    }
    exit_code = o->bundle ? Report(SignBundle(o->directory, o->signer), "signed the bundle") : kPolicyDone;
    if (exit_code == kPolicyDone && !o->agreement.empty())
      exit_code = Report(SignAgreement(o->directory, o->agreement, o->signer), "signed the agreement");
  });
}

void AddTightening(CLI::App& policy, const std::shared_ptr<Options>& o, int& exit_code) {
  struct Tightening {
    const char* name;
    v1::NoticeAction action;
    const char* what;
  };
  for (const Tightening& next :
       {Tightening{"suspend", v1::NOTICE_ACTION_SUSPEND, "suspend an agreement: one party's signature suffices"},
        Tightening{"end", v1::NOTICE_ACTION_END, "end an agreement: one party's signature suffices"},
        Tightening{"remove-party", v1::NOTICE_ACTION_REMOVE_PARTY,
                   "take one party out of an agreement, the others go on: one party's signature suffices"}}) {
    CLI::App* const command = Signing(policy, o, next.name, next.what);
    command->add_option("--agreement", o->agreement, "agreement id")->required();
    command->add_option("--from", o->from_date, "first day on which nothing flows, YYYY-MM-DD")->required();
    if (next.action == v1::NOTICE_ACTION_REMOVE_PARTY)
      command->add_option("--party", o->party, "agency to take out")->required();
    command->callback([o, action = next.action, &exit_code] {
      v1::AgreementNotice notice;
      notice.set_action(action);
      notice.set_from_date(o->from_date);
      notice.set_party(o->party);
      exit_code = Report(GiveNotice(o->directory, o->agreement, std::move(notice), o->signer), "notice given");
    });
  }
}

}  // namespace

void AddPolicyCommands(CLI::App& app, int& exit_code) {
  CLI::App* const policy = app.add_subcommand("policy", "write, test and sign the policy");
  policy->require_subcommand(1);
  const auto options = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  AddReading(*policy, options, exit_code);
  AddTestCommand(*policy, exit_code);
  AddProveCommand(*policy, exit_code);
  AddDiffCommand(*policy, exit_code);
  AddFlowsCommand(*policy, exit_code);
  AddAgreementCommand(*policy, exit_code);
  AddSigning(*policy, options, exit_code);
  AddTightening(*policy, options, exit_code);
}

}  // namespace derwent::cli
