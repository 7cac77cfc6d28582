#include "trust/note/cosignature.h"

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

constexpr size_t kTimeSize = 8;

std::string Message(int64_t seconds, absl::string_view body) {
  return absl::StrCat("cosignature/v1\ntime ", seconds, "\n", body);
}

}  // namespace

absl::StatusOr<NoteSignature> Cosign(absl::string_view body, absl::string_view name, const Ed25519Key& key,
                                     absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  if (seconds <= 0) return absl::InvalidArgumentError("a cosignature's time is after 1970");
  ASSIGN_OR_RETURN(const VerifierKey verifier, VerifierKey::Make(name, kNoteCosignature, key.public_key()));
  ASSIGN_OR_RETURN(const std::string signature, key.Sign(Message(seconds, body)));
  std::string octets;
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(seconds >> shift & 0xff));
  return NoteSignature{.name = verifier.name, .key_id = verifier.key_id, .signature = octets + signature};
}

absl::StatusOr<absl::Time> CosignatureTime(absl::string_view signature) {
  if (signature.size() != kTimeSize + kEd25519SignatureSize)
    return absl::InvalidArgumentError("a cosignature is 72 octets long");
  uint64_t seconds = 0;
  for (const char c : signature.substr(0, kTimeSize)) seconds = seconds << 8 | static_cast<uint8_t>(c);
  if (seconds == 0) return absl::InvalidArgumentError("a cosignature's time is 0");
  if (seconds > static_cast<uint64_t>(INT64_MAX))
    return absl::InvalidArgumentError("a cosignature's time is over 2^63 - 1");
  return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

absl::Status VerifyCosignature(absl::string_view signature, absl::string_view public_key, absl::string_view body) {
  ASSIGN_OR_RETURN(const absl::Time time, CosignatureTime(signature));
  return Ed25519Verify(public_key, Message(absl::ToUnixSeconds(time), body), signature.substr(kTimeSize));
}

}  // namespace derwent::trust
