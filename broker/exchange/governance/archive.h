#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/command/world.h"
#include "derwent/v1/dsse.pb.h"
#include "policy/loader/bundle.h"
#include "trust/base/digest.h"

// What was in force once, kept so that it can be shown and decided by again: bundles and directories, each file once,
// by its digest.

namespace derwent::exchange {

// Keeps the bundle; what is kept already costs one look.
absl::Status ArchiveBundle(const policy::Bundle& bundle, Batch& batch);
// The files of the bundle that the body of a `policy` entry says is in force; nullopt: not kept. Error: kDataLoss a
// kept file is not the one that was in force.
absl::StatusOr<std::optional<policy::Files>> FindBundle(absl::string_view in_force, store::Reader& reader);

// Keeps who could sign when the bundle of a `policy` entry's body came into force: whoever leaves the signatories signs
// nothing more, and what rests on their signature stays.
absl::Status ArchiveSignatories(absl::string_view in_force, const Signatories& signatories, Batch& batch);
// Likewise found; nullopt: not kept. Error: kDataLoss what is kept does not parse.
absl::StatusOr<std::optional<Signatories>> FindSignatories(absl::string_view in_force, store::Reader& reader);

absl::Status ArchiveDirectory(const Sha256Digest& payload, const v1::DsseEnvelope& envelope, Batch& batch);
// By the digest of its payload.
absl::StatusOr<std::optional<v1::DsseEnvelope>> FindDirectory(const Sha256Digest& payload, store::Reader& reader);

}  // namespace derwent::exchange
