#include "agents/daemon/context/config.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "nlohmann/json.hpp"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

using nlohmann::json;

// Reads members of one object and remembers what is wrong.
class Members {
 public:
  Members(const json& object, std::string name, std::string folder, std::vector<std::string>& problems)
      : object_(object), name_(std::move(name)), folder_(std::move(folder)), problems_(problems) {
    if (!object_.is_object()) problems_.push_back(absl::StrCat("`", name_, "` must be an object"));
  }

  ~Members() {
    if (!object_.is_object()) return;
    for (const auto& [key, value] : object_.items()) {
      if (!read_.contains(key)) problems_.push_back(absl::StrCat("`", name_, key, "` is not known"));
    }
  }
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  void Text(const char* key, std::string& value, bool needed = true) {
    const json* found = Find(key, needed);
    if (found == nullptr) return;
    if (!found->is_string()) return Wrong(key, "a string");
    value = found->get<std::string>();
  }

  void Path(const char* key, std::string& value, bool needed = true) {
    Text(key, value, needed);
    value = Resolve(value);
  }

  void Number(const char* key, int& value) {
    const json* found = Find(key, false);
    if (found == nullptr) return;
    if (!found->is_number_integer() || found->get<int64_t>() < 0 || found->get<int64_t>() > 1'000'000'000)
      return Wrong(key, "a whole number");
    value = found->get<int>();
  }

  // Of entries of the ledger.
  void Index(const char* key, uint64_t& value) {
    const json* found = Find(key, false);
    if (found == nullptr) return;
    if (!found->is_number_unsigned()) return Wrong(key, "an entry's index");
    value = found->get<uint64_t>();
  }

  void Indexes(const char* key, std::set<uint64_t>& values) {
    const json* found = Find(key, false);
    if (found == nullptr) return;
    const auto is_index = [](const json& one) { return one.is_number_unsigned(); };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_index))
      return Wrong(key, "a list of entries' indexes");
    for (const json& one : *found) values.insert(one.get<uint64_t>());
  }

  void Texts(const char* key, std::set<std::string>& values) {
    const json* found = Find(key, false);
    if (found == nullptr) return;
    const auto is_text = [](const json& one) { return one.is_string(); };
    if (!found->is_array() || !std::all_of(found->begin(), found->end(), is_text))
      return Wrong(key, "a list of strings");
    for (const json& one : *found) values.insert(one.get<std::string>());
  }

  void Millis(const char* key, absl::Duration& value) {
    auto millis = static_cast<int>(absl::ToInt64Milliseconds(value));
    Number(key, millis);
    value = absl::Milliseconds(millis);
  }

  void Paths(const char* key, std::map<std::string, std::string>& values) {
    const json* found = Find(key, false);
    if (found == nullptr) return;
    if (!found->is_object()) return Wrong(key, "an object of paths");
    for (const auto& [name, path] : found->items()) {
      if (!path.is_string()) return Wrong(key, "an object of paths");
      values[name] = Resolve(path.get<std::string>());
    }
  }

  void KeyPair(const char* key, std::pair<std::string, std::string>& pair) {
    const json* found = Find(key, true);
    if (found == nullptr) return;
    ReadKeyPair(*found, absl::StrCat(name_, key, "."), pair);
  }

  void KeyPairs(const char* key, std::vector<std::pair<std::string, std::string>>& pairs) {
    const json* found = Find(key, true);
    if (found == nullptr) return;
    if (!found->is_array() || found->empty()) return Wrong(key, "a list of at least one key");
    for (const json& one : *found) ReadKeyPair(one, absl::StrCat(name_, key, "."), pairs.emplace_back());
  }

  void SystemFiles(const char* key, std::vector<SystemFile>& files) {
    const json* found = Find(key, false);
    if (found == nullptr) return;
    if (!found->is_array() || found->size() > kMaxSystemFiles)
      return Wrong(key, "a list of at most 32 files and views");
    for (const json& one : *found) {
      SystemFile& file = files.emplace_back();
      Members members(one, absl::StrCat(name_, key, "."), folder_, problems_);
      members.Path("file", file.file, false);
      members.Path("mapping", file.mapping);
      members.Path("join", file.join, false);
      members.Path("sqlite", file.view.sqlite, false);
      members.Text("postgres", file.view.postgres, false);
      members.Text("query", file.view.query, false);
      members.Text("version", file.view.version, false);
      members.Millis("timeout_millis", file.view.timeout);
      if (const absl::Status checked = CheckSystemFile(file); !checked.ok())
        problems_.push_back(absl::StrCat("`", name_, key, "`: ", checked.message()));
    }
  }

  const json& Object(const char* key, bool needed) {
    static const json& empty = *new json(json::object());
    const json* found = Find(key, needed);
    return found == nullptr ? empty : *found;
  }

 private:
  void ReadKeyPair(const json& object, const std::string& name, std::pair<std::string, std::string>& pair) {
    Members members(object, name, folder_, problems_);
    members.Path("key", pair.first);
    members.Path("certificate", pair.second);
  }

  const json* Find(const char* key, bool needed) {
    read_.insert(key);
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(key);
    if (found != object_.end()) return &*found;
    if (needed) problems_.push_back(absl::StrCat("`", name_, key, "` is missing"));
    return nullptr;
  }

  void Wrong(const char* key, absl::string_view want) {
    problems_.push_back(absl::StrCat("`", name_, key, "` must be ", want));
  }

  std::string Resolve(const std::string& path) const {
    if (path.empty() || path.front() == '/') return path;
    return (std::filesystem::path(folder_) / path).lexically_normal().string();
  }

  const json& object_;
  const std::string name_;
  const std::string folder_;
  std::vector<std::string>& problems_;
  std::set<std::string> read_;
};

void ReadTrust(const json& object, const std::string& folder, AgentConfig& config, std::vector<std::string>& problems) {
  Members trust(object, "trust.", folder, problems);
  trust.Text("domain", config.anchors.trust_domain);
  trust.Path("ca", config.anchors.ca);
  trust.Path("crl", config.anchors.crl);
  trust.Path("first_keys", config.anchors.first_keys);
  trust.Path("log_key", config.anchors.log_key);
  trust.Path("signatories", config.signatories);
  trust.Number("bundle_quorum", config.bundle_quorum);
  trust.Path("quorum", config.quorum);
  trust.Millis("witness_limit_millis", config.witness_limit);
  trust.Texts("accepted_forks", config.accepted_forks);
  trust.Texts("accepted_keys", config.accepted_keys);
}

void ReadWitness(const json& object, const std::string& folder, AgentConfig& config,
                 std::vector<std::string>& problems) {
  Members witness(object, "witness.", folder, problems);
  witness.Path("key", config.witness_key);
  witness.Text("name", config.witness_name);
  witness.Text("listen", config.witness_listen, false);
  witness.Path("port_file", config.witness_port_file, false);
}

void ReadParticipant(const json& object, const std::string& folder, AgentConfig& config,
                     std::vector<std::string>& problems) {
  ParticipantConfig& participant = config.participant.emplace();
  participant.key = config.state_dir + "/participant.key";
  Members members(object, "participant.", folder, problems);
  members.Path("key", participant.key, false);
  members.Millis("every_millis", participant.every);
  members.Millis("grace_millis", participant.grace);
  members.Index("first_entry", participant.first_entry);
  members.Indexes("accepted_entries", participant.accepted_entries);
  if (config.witness_name.empty()) problems.push_back("`participant` stands with a `witness` only");
  if (participant.every <= absl::ZeroDuration()) problems.push_back("`participant.every_millis` must be over 0");
}

// A reading must outlive the rounds between two.
void ReadOldest(Members& top, AgentConfig& config, std::vector<std::string>& problems) {
  auto seconds = static_cast<int>(absl::ToInt64Seconds(config.system_oldest));
  top.Number("system_oldest_seconds", seconds);
  config.system_oldest = absl::Seconds(seconds);
  if (config.system_oldest < absl::Minutes(1) || config.system_oldest > absl::Hours(7 * 24) ||
      config.system_oldest <= config.sync_interval)
    problems.push_back("`system_oldest_seconds` must be 60 to 604800, and longer than `sync_millis`");
}

void ReadLimits(const json& object, const std::string& folder, LocalLimits& limits,
                std::vector<std::string>& problems) {
  Members members(object, "limits.", folder, problems);
  for (const auto& [key, value] :
       {std::pair("call_octets", &limits.call_octets), std::pair("connection_calls", &limits.connection_calls),
        std::pair("threads", &limits.threads), std::pair("memory_octets", &limits.memory_octets),
        std::pair("calls_at_once", &limits.calls_at_once),
        std::pair("dear_calls_a_minute", &limits.dear_calls_a_minute)}) {
    members.Number(key, *value);
    if (*value < 1) problems.push_back(absl::StrCat("`limits.", key, "` must be 1 or more: nothing is without bounds"));
  }
}

void ReadHandover(const json& object, const std::string& folder, AgentConfig& config,
                  std::vector<std::string>& problems) {
  Members handover(object, "handover.", folder, problems);
  handover.Path("folder", config.handover_folder, false);
  handover.Paths("mappings", config.mappings);
  handover.Millis("scan_millis", config.scan_interval);
  handover.Millis("settle_millis", config.settle);
}

}  // namespace

absl::StatusOr<AgentConfig> AgentConfig::Parse(absl::string_view text, absl::string_view folder) {
  const json object = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::InvalidArgumentError("the configuration is not a JSON object");
  AgentConfig config;
  std::vector<std::string> problems;
  const std::string base(folder);
  {
    Members top(object, "", base, problems);
    top.Text("agency", config.agency);
    top.Path("state_dir", config.state_dir);
    {
      Members broker(top.Object("broker", true), "broker.", base, problems);
      broker.Text("target", config.broker_target);
      broker.Text("peer", config.broker_peer);
    }
    std::pair<std::string, std::string> tls;
    top.KeyPair("tls", tls);
    config.tls_key = tls.first;
    config.tls_certificate = tls.second;
    ReadTrust(top.Object("trust", true), base, config, problems);
    top.KeyPair("signing", config.signing);
    top.KeyPairs("sealing", config.sealing);
    top.Paths("reference_keys", config.reference_keys);
    top.Path("directory", config.directory, false);
    {
      Members contact(top.Object("contact", false), "contact.", base, problems);
      contact.Text("role", config.contact_role, false);
      contact.Text("phone", config.contact_phone, false);
      contact.Text("email", config.contact_email, false);
    }
    top.Text("listen", config.listen, false);
    top.Path("port_file", config.port_file, false);
    ReadLimits(top.Object("limits", false), base, config.limits, problems);
    top.Text("metrics_listen", config.metrics_listen, false);
    top.Path("metrics_port_file", config.metrics_port_file, false);
    if (object.contains("witness")) ReadWitness(top.Object("witness", false), base, config, problems);
    if (object.contains("participant")) ReadParticipant(top.Object("participant", false), base, config, problems);
    top.SystemFiles("system", config.system);
    ReadHandover(top.Object("handover", false), base, config, problems);
    top.Millis("sync_millis", config.sync_interval);
    ReadOldest(top, config, problems);
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "; "));
  return config;
}

absl::StatusOr<AgentConfig> AgentConfig::Load(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(path));
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  absl::StatusOr<AgentConfig> config = Parse(text, folder);
  if (!config.ok())
    return absl::Status(config.status().code(), absl::StrCat("`", path, "`: ", config.status().message()));
  return config;
}

}  // namespace derwent::agents
