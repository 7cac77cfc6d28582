#include "broker/server/trust_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::server {

absl::Status InFile(absl::string_view key, absl::string_view path, const absl::Status& status) {
  return {status.code(), absl::StrCat(key, " `", path, "`: ", status.message())};
}

absl::StatusOr<std::shared_ptr<const trust::Authority>> ReadAuthority(const Configuration& configuration) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(configuration.ca));
  absl::StatusOr<trust::Authority> authority = trust::Authority::FromPem(pem, configuration.trust_domain);
  if (!authority.ok()) return InFile("ca", configuration.ca, authority.status());
  return std::make_shared<const trust::Authority>(*std::move(authority));
}

absl::StatusOr<std::shared_ptr<const trust::RevocationSet>> ReadRevocations(const Configuration& configuration,
                                                                            const trust::Authority& authority,
                                                                            absl::Time now) {
  ASSIGN_OR_RETURN(const std::string pem, trust::ReadFile(configuration.crl));
  absl::StatusOr<trust::RevocationSet> revoked = trust::RevocationSet::FromPem(pem, authority, now);
  if (!revoked.ok()) return InFile("crl", configuration.crl, revoked.status());
  return std::make_shared<const trust::RevocationSet>(*std::move(revoked));
}

absl::StatusOr<trust::LogKeys> ReadLogKeys(const Configuration& configuration, const trust::VerifierKey& log_key) {
  if (configuration.log_keys.empty()) return trust::LogKeys(log_key);
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(configuration.log_keys, trust::kMaxNoteSize));
  absl::StatusOr<trust::LogKeys> keys = trust::LogKeys::Parse(text);
  if (keys.ok() && keys->current().ToString() != log_key.ToString())
    keys = absl::InvalidArgumentError(absl::StrCat("its first key is not that of `log_key`: ", log_key.ToString()));
  return keys.ok() ? keys : InFile("log_keys", configuration.log_keys, keys.status());
}

absl::StatusOr<std::shared_ptr<const witness::Quorum>> ReadQuorum(const Configuration& configuration,
                                                                  const trust::LogKeys& log_keys) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(configuration.quorum, trust::kMaxNoteSize));
  // A tenth of the limit is when somebody should look.
  absl::StatusOr<witness::Quorum> quorum =
      witness::Quorum::Make(text, log_keys, configuration.operator_agency,
                            {.amber = configuration.witness_limit / 10, .limit = configuration.witness_limit});
  if (!quorum.ok()) return InFile("quorum", configuration.quorum, quorum.status());
  return std::make_shared<const witness::Quorum>(*std::move(quorum));
}

absl::StatusOr<std::map<std::string, std::string>> ReadAnchors(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, trust::ReadFile(path, 1 << 20));
  google::protobuf::Struct object;
  if (!google::protobuf::util::JsonStringToMessage(json, &object).ok())
    return absl::InvalidArgumentError(absl::StrCat("anchors `", path, "`: not a JSON object"));
  std::map<std::string, std::string> anchors;
  for (const auto& [agency, value] : object.fields()) {
    if (!Sha256Digest::FromHex(value.string_value()).ok())
      return absl::InvalidArgumentError(
          absl::StrCat("anchors `", path, "`: `", agency, "` has no key id of 64 hex digits"));
    anchors[agency] = value.string_value();
  }
  return anchors;
}

absl::StatusOr<std::map<std::string, std::set<std::string>>> ReadSignatories(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(path, 1 << 20));
  std::map<std::string, std::set<std::string>> signatories;
  int number = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() != 2)
      return absl::InvalidArgumentError(
          absl::StrCat("signatories `", path, "`, line ", number, ": not `agency person-id`"));
    signatories[words[0]].insert(words[1]);
  }
  return signatories;
}

absl::StatusOr<exchange::World> ReadTrust(const Configuration& configuration, absl::Time now) {
  exchange::World world;
  world.limits = configuration.limits;
  world.bundle_quorum = configuration.bundle_quorum;
  ASSIGN_OR_RETURN(world.authority, ReadAuthority(configuration));
  ASSIGN_OR_RETURN(world.revoked, ReadRevocations(configuration, *world.authority, now));
  ASSIGN_OR_RETURN(world.anchors, ReadAnchors(configuration.anchors));
  ASSIGN_OR_RETURN(world.signatories, ReadSignatories(configuration.signatories));
  return world;
}

absl::StatusOr<std::shared_ptr<const policy::Bundle>> ReadBundle(const std::string& directory,
                                                                 const policy::TrustRoots& roots, absl::Time now) {
  ASSIGN_OR_RETURN(policy::Files files, policy::ReadBundleDirectory(directory));
  ASSIGN_OR_RETURN(std::unique_ptr<const policy::Bundle> bundle, policy::LoadBundle(std::move(files), roots, now));
  return std::shared_ptr<const policy::Bundle>(std::move(bundle));
}

}  // namespace derwent::server
