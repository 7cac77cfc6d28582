#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "CLI/CLI.hpp"
#include "agents/cli/ledger/offline_ledger.h"

namespace derwent::cli {

// Whose log files are verified for, as a command is told: `--vkey`, `--origin`, `--policy` (Believed::Make).
struct BelievedOptions {
  std::vector<std::string> vkeys;
  std::string origin, policy;

  // `command` keeps them: this must outlive it.
  void AddTo(CLI::App& command);
  // Error: kInvalidArgument, of Believed::Make.
  absl::StatusOr<Believed> Read() const { return Believed::Make(vkeys, origin, policy); }
};

}  // namespace derwent::cli
