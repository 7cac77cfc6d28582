#include "trust/note/note.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/base/utf8.h"
#include "trust/note/cosignature.h"
#include "trust/note/lines.h"
#include "trust/secret/sha256.h"

namespace derwent::trust {
namespace {

constexpr char kDash[] = "\xE2\x80\x94 ";

uint32_t BigEndian32(absl::string_view octets) {
  uint32_t value = 0;
  for (const char c : octets.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::string FromBigEndian32(uint32_t value) {
  std::string octets;
  for (int shift = 24; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(value >> shift & 0xff));
  return octets;
}

// Non-empty, no plus sign, no white space (ASCII, or Unicode's in their UTF-8 forms), no control character of a note.
bool IsKeyName(absl::string_view name) {
  if (name.empty() || absl::StrContains(name, '+')) return false;
  for (const char c : name) {
    if (static_cast<uint8_t>(c) <= 0x20) return false;
  }
  for (const char* space : {"\xC2\x85", "\xC2\xA0", "\xE1\x9A\x80", "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF",
                            "\xE2\x81\x9F", "\xE3\x80\x80"}) {
    if (absl::StrContains(name, space)) return false;
  }
  for (char last = '\x80'; last <= '\x8A'; ++last) {
    if (absl::StrContains(name, std::string("\xE2\x80") + last)) return false;
  }
  return true;
}

uint32_t KeyId(absl::string_view name, uint8_t type, absl::string_view public_key) {
  const auto type_octet = static_cast<char>(type);
  return BigEndian32(Sha256Parts({name, "\n", absl::string_view(&type_octet, 1), public_key}).view());
}

bool IsKnownType(uint8_t type) { return VerifierKey{.type = type}.IsKnown(); }

// A key of a type that is not known here. How its id follows from it is not known either (0x02 hashes a SPKI).
absl::StatusOr<VerifierKey> Foreign(absl::string_view name, absl::string_view id, uint8_t type,
                                    absl::string_view public_key) {
  if (!IsKeyName(name))
    return absl::InvalidArgumentError("a verifier key's name is empty or holds a space or a plus sign");
  if (public_key.empty()) return absl::InvalidArgumentError("a verifier key's key is empty");
  const absl::StatusOr<std::string> octets = HexDecode(id);
  if (!octets.ok() || octets->size() != sizeof(uint32_t))
    return absl::InvalidArgumentError("a verifier key's id is 8 lowercase hexadecimal digits");
  return VerifierKey{
      .name = std::string(name), .key_id = BigEndian32(*octets), .type = type, .public_key = std::string(public_key)};
}

constexpr char kWhat[] = "note";

// The line that an octet of the text stands on, counted from 1.
size_t LineAt(absl::string_view text, size_t octet) {
  return 1 + static_cast<size_t>(std::ranges::count(text.substr(0, octet), '\n'));
}

absl::StatusOr<NoteSignature> ParseLine(absl::string_view line, size_t number) {
  const auto refuse = [&](absl::string_view rule) { return RefuseLine(number, kWhat, rule); };
  if (!absl::StartsWith(line, kDash)) return refuse("it is no signature, which begins with an em dash and a space");
  const std::vector<absl::string_view> parts = absl::StrSplit(line.substr(sizeof kDash - 1), ' ');
  if (parts.size() != 2 || !IsKeyName(parts[0])) return refuse("a signature is a key name, a space and base64");
  const absl::StatusOr<std::string> octets = Base64Decode(parts[1]);
  if (!octets.ok() || octets->size() < 5) return refuse("its signature is not canonical base64 of a key id and more");
  return NoteSignature{.name = std::string(parts[0]), .key_id = BigEndian32(*octets), .signature = octets->substr(4)};
}

absl::Status VerifyOne(const NoteSignature& signature, const VerifierKey& key, absl::string_view text) {
  if (key.type == kNoteCosignature) return VerifyCosignature(signature.signature, key.public_key, text);
  return Ed25519Verify(key.public_key, text, signature.signature);
}

}  // namespace

absl::StatusOr<VerifierKey> VerifierKey::Make(absl::string_view name, uint8_t type, absl::string_view public_key) {
  if (!IsKeyName(name))
    return absl::InvalidArgumentError("a verifier key's name is empty or holds a space or a plus sign");
  if (!IsKnownType(type)) return absl::InvalidArgumentError("a verifier key's type is not known");
  if (public_key.size() != kEd25519PublicKeySize)
    return absl::InvalidArgumentError("an Ed25519 verifier key is 32 octets long");
  return VerifierKey{.name = std::string(name),
                     .key_id = KeyId(name, type, public_key),
                     .type = type,
                     .public_key = std::string(public_key)};
}

absl::StatusOr<VerifierKey> VerifierKey::Parse(absl::string_view vkey) {
  const std::vector<absl::string_view> parts = absl::StrSplit(vkey, absl::MaxSplits('+', 2));
  if (parts.size() != 3) return absl::InvalidArgumentError("a verifier key has the form name+id+key");
  ASSIGN_OR_RETURN(const std::string octets, Base64Decode(parts[2]));
  absl::string_view public_key = octets;
  if (public_key.empty()) return absl::InvalidArgumentError("a verifier key's key is empty");
  const auto type = static_cast<uint8_t>(public_key.front());
  public_key.remove_prefix(1);
  if (!IsKnownType(type)) return Foreign(parts[0], parts[1], type, public_key);
  ASSIGN_OR_RETURN(VerifierKey key, Make(parts[0], type, public_key));
  if (parts[1] != absl::StrFormat("%08x", key.key_id))
    return absl::InvalidArgumentError("a verifier key's id is not that of its key");
  return key;
}

std::string VerifierKey::ToString() const {
  return absl::StrCat(name, "+", absl::StrFormat("%08x", key_id), "+",
                      Base64Encode(absl::StrCat(std::string(1, static_cast<char>(type)), public_key)));
}

absl::StatusOr<Note> Note::Parse(absl::string_view note) {
  if (note.size() > kMaxNoteSize) return absl::InvalidArgumentError("the note is over 1 MiB");
  if (!IsUtf8(note)) return absl::InvalidArgumentError("the note is not UTF-8");
  for (size_t i = 0; i < note.size(); ++i) {
    if (static_cast<uint8_t>(note[i]) < 0x20 && note[i] != '\n')
      return RefuseLine(LineAt(note, i), kWhat, "it holds a control character");
  }
  const size_t split = note.rfind("\n\n");
  const size_t last = LineAt(note, note.size());
  if (split == absl::string_view::npos) return RefuseLine(last, kWhat, "no blank line with signatures after it came");
  absl::string_view block = note.substr(split + 2);
  if (block.empty()) return RefuseLine(last, kWhat, "no signature follows the blank line");
  if (block.back() != '\n') return RefuseLine(last, kWhat, "it does not end in a newline");
  block.remove_suffix(1);
  Note parsed{.text = std::string(note.substr(0, split + 1)), .signatures = {}};
  size_t number = LineAt(note, split + 2);
  for (const absl::string_view line : absl::StrSplit(block, '\n')) {
    if (parsed.signatures.size() == kMaxNoteSignatures)
      return RefuseLine(number, kWhat, absl::StrCat("it is a signature over the ", kMaxNoteSignatures, " allowed"));
    ASSIGN_OR_RETURN(NoteSignature signature, ParseLine(line, number++));
    parsed.signatures.push_back(std::move(signature));
  }
  return parsed;
}

std::string SignatureLine(const NoteSignature& signature) {
  return absl::StrCat(kDash, signature.name, " ",
                      Base64Encode(absl::StrCat(FromBigEndian32(signature.key_id), signature.signature)), "\n");
}

std::string Note::ToString() const {
  std::string note = absl::StrCat(text, "\n");
  for (const NoteSignature& signature : signatures) note += SignatureLine(signature);
  return note;
}

absl::StatusOr<NoteSignature> SignNote(absl::string_view text, absl::string_view name, const Ed25519Key& key) {
  if (text.empty() || text.back() != '\n') return absl::InvalidArgumentError("a note's text ends in a newline");
  ASSIGN_OR_RETURN(const VerifierKey verifier, VerifierKey::Make(name, kNoteEd25519, key.public_key()));
  ASSIGN_OR_RETURN(std::string signature, key.Sign(text));
  return NoteSignature{.name = verifier.name, .key_id = verifier.key_id, .signature = std::move(signature)};
}

absl::StatusOr<std::vector<VerifierKey>> KnownSigners(const Note& note, absl::Span<const VerifierKey> known) {
  std::vector<VerifierKey> verified;
  for (const VerifierKey& key : known) {
    if (!key.IsKnown()) continue;
    bool signed_by = false;
    size_t number = LineAt(note.text, note.text.size());  // The blank line.
    for (const NoteSignature& signature : note.signatures) {
      ++number;
      if (signature.name != key.name || signature.key_id != key.key_id) continue;
      if (const absl::Status verified = VerifyOne(signature, key, note.text); !verified.ok())
        return absl::UnauthenticatedError(absl::StrCat("line ", number, " of the note: the signature by `", key.name,
                                                       "` does not verify: ", verified.message()));
      signed_by = true;
    }
    if (signed_by) verified.push_back(key);
  }
  return verified;
}

absl::StatusOr<std::vector<VerifierKey>> VerifyNote(const Note& note, absl::Span<const VerifierKey> known) {
  ASSIGN_OR_RETURN(std::vector<VerifierKey> signers, KnownSigners(note, known));
  if (signers.empty()) return absl::UnauthenticatedError("no known key signed the note");
  return signers;
}

}  // namespace derwent::trust
