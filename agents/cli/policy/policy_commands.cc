#include "agents/cli/policy/policy_commands.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#include "agents/cli/policy/agreement_command.h"
#include "agents/cli/policy/decide_command.h"
#include "agents/cli/policy/diff_command.h"
#include "agents/cli/policy/flows_command.h"
#include "agents/cli/policy/governance.h"
#include "agents/cli/policy/offline.h"
#include "agents/cli/policy/prove_command.h"
#include "agents/cli/policy/reporting.h"
#include "agents/cli/policy/resume.h"
#include "agents/cli/policy/test_command.h"
#include "agents/cli/terminal/output.h"
#include "trust/base/london.h"

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
  std::string agreement;
  std::string from_date;
  std::string party;
  std::string at;
  std::vector<std::string> registers;
  SignerFiles signer;
  bool unconfirmed = false;
  bool bundle = false;
};

Format FormatOf(const std::string& output) {
  return output == "json"    ? Format::kJson
         : output == "jsonl" ? Format::kJsonLines
         : output == "csv"   ? Format::kCsv
                             : Format::kTable;
}

absl::string_view NameOf(policy::Severity severity) {
  return severity == policy::Severity::kError     ? "ERROR"
         : severity == policy::Severity::kWarning ? "WARNING"
                                                  : "UNCONFIRMED";
}

// The problems alone; their count goes to standard error.
void PrintProblems(const std::vector<policy::Problem>& problems, bool unconfirmed, const std::string& output) {
  Rows rows({"severity", "file", "line", "rule", "message", "advice"});
  for (const policy::Problem& problem : problems) {
    if (problem.severity == policy::Severity::kUnconfirmed && !unconfirmed) continue;
    rows.Add({std::string(NameOf(problem.severity)), problem.file, absl::StrCat(problem.line), problem.rule,
              problem.message, problem.advice});
  }
  rows.Print(FormatOf(output), std::cout);
}

int Check(const Options& o, const std::string& output) {
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
    const bool shown = problem.severity != policy::Severity::kUnconfirmed || o.unconfirmed;
    if (shown && output == "table") std::cout << problem.ToString() << "\n";
  }
  if (output != "table") PrintProblems(offline->problems, o.unconfirmed, output);
  std::ostream& summary = output == "table" ? std::cout : std::cerr;
  if (offline->policy != nullptr) {
    summary << "checked " << offline->policy->profiles.size() << " profiles, " << offline->policy->agreements.size()
            << " agreements, " << offline->policy->categories.size() << " categories, "
            << offline->policy->gateways.size() << " gateways, " << offline->policy->organisations.size()
            << " organisations\n";
  }
  summary << errors << " errors, " << warnings << " warnings on " << FormatDay(*day) << ", " << open
          << " legal points need confirmation\n";
  return errors == 0 ? kPolicyDone : kPolicyBadInput;
}

void AddChecking(CLI::App& policy, const std::shared_ptr<Options>& o, const std::string& output, int& exit_code) {
  CLI::App* const check =
      policy.add_subcommand("check", "every error and warning of a policy, with file, line, rule and what to do");
  check->add_option("directory", o->directory, "the policy's folder")->required();
  check->add_flag("--unconfirmed", o->unconfirmed, "list legal points that need confirmation");
  check->add_option("--at", o->at, "the day from which to look 90 days ahead, YYYY-MM-DD; else today");
  check->add_option("--directory", o->registers, "agencies' directories, whose roles and training to look at too");
  check->callback([o, &output, &exit_code] { exit_code = Check(*o, output); });
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

int Resume(const Options& o) {
  const absl::StatusOr<Resumed> resumed = ResumeAgreement(o.directory, o.agreement);
  if (!resumed.ok()) return FailPolicy(resumed.status());
  std::cerr << "revision " << resumed->revision << " of agreement `" << o.agreement
            << "` is written. Nothing flows under it to or from a party that has not signed: each of these runs "
               "`derwent policy sign "
            << o.directory << " --bundle --agreement " << o.agreement << "`\n";
  for (const std::string& party : resumed->parties) std::cout << party << "\n";
  return kPolicyDone;
}

void AddResuming(CLI::App& policy, const std::shared_ptr<Options>& o, int& exit_code) {
  CLI::App* const resume = policy.add_subcommand(
      "resume", "write the next revision of a suspended agreement, and who must sign it: resuming loosens");
  resume->add_option("directory", o->directory, "the policy's folder")->required();
  resume->add_option("--agreement", o->agreement, "agreement id")->required();
  resume->callback([o, &exit_code] { exit_code = Resume(*o); });
}

}  // namespace

void AddPolicyCommands(CLI::App& app, const std::string& output, int& exit_code) {
  CLI::App* const policy = app.add_subcommand("policy", "write, test and sign the policy");
  policy->require_subcommand(1);
  const auto options = std::make_shared<Options>();  // Shared by the callbacks that CLI11 keeps.
  AddChecking(*policy, options, output, exit_code);
  AddDecideCommands(*policy, output, exit_code);
  AddTestCommand(*policy, exit_code);
  AddProveCommand(*policy, exit_code);
  AddDiffCommand(*policy, exit_code);
  AddFlowsCommand(*policy, output, exit_code);
  AddAgreementCommand(*policy, exit_code);
  AddSigning(*policy, options, exit_code);
  AddTightening(*policy, options, exit_code);
  AddResuming(*policy, options, exit_code);
}

}  // namespace derwent::cli
