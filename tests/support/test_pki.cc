#include "tests/support/test_pki.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/str_cat.h"

#include "trust/identity/certificate.h"

namespace derwent::testing {
namespace {

// Tests have no use for a PKI that could not be made.
void Must(bool done, const char* what) {
  if (done) return;
  std::cerr << "test PKI: " << what << "\n";
  std::abort();
}

template <typename Write>
std::string Text(Write write) {
  const trust::BioHandle bio(BIO_new(BIO_s_mem()));
  Must(write(bio.get()) == 1, "cannot write");
  char* octets = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &octets);
  return {octets, static_cast<size_t>(size)};
}

std::string Pem(X509* certificate) {
  return Text([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

void SetTime(ASN1_TIME* field, absl::Time time) { Must(ASN1_TIME_set(field, absl::ToTimeT(time)) != nullptr, "time"); }

void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Must(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1, "extension");
  X509_EXTENSION_free(extension);
}

trust::X509Handle Blank(uint64_t serial, EVP_PKEY* key, const std::string& name, absl::Time from, absl::Time until) {
  trust::X509Handle certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial);
  SetTime(X509_getm_notBefore(certificate.get()), from);
  SetTime(X509_getm_notAfter(certificate.get()), until);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             trust::Octets(absl::string_view(name)), static_cast<int>(name.size()), -1, 0);
  Must(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  return certificate;
}

}  // namespace

TestPki::TestPki(absl::Time now, Depth depth) : now_(now), root_(MakeAuthority("test root", nullptr)) {
  ca_pem_ = Pem(root_.certificate.get());
  if (depth == Depth::kRootAlone) return;
  issuing_ = MakeAuthority("test issuing", &root_);
  ca_pem_ += Pem(issuing_.certificate.get());
}

TestPki::Authority TestPki::MakeAuthority(const std::string& name, const Authority* above) {
  Authority made{.key = trust::EvpKey(EVP_EC_gen("P-256")), .certificate = nullptr};
  const uint64_t serial = above == nullptr ? 1 : 2;
  made.certificate = Blank(serial, made.key.get(), name, now_ - absl::Hours(24 * 365), now_ + absl::Hours(24 * 3650));
  X509* const certificate = made.certificate.get();
  X509* const issuer = above == nullptr ? certificate : above->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  Extend(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
  Extend(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
  Extend(certificate, issuer, NID_subject_key_identifier, "hash");
  Must(X509_sign(certificate, above == nullptr ? made.key.get() : above->key.get(), EVP_sha256()) > 0,
       "sign an authority");
  return made;
}

std::string TestPki::authority_serial() const {
  return trust::SerialHex(X509_get0_serialNumber(issuer().certificate.get()));
}

TestIdentity TestPki::Issue(absl::string_view uri, absl::Duration lifetime) {
  const trust::EvpKey key(EVP_EC_gen("P-256"));
  const trust::X509Handle certificate =
      Blank(next_serial_++, key.get(), "test", now_ - absl::Hours(1), now_ + lifetime);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer().certificate.get()));
  Extend(certificate.get(), issuer().certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
  Extend(certificate.get(), issuer().certificate.get(), NID_subject_alt_name, absl::StrCat("DNS:localhost,URI:", uri));
  Must(X509_sign(certificate.get(), issuer().key.get(), EVP_sha256()) > 0, "sign");
  TestIdentity identity;
  identity.key_pem = Text(
      [&](BIO* bio) { return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  identity.certificate_pem = Pem(certificate.get());
  const absl::StatusOr<trust::Certificate> parsed = trust::Certificate::FromPem(identity.certificate_pem);
  Must(parsed.ok(), "certificate does not parse");
  identity.certificate_der = parsed->der();
  identity.serial = parsed->serial();
  identity.key_id = parsed->public_key().key_id();
  return identity;
}

TestIdentity TestPki::IssueFor(absl::string_view agency, absl::string_view kind, absl::string_view name) {
  return Issue(absl::StrCat("spiffe://derwent.example/agency/", agency, "/", kind, "/", name));
}

std::string TestPki::List(const TestList& list, const Authority& authority) const {
  const absl::Time hour_ago = now_ - absl::Hours(1);
  const absl::Time made = list.made.value_or(hour_ago);
  const trust::X509CrlHandle crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), 1);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(authority.certificate.get()));
  const std::unique_ptr<ASN1_TIME, trust::Freed<ASN1_TIME_free>> from(ASN1_TIME_set(nullptr, absl::ToTimeT(made)));
  const std::unique_ptr<ASN1_TIME, trust::Freed<ASN1_TIME_free>> until(
      ASN1_TIME_set(nullptr, absl::ToTimeT(made + absl::Hours(24 * 30 + 1))));
  const std::unique_ptr<ASN1_TIME, trust::Freed<ASN1_TIME_free>> gone(
      ASN1_TIME_set(nullptr, absl::ToTimeT(list.since.value_or(hour_ago))));
  X509_CRL_set1_lastUpdate(crl.get(), from.get());
  X509_CRL_set1_nextUpdate(crl.get(), until.get());
  for (const std::string& serial : list.serials) {
    BIGNUM* number = nullptr;
    Must(BN_hex2bn(&number, serial.c_str()) > 0, "serial");
    ASN1_INTEGER* const integer = BN_to_ASN1_INTEGER(number, nullptr);
    X509_REVOKED* const revoked = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(revoked, integer);
    X509_REVOKED_set_revocationDate(revoked, gone.get());
    X509_CRL_add0_revoked(crl.get(), revoked);
    ASN1_INTEGER_free(integer);
    BN_free(number);
  }
  if (list.number.has_value()) {
    const std::unique_ptr<ASN1_INTEGER, trust::Freed<ASN1_INTEGER_free>> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set_uint64(number.get(), *list.number);
    Must(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, 0) == 1, "number the revocation list");
  }
  Must(X509_CRL_sign(crl.get(), authority.key.get(), EVP_sha256()) > 0, "sign the revocation list");
  return Text([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); });
}

}  // namespace derwent::testing
