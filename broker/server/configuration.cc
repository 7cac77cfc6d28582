#include "broker/server/configuration.h"

#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"
#include "yaml-cpp/yaml.h"

namespace derwent::server {
namespace {

namespace fs = std::filesystem;
using Setter = std::function<void(const YAML::Node&)>;

// Every key of the file and what it sets; a key that is not here is an error.
std::map<std::string, Setter> Setters(Configuration& c, const fs::path& folder) {
  const auto text = [](std::string& into) {
    return Setter([&into](const YAML::Node& n) { into = n.as<std::string>(); });
  };
  const auto located = [folder](const fs::path& given) {
    return given.is_absolute() ? given.string() : (folder / given).string();
  };
  const auto path = [located](std::string& into) {
    return Setter([&into, located](const YAML::Node& n) { into = located(n.as<std::string>()); });
  };
  const auto paths = [located](std::vector<std::string>& into) {
    return Setter([&into, located](const YAML::Node& n) {
      for (const auto& one : n.as<std::vector<std::string>>()) into.push_back(located(one));
    });
  };
  const auto size = [](size_t& into) { return Setter([&into](const YAML::Node& n) { into = n.as<size_t>(); }); };
  const auto seconds = [](absl::Duration& into) {
    return Setter([&into](const YAML::Node& n) { into = absl::Seconds(n.as<int>()); });
  };
  const auto number = [](int& into) { return Setter([&into](const YAML::Node& n) { into = n.as<int>(); }); };
  return {{"listen", text(c.listen)},
          {"port_file", path(c.port_file)},
          {"certificate", path(c.certificate)},
          {"key", path(c.key)},
          {"ca", path(c.ca)},
          {"trust_domain", text(c.trust_domain)},
          {"crl", path(c.crl)},
          {"database", path(c.database)},
          {"backup_keys", path(c.backup_keys)},
          {"backup_lifetime_seconds", seconds(c.backup_lifetime)},
          {"log_key", path(c.log_key)},
          {"next_log_key", path(c.next_log_key)},
          {"log_keys", path(c.log_keys)},
          {"origin", text(c.origin)},
          {"index_key", path(c.index_key)},
          {"earlier_index_keys", paths(c.earlier_index_keys)},
          {"policy", path(c.policy)},
          {"signatories", path(c.signatories)},
          {"anchors", path(c.anchors)},
          {"quorum", path(c.quorum)},
          {"operator", text(c.operator_agency)},
          {"witness_limit_seconds", seconds(c.witness_limit)},
          {"bundle_quorum", number(c.bundle_quorum)},
          {"metrics", text(c.metrics)},
          {"reflection", [&c](const YAML::Node& n) { c.reflection = n.as<bool>(); }},
          {"unit_octets", size(c.limits.unit_octets)},
          {"share_octets", size(c.limits.share_octets)},
          {"recipients", number(c.limits.recipients)},
          {"subjects", number(c.limits.subjects)},
          {"holders_a_day", [&c](const YAML::Node& n) { c.limits.holders_a_day = n.as<uint32_t>(); }},
          {"clock_skew_seconds", seconds(c.limits.clock_skew)},
          {"workers", size(c.workers)},
          {"most_waiting_calls", size(c.most_waiting_calls)},
          {"most_outstanding", size(c.most_outstanding)},
          {"most_waiting_octets", size(c.most_waiting_octets)},
          {"memory_octets", size(c.memory_octets)},
          {"most_connection_streams", number(c.most_connection_streams)},
          {"longest_connection_seconds", seconds(c.longest_connection)},
          {"shutdown_grace_seconds", seconds(c.shutdown_grace)}};
}

void Require(const Configuration& c, std::vector<std::string>& wrong) {
  const std::pair<const char*, const std::string*> needed[] = {{"certificate", &c.certificate},
                                                               {"key", &c.key},
                                                               {"ca", &c.ca},
                                                               {"crl", &c.crl},
                                                               {"database", &c.database},
                                                               {"log_key", &c.log_key},
                                                               {"origin", &c.origin},
                                                               {"index_key", &c.index_key},
                                                               {"policy", &c.policy},
                                                               {"signatories", &c.signatories},
                                                               {"anchors", &c.anchors},
                                                               {"quorum", &c.quorum}};
  for (const auto& [key, value] : needed) {
    if (value->empty()) wrong.push_back(absl::StrCat("`", key, "` is missing"));
  }
  if (c.bundle_quorum < 1) wrong.emplace_back("`bundle_quorum` is at least 1");
  if (c.witness_limit < absl::Seconds(1)) wrong.emplace_back("`witness_limit_seconds` is at least 1");
  if (c.backup_lifetime < absl::Seconds(1)) wrong.emplace_back("`backup_lifetime_seconds` is at least 1");
  if (c.workers < 1) wrong.emplace_back("`workers` is at least 1");
}

}  // namespace

absl::StatusOr<Configuration> ReadConfiguration(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string yaml, trust::ReadFile(path, 1 << 20));
  Configuration configuration;
  std::vector<std::string> wrong;
  const std::map<std::string, Setter> setters = Setters(configuration, fs::absolute(path).parent_path());
  try {  // yaml-cpp reports by exception; none leaves this function.
    for (const auto& item : YAML::Load(yaml)) {
      const auto key = item.first.as<std::string>();
      const auto setter = setters.find(key);
      if (setter == setters.end()) {
        wrong.push_back(absl::StrCat("`", key, "` is not a key"));
        continue;
      }
      try {
        setter->second(item.second);
      } catch (const YAML::Exception&) {
        wrong.push_back(absl::StrCat("`", key, "` has a value of the wrong kind"));
      }
    }
  } catch (const YAML::Exception& error) {
    wrong.push_back(absl::StrCat("not YAML: ", error.what()));
  }
  Require(configuration, wrong);
  if (configuration.backup_keys.empty())
    configuration.backup_keys = (fs::path(configuration.database).parent_path() / "backup-keys").string();
  if (!wrong.empty())
    return absl::InvalidArgumentError(absl::StrCat("configuration `", path, "`: ", absl::StrJoin(wrong, "; ")));
  return configuration;
}

}  // namespace derwent::server
