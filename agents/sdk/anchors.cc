#include "agents/sdk/anchors.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

absl::Status In(const std::string& file, const absl::Status& status) {
  return {status.code(), absl::StrCat("`", file, "`: ", status.message())};
}

template <typename T>
absl::StatusOr<T> In(const std::string& file, absl::StatusOr<T> result) {
  if (!result.ok()) return In(file, result.status());
  return result;
}

absl::StatusOr<std::map<std::string, std::string>> ParseFirstKeys(const std::string& json) {
  google::protobuf::Struct object;
  if (!google::protobuf::util::JsonStringToMessage(json, &object).ok()) {
    return absl::InvalidArgumentError("is not a JSON object of agency ids and key ids");
  }
  std::map<std::string, std::string> keys;
  for (const auto& [agency, key] : object.fields()) {
    RETURN_IF_ERROR(Sha256Digest::FromHex(key.string_value()).status());
    keys[agency] = key.string_value();
  }
  if (keys.empty()) return absl::InvalidArgumentError("names no agency");
  return keys;
}

}  // namespace

absl::Status TrustAnchors::CheckFresh(absl::Time now) const {
  if (now < revoked.next_update()) return absl::OkStatus();
  return absl::UnauthenticatedError("the list of revoked certificates is out of date");
}

absl::StatusOr<TrustAnchors> TrustAnchors::Load(const AnchorFiles& files, absl::Time now) {
  ASSIGN_OR_RETURN(const std::string ca, trust::ReadFile(files.ca));
  ASSIGN_OR_RETURN(const std::string crl, trust::ReadFile(files.crl));
  ASSIGN_OR_RETURN(const std::string first_keys, trust::ReadFile(files.first_keys));
  ASSIGN_OR_RETURN(const std::string log_key, trust::ReadFile(files.log_key));
  ASSIGN_OR_RETURN(trust::Authority authority, In(files.ca, trust::Authority::FromPem(ca, files.trust_domain)));
  ASSIGN_OR_RETURN(trust::RevocationSet revoked, In(files.crl, trust::RevocationSet::FromPem(crl, authority, now)));
  ASSIGN_OR_RETURN(auto keys, In(files.first_keys, ParseFirstKeys(first_keys)));
  ASSIGN_OR_RETURN(trust::LogKeys log_keys, In(files.log_key, trust::LogKeys::Parse(log_key)));
  return TrustAnchors{.authority = std::move(authority),
                      .revoked = std::move(revoked),
                      .first_keys = std::move(keys),
                      .log_keys = std::move(log_keys),
                      .digest = trust::Sha256Parts({trust::Sha256(ca).view(), trust::Sha256(crl).view(),
                                                    trust::Sha256(first_keys).view(), trust::Sha256(log_key).view()})
                                    .bytes()};
}

}  // namespace derwent::agents
