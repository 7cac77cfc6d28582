#include "agents/cli/session/client.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"
#include "yaml-cpp/yaml.h"

namespace derwent::cli {

namespace fs = std::filesystem;

namespace {

// One word, or a list of them. Throws as yaml-cpp does.
std::vector<std::string> Words(const YAML::Node& node) {
  if (node.IsSequence()) return node.as<std::vector<std::string>>();
  return {node.as<std::string>()};
}

}  // namespace

std::string ConfigurationPath(const std::string& given) {
  if (!given.empty()) return given;
  // NOLINTBEGIN(concurrency-mt-unsafe): nothing sets the environment once main has begun.
  if (const char* const named = std::getenv("DERWENT_CONFIG")) return named;
  const char* const home = std::getenv("HOME");
  // NOLINTEND(concurrency-mt-unsafe)
  return absl::StrCat(home == nullptr ? "." : home, "/.config/derwent/client.yaml");
}

absl::StatusOr<ClientConfiguration> ReadClientConfiguration(const std::string& path) {
  const absl::StatusOr<std::string> yaml = trust::ReadFile(path, 1 << 20);
  if (!yaml.ok())
    return absl::InvalidArgumentError(
        absl::StrCat("no client configuration: ", yaml.status().message(), "; give --config or set DERWENT_CONFIG"));
  ClientConfiguration c;
  const std::map<std::string, std::string*> texts = {{"broker", &c.broker}, {"broker_peer", &c.broker_peer},
                                                     {"agent", &c.agent},   {"agent_peer", &c.agent_peer},
                                                     {"origin", &c.origin}, {"agency", &c.agency}};
  const std::map<std::string, std::string*> paths = {{"ca", &c.ca}, {"certificate", &c.certificate}, {"key", &c.key}};
  const std::map<std::string, std::string*> optional_paths = {{"quorum", &c.quorum}};
  const fs::path folder = fs::absolute(path).parent_path();
  std::vector<std::string> wrong;
  try {  // yaml-cpp reports by exception; none leaves this function.
    for (const auto& item : YAML::Load(*yaml)) {
      const auto key = item.first.as<std::string>();
      if (key == "log_vkey") {
        c.log_vkeys = Words(item.second);
        continue;
      }
      const auto value = item.second.as<std::string>();
      if (const auto text = texts.find(key); text != texts.end())
        *text->second = value;
      else if (const auto file = paths.find(key); file != paths.end())
        *file->second = fs::path(value).is_absolute() ? value : (folder / value).string();
      else if (const auto file = optional_paths.find(key); file != optional_paths.end())
        *file->second = fs::path(value).is_absolute() ? value : (folder / value).string();
      else
        wrong.push_back(absl::StrCat("`", key, "` is not a key"));
    }
  } catch (const YAML::Exception& error) {
    wrong.push_back(absl::StrCat("not YAML: ", error.what()));
  }
  for (const auto& [key, value] : paths) {
    if (value->empty()) wrong.push_back(absl::StrCat("`", key, "` is missing"));
  }
  if (!wrong.empty())
    return absl::InvalidArgumentError(absl::StrCat("client configuration `", path, "`: ", absl::StrJoin(wrong, "; ")));
  return c;
}

absl::StatusOr<const agents::Channel*> Client::Open(const std::string& target, const std::string& peer,
                                                    std::unique_ptr<agents::Channel>& channel) {
  if (channel == nullptr) {
    if (target.empty() || peer.empty())
      return absl::InvalidArgumentError(
          "the client configuration names no target or no peer for this command: `broker`, `broker_peer`, `agent`, "
          "`agent_peer`");
    // A key that others can read is nobody's identity.
    const absl::Status secret = trust::ReadSecretFile(configuration_.key).status();
    if (!secret.ok()) return absl::InvalidArgumentError(secret.message());
    ASSIGN_OR_RETURN(channel, agents::Channel::Open({.target = target,
                                                     .peer = peer,
                                                     .ca_file = configuration_.ca,
                                                     .certificate_file = configuration_.certificate,
                                                     .key_file = configuration_.key}));
  }
  return channel.get();
}

absl::StatusOr<trust::LogKeys> Client::LogKeys() const {
  std::vector<trust::LogKey> keys;
  for (const std::string& word : configuration_.log_vkeys) {
    ASSIGN_OR_RETURN(keys.emplace_back(), trust::LogKey::Parse(word));
  }
  return trust::LogKeys::Make(std::move(keys));
}

absl::StatusOr<const agents::Channel*> Client::Broker() {
  return Open(configuration_.broker, configuration_.broker_peer, broker_);
}
absl::StatusOr<const agents::Channel*> Client::Agent() {
  return Open(configuration_.agent, configuration_.agent_peer, agent_);
}

}  // namespace derwent::cli
