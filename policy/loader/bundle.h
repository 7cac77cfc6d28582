#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "policy/engine/decide.h"
#include "policy/engine/model.h"
#include "policy/loader/problem.h"
#include "policy/loader/signatures.h"

namespace derwent::policy {

// A bundle that was verified and compiled. Immutable, thread-safe.
struct Bundle {
  std::unique_ptr<const Policy> policy;
  std::unique_ptr<const Decider> decider = LinearDecider();  // Of `policy`; LoadBundle: by the index.
  Files files;                                               // As loaded, to be handed on.
  std::string policy_digest;                                 // SHA-256 of MANIFEST, 32 octets.
  std::string governance_digest;                             // SHA-256 over signatures and notices, 32 octets.
  std::string content_digest;                                // What an activation signs (activation.h), 32 octets.
  std::set<std::string> signed_by;                           // Agencies whose signatory signed the MANIFEST.
  int64_t revision = 0;           // As activated by a signatory; 0: as a broker's operator put it in place.
  std::vector<Problem> warnings;  // Signatures and notices that were not taken, with why; expiry ahead.
};

// Verifies and compiles, alike at the broker and at every agent: MANIFEST, its signatures by `bundle_quorum` agencies,
// the activation if there is one, the text, each agreement's signatures, the notices. A notice whose signature is good
// tightens; one that is not good is reported. Errors: kUnauthenticated for a missing or broken signature of the
// MANIFEST or of the activation; kDataLoss when MANIFEST or activation and files differ; kInvalidArgument a path
// of other characters (manifest.h), or every problem of the text.
absl::StatusOr<std::unique_ptr<const Bundle>> LoadBundle(Files files, const TrustRoots& roots, absl::Time now);

// Reads a bundle's directory: its text, MANIFEST, `signatures/`, `notices/`. Errors: kNotFound; kInvalidArgument over
// 32 MiB.
absl::StatusOr<Files> ReadBundleDirectory(const std::string& directory);

}  // namespace derwent::policy
