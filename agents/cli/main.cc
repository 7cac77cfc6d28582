// derwent: the command line for practitioners, data protection officers and policy signatories.
#include <iostream>

#include "agents/cli/commands.h"
#include "agents/cli/exit_code.h"
#include "agents/cli/policy/policy_commands.h"

int main(int argc, char** argv) {
  CLI::App app("Derwent: agencies share what keeps people safe, and nothing else", "derwent");
  app.set_version_flag("--version", "derwent 0.1.0");
  app.require_subcommand(1);
  app.fallthrough();
  derwent::cli::Session session;
  app.add_option("--config", session.configuration_path, "client configuration; else DERWENT_CONFIG, else ~/.config/derwent/client.yaml");
  app.add_option("-o,--output", session.output, "table, json, jsonl or csv")->check(CLI::IsMember({"table", "json", "jsonl", "csv"}));
  app.add_option("--timeout", session.timeout_seconds, "seconds a call may take")->check(CLI::Range(0.1, 600.0));
  derwent::cli::AddPolicyCommands(app, session.exit_code);
  derwent::cli::AddReferralCommands(app, session);
  derwent::cli::AddAuditCommands(app, session);
  derwent::cli::AddLedgerCommands(app, session);
  derwent::cli::AddAgencyCommands(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? derwent::cli::kExitDone : derwent::cli::kExitBadInput;
  }
  return session.exit_code;
}
