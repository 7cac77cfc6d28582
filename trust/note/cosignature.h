#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/note/note.h"

namespace derwent::trust {

// C2SP tlog-cosignature/v1 (type 0x04): 8 octets of POSIX seconds, big-endian, then 64 octets of Ed25519 over
// `cosignature/v1\ntime <seconds>\n` and the whole checkpoint body.

// Cosigns a checkpoint body at `time`, after 1970. Error: kInvalidArgument.
absl::StatusOr<NoteSignature> Cosign(absl::string_view body, absl::string_view name, const Ed25519Key& key,
                                     absl::Time time);
// Errors: kUnauthenticated when `signature` is not by `public_key` over `body`; those of CosignatureTime.
absl::Status VerifyCosignature(absl::string_view signature, absl::string_view public_key, absl::string_view body);
// When a cosignature says it was made. Error: kInvalidArgument unless 72 octets and 1 to 2^63 - 1 seconds.
absl::StatusOr<absl::Time> CosignatureTime(absl::string_view signature);

}  // namespace derwent::trust
