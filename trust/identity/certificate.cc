#include "trust/identity/certificate.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

absl::StatusOr<SpiffeId> OnlyUriName(X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string uri;
  int count = 0;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    ++count;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier)),
               static_cast<size_t>(ASN1_STRING_length(name->d.uniformResourceIdentifier)));
  }
  if (count != 1) return absl::InvalidArgumentError("the certificate has not exactly one URI name");
  return SpiffeId::Parse(uri);
}

absl::StatusOr<PublicKey> KeyOf(X509* certificate) {
  unsigned char* octets = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &octets);
  if (size <= 0) return OpensslError("the certificate holds no key", absl::StatusCode::kInvalidArgument);
  const std::string der(reinterpret_cast<char*>(octets), static_cast<size_t>(size));
  OPENSSL_free(octets);
  return PublicKey::FromSpkiDer(der);
}

}  // namespace

std::string SerialHex(const ASN1_INTEGER* serial) {
  const std::unique_ptr<BIGNUM, Freed<BN_free>> number(ASN1_INTEGER_to_BN(serial, nullptr));
  char* text = number == nullptr ? nullptr : BN_bn2hex(number.get());
  std::string hex = text == nullptr ? "" : absl::AsciiStrToLower(text);
  OPENSSL_free(text);
  return hex;
}

absl::Time FromAsn1Time(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::StatusOr<Certificate> Certificate::FromHandle(X509Handle handle) {
  if (handle == nullptr) return OpensslError("not an X.509 certificate", absl::StatusCode::kInvalidArgument);
  ASSIGN_OR_RETURN(SpiffeId id, OnlyUriName(handle.get()));
  ASSIGN_OR_RETURN(PublicKey key, KeyOf(handle.get()));
  Certificate certificate(std::shared_ptr<X509>(std::move(handle)), std::move(id), std::move(key));
  certificate.serial_ = SerialHex(X509_get0_serialNumber(certificate.handle()));
  certificate.not_before_ = FromAsn1Time(X509_get0_notBefore(certificate.handle()));
  certificate.not_after_ = FromAsn1Time(X509_get0_notAfter(certificate.handle()));
  unsigned char* octets = nullptr;
  const int size = i2d_X509(certificate.handle(), &octets);
  if (size <= 0) return OpensslError("cannot encode a certificate");
  certificate.der_.assign(reinterpret_cast<char*>(octets), static_cast<size_t>(size));
  OPENSSL_free(octets);
  return certificate;
}

absl::StatusOr<Certificate> Certificate::FromDer(absl::string_view der) {
  const unsigned char* next = Octets(der);
  X509Handle handle(d2i_X509(nullptr, &next, static_cast<int64_t>(der.size())));
  if (handle != nullptr && next != Octets(der) + der.size())
    return absl::InvalidArgumentError("octets follow the certificate");
  return FromHandle(std::move(handle));
}

absl::StatusOr<Certificate> Certificate::FromPem(absl::string_view pem) {
  // OpenSSL skips anything before the first header, so that is checked here.
  if (!absl::StartsWith(absl::StripLeadingAsciiWhitespace(pem), "-----BEGIN CERTIFICATE-----")) {
    return absl::InvalidArgumentError("not a certificate in PEM");
  }
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return FromHandle(X509Handle(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)));
}

}  // namespace derwent::trust
