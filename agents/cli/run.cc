#include "agents/cli/run.h"

#include <algorithm>
#include <iostream>

#include "agents/cli/audit/audit_commands.h"
#include "agents/cli/completion.h"
#include "agents/cli/governance/key_commands.h"
#include "agents/cli/governance/policy_change_commands.h"
#include "agents/cli/governance/register_commands.h"
#include "agents/cli/governance/rights_commands.h"
#include "agents/cli/ledger/ledger_commands.h"
#include "agents/cli/policy/policy_commands.h"
#include "agents/cli/session/exit_code.h"
#include "agents/cli/session/session.h"
#include "agents/cli/share/case_commands.h"
#include "agents/cli/share/emergency_commands.h"
#include "agents/cli/share/referral_commands.h"
#include "agents/cli/share/request_commands.h"
#include "agents/cli/status_command.h"
#include "agents/cli/terminal/suggest.h"

namespace derwent::cli {
namespace {

void AddCompletion(CLI::App& app, Session& session, std::string& shell) {
  CLI::App* const completion =
      app.add_subcommand("completion", "completion script for a shell: source it from its start-up file");
  completion->add_option("shell", shell, "bash, zsh or fish")->required();
  completion->callback([&] {
    const absl::Status written = WriteCompletion(app, shell, std::cout);
    session.exit_code = written.ok() ? kExitDone : ReportFailure(written);
  });
}

void Declare(CLI::App& app, Session& session, std::string& shell) {
  app.set_version_flag("--version", "derwent 0.1.0", "print the version");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--config", session.configuration_path,
                 "client configuration; else DERWENT_CONFIG, else ~/.config/derwent/client.yaml");
  app.add_option("-o,--output", session.output, "table, json, jsonl or csv")
      ->check(CLI::IsMember({"table", "json", "jsonl", "csv"}));
  app.add_option("--timeout", session.timeout_seconds, "seconds a call may take")->check(CLI::Range(0.1, 600.0));
  app.footer(
      "Exit codes: 0 done or permitted; 1 failed; 2 wrong usage or bad input; 3 refused by policy; 4 not authenticated "
      "or not\n"
      "entitled; 5 not found; 6 conflict; 7 unavailable or timed out; 8 verification failed; 9 partial or pending; 130 "
      "interrupted.");
  AddPolicyCommands(app, session.output, session.exit_code);
  AddPolicyChangeCommands(app, session);
  AddReferralCommands(app, session);
  AddRequestCommands(app, session);
  AddEmergencyCommands(app, session);
  AddCaseCommands(app, session);
  AddAuditCommands(app, session);
  AddLedgerCommands(app, session);
  AddRegisterCommands(app, session);
  AddRightsCommands(app, session);
  AddKeyCommands(app, session);
  AddStatusCommand(app, session);
  AddCompletion(app, session, shell);
}

}  // namespace

int RunDerwent(const std::vector<std::string>& arguments) {
  CLI::App app("Derwent: agencies share what keeps people safe, and nothing else", "derwent");
  Session session;
  std::string shell;
  Declare(app, session, shell);
  try {  // CLI11 reports by exception; none leaves this function.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      const std::string typo = ExplainTypo(app, arguments);
      std::cerr << "derwent: " << (typo.empty() ? error.what() : typo) << "\n  see --help\n";
      return kExitBadInput;
    }
    app.exit(error);  // --help, --version
  }
  if (!(std::cout << std::flush)) return ReportFailure(NotWritten("standard output"));
  return session.exit_code;
}

}  // namespace derwent::cli
