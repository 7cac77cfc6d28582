#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

#include "trust/signature/ed25519.h"

namespace derwent::trust {

// C2SP signed-note. Types of signature this code knows; others are ignored, as the specification asks.
inline constexpr uint8_t kNoteEd25519 = 0x01;
inline constexpr uint8_t kNoteCosignature = 0x04;
inline constexpr size_t kMaxNoteSignatures = 256;  // Of every witness of a large quorum policy, and the log.
inline constexpr size_t kMaxNoteSize = 1 << 20;

// A key that verifies notes: `name+hex8(key id)+base64(type ‖ public key)`.
struct VerifierKey {
  std::string name;
  uint32_t key_id = 0;
  uint8_t type = kNoteEd25519;
  std::string public_key;  // 32 octets; of a type that this code does not know, as they came.

  // A key of another type parses too, so that a policy may name one: it verifies nothing here.
  // Errors: kInvalidArgument when malformed, or when the key id of a known type is not the key's.
  static absl::StatusOr<VerifierKey> Parse(absl::string_view vkey);
  // Errors: kInvalidArgument malformed or of an unknown type.
  static absl::StatusOr<VerifierKey> Make(absl::string_view name, uint8_t type, absl::string_view public_key);
  std::string ToString() const;
  // Whether this code knows how a key of its type signs.
  bool IsKnown() const { return type == kNoteEd25519 || type == kNoteCosignature; }
};

// One signature line, not verified.
struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string signature;
  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

// A note split into text (ends in a newline) and signature lines.
struct Note {
  std::string text;
  std::vector<NoteSignature> signatures;

  // Strict. Errors: kInvalidArgument, the line and rule: what the specification forbids, over 1 MiB, 256 lines.
  static absl::StatusOr<Note> Parse(absl::string_view note);
  std::string ToString() const;
};

// `— name base64(key id ‖ signature)\n`.
std::string SignatureLine(const NoteSignature& signature);

// Signs `text` (type 0x01).
absl::StatusOr<NoteSignature> SignNote(absl::string_view text, absl::string_view name, const Ed25519Key& key);

// The known keys that signed the note, each once, whatever the number of its lines; none when nobody known did.
// Error: kUnauthenticated naming the line of a known key that fails.
absl::StatusOr<std::vector<VerifierKey>> KnownSigners(const Note& note, absl::Span<const VerifierKey> known);
// The same, and at least one. Error: kUnauthenticated also when no known key signed.
absl::StatusOr<std::vector<VerifierKey>> VerifyNote(const Note& note, absl::Span<const VerifierKey> known);

}  // namespace derwent::trust
