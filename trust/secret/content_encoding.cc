#include "trust/secret/content_encoding.h"

#include <cstdint>
#include <istream>
#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"
#include "trust/secret/aead.h"
#include "trust/secret/hkdf.h"

namespace derwent::trust {
namespace {

constexpr size_t kSaltSize = 16;
constexpr uint32_t kLeastRecord = kAeadTagSize + 2;
constexpr uint32_t kLargestRecord = 16U << 20;  // Ours: what one record may take of memory.
// RFC 8188 section 2: the octet behind a record's content.
constexpr char kMoreFollows = 1;
constexpr char kLast = 2;

std::string Big(uint64_t value, int octets) {
  std::string text;
  for (int shift = 8 * (octets - 1); shift >= 0; shift -= 8) text.push_back(static_cast<char>(value >> shift & 0xff));
  return text;
}

// Key and nonces of one header, RFC 8188 sections 2.2 and 2.3.
class Records {
 public:
  static absl::StatusOr<Records> Of(const SecretBytes& key, const std::string& salt) {
    ASSIGN_OR_RETURN(const SecretBytes extracted, HkdfExtract(salt, key));
    ASSIGN_OR_RETURN(SecretBytes content,
                     HkdfExpand(extracted, absl::string_view("Content-Encoding: aes128gcm\0", 28), kAead128KeySize));
    ASSIGN_OR_RETURN(SecretBytes nonce,
                     HkdfExpand(extracted, absl::string_view("Content-Encoding: nonce\0", 24), kAeadNonceSize));
    return Records(std::move(content), std::move(nonce));
  }

  absl::StatusOr<std::string> Seal(absl::string_view plaintext) {
    return Aead128Seal(key_, NextNonce(), "", plaintext);
  }
  absl::StatusOr<std::string> Open(absl::string_view sealed) { return Aead128Open(key_, NextNonce(), "", sealed); }

 private:
  Records(SecretBytes key, SecretBytes nonce) : key_(std::move(key)), nonce_(std::move(nonce)) {}

  std::string NextNonce() {
    std::string nonce(nonce_.RevealForCrypto());
    const std::string number = Big(number_++, 8);
    for (size_t i = 0; i < number.size(); ++i) nonce[nonce.size() - number.size() + i] ^= number[i];
    return nonce;
  }

  SecretBytes key_;
  SecretBytes nonce_;
  uint64_t number_ = 0;
};

// Up to `size` octets; fewer at the end only.
absl::StatusOr<std::string> Read(std::istream& from, size_t size) {
  std::string octets(size, '\0');
  from.read(octets.data(), static_cast<std::streamsize>(size));
  if (from.bad()) return absl::UnavailableError("the content cannot be read");
  octets.resize(static_cast<size_t>(from.gcount()));
  return octets;
}

absl::Status Write(std::ostream& to, absl::string_view octets) {
  to.write(octets.data(), static_cast<std::streamsize>(octets.size()));
  return to.good() ? absl::OkStatus() : absl::UnavailableError("the content cannot be written");
}

bool AtEnd(std::istream& from) { return from.peek() == std::istream::traits_type::eof(); }

// Takes the delimiter and any padding off a record.
absl::Status TakeOff(std::string& record, bool last) {
  while (!record.empty() && record.back() == '\0') record.pop_back();
  if (record.empty() || record.back() != (last ? kLast : kMoreFollows))
    return absl::DataLossError("the sealed content was cut, or its records are not as RFC 8188 has them");
  record.pop_back();
  return absl::OkStatus();
}

absl::StatusOr<ContentHeader> ReadHeader(std::istream& from) {
  ASSIGN_OR_RETURN(const std::string fixed, Read(from, kSaltSize + 5));
  if (fixed.size() != kSaltSize + 5) return absl::DataLossError("the sealed content is shorter than its header");
  ContentHeader header{.salt = fixed.substr(0, kSaltSize), .record = 0, .key_id = ""};
  for (size_t i = 0; i < 4; ++i) header.record = header.record << 8 | static_cast<uint8_t>(fixed[kSaltSize + i]);
  if (header.record < kLeastRecord || header.record > kLargestRecord)
    return absl::DataLossError("the sealed content's record size cannot be");
  const auto id = static_cast<uint8_t>(fixed.back());
  ASSIGN_OR_RETURN(header.key_id, Read(from, id));
  if (header.key_id.size() != id) return absl::DataLossError("the sealed content is shorter than its header");
  return header;
}

}  // namespace

absl::Status SealContent(const SecretBytes& key, const ContentHeader& header, std::istream& from, std::ostream& to) {
  if (header.salt.size() != kSaltSize || header.key_id.size() > 255 || header.record < kLeastRecord ||
      header.record > kLargestRecord)
    return absl::InvalidArgumentError("salt 16 octets, key id 255 at most, record 18 to 16 MiB");
  ASSIGN_OR_RETURN(Records records, Records::Of(key, header.salt));
  RETURN_IF_ERROR(
      Write(to, absl::StrCat(header.salt, Big(header.record, 4), Big(header.key_id.size(), 1), header.key_id)));
  for (bool last = false; !last;) {
    ASSIGN_OR_RETURN(std::string record, Read(from, header.record - kAeadTagSize - 1));
    last = AtEnd(from);
    record.push_back(last ? kLast : kMoreFollows);
    ASSIGN_OR_RETURN(const std::string sealed, records.Seal(record));
    RETURN_IF_ERROR(Write(to, sealed));
  }
  return absl::OkStatus();
}

absl::Status OpenContent(absl::FunctionRef<absl::StatusOr<SecretBytes>(absl::string_view key_id)> key_of,
                         std::istream& from, std::ostream& to) {
  ASSIGN_OR_RETURN(const ContentHeader header, ReadHeader(from));
  ASSIGN_OR_RETURN(const SecretBytes key, key_of(header.key_id));
  ASSIGN_OR_RETURN(Records records, Records::Of(key, header.salt));
  for (bool last = false; !last;) {
    ASSIGN_OR_RETURN(const std::string sealed, Read(from, header.record));
    last = AtEnd(from);
    ASSIGN_OR_RETURN(std::string record, records.Open(sealed));
    RETURN_IF_ERROR(TakeOff(record, last));
    RETURN_IF_ERROR(Write(to, record));
  }
  return absl::OkStatus();
}

}  // namespace derwent::trust
