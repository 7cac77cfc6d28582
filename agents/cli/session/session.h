#pragma once

#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"

namespace derwent::cli {

// What all commands share: where to find the configuration, how to print, and the exit code.
struct Session {
  std::string configuration_path;
  std::string output = "table";
  double timeout_seconds = 30;
  int exit_code = 0;

  Format format() const {
    return output == "json"    ? Format::kJson
           : output == "jsonl" ? Format::kJsonLines
           : output == "csv"   ? Format::kCsv
                               : Format::kTable;
  }
  // Runs `work` with a client and sets the exit code.
  template <typename Work>
  void Run(Work work);
};

}  // namespace derwent::cli

#include "agents/cli/session/exit_code.h"

namespace derwent::cli {

template <typename Work>
void Session::Run(Work work) {
  absl::StatusOr<ClientConfiguration> configuration = ReadClientConfiguration(ConfigurationPath(configuration_path));
  if (!configuration.ok()) {
    exit_code = ReportFailure(configuration.status());
    return;
  }
  Client client(*std::move(configuration), absl::Seconds(timeout_seconds));
  const absl::StatusOr<int> code = work(client);
  exit_code = code.ok() ? *code : ReportFailure(code.status());
}

}  // namespace derwent::cli
