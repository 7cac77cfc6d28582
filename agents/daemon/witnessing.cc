#include "agents/daemon/witnessing.h"

#include <filesystem>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

// Whole or not at all.
absl::Status Write(const std::string& path, absl::string_view content) {
  if (path.empty()) return absl::OkStatus();
  const std::string fresh = path + ".new";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << content;
  file.close();
  std::error_code failed;
  if (file) std::filesystem::rename(fresh, path, failed);
  return file && !failed ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("`", path, "` cannot be written"));
}

}  // namespace

absl::StatusOr<Witnessing> Witnessing::Start(const AgentConfig& config, const Clock& clock, Log& log) {
  Witnessing started;
  if (config.witness_key.empty()) return started;
  ASSIGN_OR_RETURN(trust::Ed25519Key key, trust::Ed25519Key::FromFile(config.witness_key));
  ASSIGN_OR_RETURN(const std::string vkey, trust::ReadFile(config.anchors.log_key));
  ASSIGN_OR_RETURN(trust::VerifierKey log_key, trust::VerifierKey::Parse(absl::StripAsciiWhitespace(vkey)));
  ASSIGN_OR_RETURN(started.witness, Witness::Open(absl::StrCat(config.state_dir, "/witness.db"), config.witness_name,
                                                  std::move(key), {std::move(log_key)}, clock));
  const std::string own = started.witness->vkey().ToString();
  RETURN_IF_ERROR(Write(absl::StrCat(config.state_dir, "/witness.vkey"), absl::StrCat(own, "\n")));
  ASSIGN_OR_RETURN(started.server, WitnessServer::Start(config.witness_listen, *started.witness));
  RETURN_IF_ERROR(Write(config.witness_port_file, absl::StrCat(started.server->port(), "\n")));
  log.Write("info", "witnessing", {{"vkey", own}});
  return started;
}

}  // namespace derwent::agents
