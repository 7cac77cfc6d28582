#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "policy/loader/problem.h"
#include "policy/loader/signatures.h"
#include "trust/base/digest.h"

namespace derwent::policy {

inline constexpr char kActivationPath[] = "signatures/activation.dsse.json";
inline constexpr char kActivatorPath[] = "signatures/activation.pem";  // Certificate of who signed it.

// SHA-256 over lines `<sha256 hex>  <path>\n` of all files, signatures and notices too, sorted by path; but for the
// activation and its signer's certificate.
Sha256Digest ContentDigest(const Files& files);

// The number under which a signatory activated exactly these files; 0: there is no activation. Errors:
// kUnauthenticated, kInvalidArgument the activation is not good; kDataLoss it is of other files.
absl::StatusOr<int64_t> ActivatedRevision(const Files& files, const TrustRoots& roots, absl::Time now);

}  // namespace derwent::policy
