#include "policy/loader/activation.h"

#include <string>

#include "absl/strings/str_cat.h"

#include "derwent/v1/policy_change.pb.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::policy {

Sha256Digest ContentDigest(const Files& files) {
  std::string all;
  for (const auto& [path, content] : files) {
    if (path != kActivationPath && path != kActivatorPath)
      absl::StrAppend(&all, trust::Sha256(content).hex(), "  ", path, "\n");
  }
  return trust::Sha256(all);
}

absl::StatusOr<int64_t> ActivatedRevision(const Files& files, const TrustRoots& roots, absl::Time now) {
  const auto json = files.find(kActivationPath);
  if (json == files.end()) return 0;
  const auto pem = files.find(kActivatorPath);
  if (pem == files.end()) return absl::UnauthenticatedError("the activation comes without its signer's certificate");
  const absl::StatusOr<Signed> proven = VerifySignedBySignatory({.json = json->second, .certificate_pem = pem->second},
                                                                trust::kActivationType, roots, now);
  if (!proven.ok())
    return absl::UnauthenticatedError(absl::StrCat("the activation is not good: ", proven.status().message()));
  v1::PolicyActivation activation;
  if (!activation.ParseFromString(proven->payload) || activation.revision() < 1)
    return absl::InvalidArgumentError("the activation is malformed");
  if (activation.content_digest() != ContentDigest(files).view())
    return absl::DataLossError("the activation is of other files");
  return activation.revision();
}

}  // namespace derwent::policy
