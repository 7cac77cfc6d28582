#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "derwent/v1/message.pb.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/record.pb.h"
#include "trust/base/digest.h"
#include "trust/identity/key_event.h"
#include "trust/signature/signing_key.h"

namespace derwent::agents {

// What a recipient knows for itself when it opens a package. Borrowed for the call.
struct OpenContext {
  std::string own_agency;
  // The sender's keys, followed from its pinned first key.
  const trust::KeyHistory* sender = nullptr;
  // Own sealing keys by key id.
  std::function<const trust::SigningKey*(absl::string_view key_id)> sealing_key;
  // True for the digest of a bundle that this agent verified itself.
  std::function<bool(absl::string_view policy_digest)> policy_known;
  // The closed list of obligations of that bundle.
  const std::set<std::string>* obligations = nullptr;
  absl::Time now;
};

// One unit whose label holds.
struct VerifiedUnit {
  uint32_t number = 0;
  uint32_t subject = 0;
  v1::UnitContent content;
};

// A package that verified. Units in `mislabelled` are not among `units`: what they held is handed to nobody.
struct OpenedPackage {
  v1::Manifest manifest;
  Sha256Digest manifest_digest;
  std::vector<VerifiedUnit> units;
  std::vector<uint32_t> mislabelled;
  std::map<uint32_t, std::string> justifications;  // By subject.
  // Of an answer or supplement.
  std::vector<v1::CategoryAnswer> answers;
  std::vector<std::string> excluded_persons;
  std::vector<std::string> only_persons;
};

// Why a package was not opened. `why` holds no personal data.
struct Rejection {
  v1::NoticeKind kind = v1::NOTICE_KIND_PACKAGE_REJECTED;
  std::string why;
  Sha256Digest manifest_digest;
};

using OpenResult = std::variant<OpenedPackage, Rejection>;

// The manifest as the package states it, unverified: for finding the sender's keys. Error: kInvalidArgument.
absl::StatusOr<v1::Manifest> PeekManifest(const v1::Package& package);

// Verifies everything, in this order: sender's signature by a key traced to its pinned first one, recipient, kind, age,
// policy digest, obligations, ring and ciphertext digests, ring, key commitments, justifications, units with their
// labels. Never returns part of a package that failed, but for units whose label is false.
OpenResult OpenPackage(const v1::Package& package, const OpenContext& context);

}  // namespace derwent::agents
