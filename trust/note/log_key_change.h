#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "trust/note/note.h"
#include "trust/signature/ed25519.h"

namespace derwent::trust {

// What a log's key is followed by: the body of a public entry of kind 0x03 that begins with kLogKeyChange. A C2SP
// signed note, signed by both keys, so that neither can be put in the other's place:
//
//   derwent.log-key/v1
//   before <vkey>
//   after <vkey>
struct LogKeyChange {
  VerifierKey before;
  VerifierKey after;
};
inline constexpr absl::string_view kLogKeyChange = "derwent.log-key/v1\n";

// `origin` is the name of both keys. Error: kInvalidArgument both keys are the same, or the origin names no key.
absl::StatusOr<std::string> SignLogKeyChange(absl::string_view origin, const Ed25519Key& before,
                                             const Ed25519Key& after);
// Verifies it: the key before is one of `known`, and both signed. Errors: kInvalidArgument malformed; kUnauthenticated.
absl::StatusOr<LogKeyChange> OpenLogKeyChange(absl::string_view note, absl::Span<const VerifierKey> known);

}  // namespace derwent::trust
