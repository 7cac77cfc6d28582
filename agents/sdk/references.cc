#include "agents/sdk/references.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"
#include "trust/secret/hmac.h"

namespace derwent::agents {
namespace {

absl::Status Wrong(absl::string_view type, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("an identifier of type `", type, "` ", rule));
}

bool Digits(absl::string_view text) { return !text.empty() && std::ranges::all_of(text, absl::ascii_isdigit); }

// `pattern`: `9` a digit, `A` a capital letter, all else itself.
bool Fits(absl::string_view text, absl::string_view pattern) {
  return text.size() == pattern.size() && std::ranges::equal(text, pattern, [](char c, char want) {
           return want == '9' ? absl::ascii_isdigit(c) : want == 'A' ? absl::ascii_isupper(c) : c == want;
         });
}

// Modulus 11 (NHS Data Dictionary).
absl::Status CheckNhs(absl::string_view value) {
  if (value.size() != 10 || !Digits(value)) return Wrong("nhs", "must have ten digits");
  if (std::ranges::all_of(value, [&](char c) { return c == value.front(); }))
    return Wrong("nhs", "must not repeat one digit");
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (value[static_cast<size_t>(i)] - '0') * (10 - i);
  const int check = (11 - sum % 11) % 11;
  if (check == 10 || value.back() - '0' != check) return Wrong("nhs", "has a wrong check digit");
  return absl::OkStatus();
}

// `YYYY/NNNNNNNL`: the letter at (two-digit year ‖ serial) mod 23.
absl::Status CheckPnc(absl::string_view value) {
  static constexpr absl::string_view kLetters = "ZABCDEFGHJKLMNPQRTUVWXY";
  if (!Fits(value, "9999/9999999A")) return Wrong("pnc", "must be written `YYYY/NNNNNNNL`");
  int64_t number = 0;
  for (const char c : absl::StrCat(value.substr(2, 2), value.substr(5, 7))) number = number * 10 + (c - '0');
  if (kLetters[static_cast<size_t>(number % 23)] != value.back()) return Wrong("pnc", "has a wrong check letter");
  return absl::OkStatus();
}

absl::Status CheckForm(const CanonicalIdentifier& identifier) {
  const absl::string_view value = identifier.value;
  if (identifier.type == "nhs") return CheckNhs(value);
  if (identifier.type == "pnc") return CheckPnc(value);
  bool fits = false;
  if (identifier.type == "cro") fits = Fits(value, "999999/99A");
  if (identifier.type == "crn") fits = Fits(value, "A999999") || Fits(value, "AA999999");
  if (identifier.type == "noms") fits = Fits(value, "A9999AA");
  if (identifier.type == "upn") fits = Fits(value, "A999999999999");
  if (identifier.type == "nino") fits = Fits(value, "AA999999A");
  return fits ? absl::OkStatus() : Wrong(identifier.type, "does not have its form, or the type is not known");
}

std::string TypeWord(v1::IdentifierType type) {
  switch (type) {
    case v1::IDENTIFIER_TYPE_NHS:
      return "nhs";
    case v1::IDENTIFIER_TYPE_PNC:
      return "pnc";
    case v1::IDENTIFIER_TYPE_CRO:
      return "cro";
    case v1::IDENTIFIER_TYPE_CRN:
      return "crn";
    case v1::IDENTIFIER_TYPE_NOMS:
      return "noms";
    case v1::IDENTIFIER_TYPE_UPN:
      return "upn";
    case v1::IDENTIFIER_TYPE_NINO:
      return "nino";
    default:
      return "";  // Local to one agency: no other could compute it.
  }
}

}  // namespace

absl::StatusOr<CanonicalIdentifier> ParseIdentifier(absl::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  if (parts.size() != 2) return absl::InvalidArgumentError("an identifier must be written `<type>:<value>`");
  CanonicalIdentifier identifier{.type = parts[0]};
  for (const char c : parts[1]) {
    if (c != ' ' && c != '-') identifier.value.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  RETURN_IF_ERROR(CheckForm(identifier));
  return identifier;
}

std::string SubjectReference(const trust::SecretBytes& enclave_key, const CanonicalIdentifier& identifier) {
  const absl::string_view zero("\0", 1);
  return trust::HmacSha256(enclave_key, absl::StrCat("derwent/ref/v1", zero, identifier.type, zero, identifier.value))
      .bytes();
}

std::vector<std::string> ReferencesOf(const v1::CaseRecord& record, const trust::SecretBytes& enclave_key) {
  std::set<std::string> references;
  for (const v1::IdentifierFact& fact : record.identifier().facts()) {
    if (fact.check() != v1::IDENTIFIER_CHECK_PASSED && fact.check() != v1::IDENTIFIER_CHECK_VERIFIED) continue;
    const std::string type = TypeWord(fact.type());
    if (type.empty()) continue;
    const absl::StatusOr<CanonicalIdentifier> identifier = ParseIdentifier(absl::StrCat(type, ":", fact.value()));
    if (identifier.ok() && references.size() < kMaxReferences)
      references.insert(SubjectReference(enclave_key, *identifier));
  }
  return {references.begin(), references.end()};
}

}  // namespace derwent::agents
