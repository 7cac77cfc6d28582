#include "agents/cli/policy/pdf.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"

#include "agents/cli/policy/reporting.h"
#include "trust/base/status_macros.h"

extern char** environ;

namespace derwent::cli {
namespace {

constexpr char kTool[] = "weasyprint";

// Runs the tool on two files; its exit code. Error: kFailedPrecondition when there is no such program.
absl::StatusOr<int> Print(const std::string& html, const std::string& pdf) {
  std::string tool = kTool;
  std::string quiet = "-q";
  std::string from = html;
  std::string to = pdf;
  std::array<char*, 5> arguments = {tool.data(), quiet.data(), from.data(), to.data(), nullptr};
  pid_t child = 0;
  const int spawned = posix_spawnp(&child, kTool, nullptr, nullptr, arguments.data(), environ);
  if (spawned != 0) {
    return absl::FailedPreconditionError(
        "the program `weasyprint` is missing: install the Debian package weasyprint (apt-get install weasyprint)");
  }
  int state = 0;
  while (waitpid(child, &state, 0) < 0) {
    if (errno != EINTR) return absl::InternalError("cannot wait for weasyprint");
  }
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

}  // namespace

absl::Status WritePdf(absl::string_view html, const std::string& path) {
  const std::string source = absl::StrCat(path, ".partial.html");
  const std::string printed = absl::StrCat(path, ".partial");
  RETURN_IF_ERROR(WriteOutput(source, html));
  const absl::StatusOr<int> code = Print(source, printed);
  std::remove(source.c_str());
  if (code.ok() && *code == 0 && std::rename(printed.c_str(), path.c_str()) == 0) return absl::OkStatus();
  std::remove(printed.c_str());
  RETURN_IF_ERROR(code.status());
  return absl::UnavailableError(absl::StrCat("weasyprint did not print `", path, "`"));
}

}  // namespace derwent::cli
