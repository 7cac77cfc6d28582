#include "trust/identity/authority.h"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include "absl/strings/str_cat.h"

namespace derwent::trust {
namespace {

Chain SerialsOf(const STACK_OF(X509) * certificates) {
  Chain chain;
  for (int i = 0; i < sk_X509_num(certificates); ++i)
    chain.push_back(SerialHex(X509_get0_serialNumber(sk_X509_value(certificates, i))));
  return chain;
}

}  // namespace

absl::StatusOr<Authority> Authority::FromPem(absl::string_view pem, std::string trust_domain) {
  Authority authority;
  authority.trust_domain_ = std::move(trust_domain);
  authority.store_ = std::shared_ptr<X509_STORE>(X509_STORE_new(), Freed<X509_STORE_free>());
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bool root = false;
  for (;;) {
    ERR_clear_error();
    X509Handle next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (X509_self_signed(next.get(), 1) == 1) {
      root = true;
      if (X509_STORE_add_cert(authority.store_.get(), next.get()) != 1)
        return OpensslError("cannot take a root certificate");
    }
    authority.certificates_.emplace_back(std::move(next));
  }
  if (!PemEnded()) return absl::InvalidArgumentError("a certificate in the authorities' PEM is malformed or cut short");
  if (!root) return absl::InvalidArgumentError("the authorities' PEM holds no self-signed root");
  return authority;
}

absl::StatusOr<Chain> Authority::ChainOf(const Certificate& certificate, absl::Time now) const {
  if (certificate.id().trust_domain != trust_domain_) {
    return absl::UnauthenticatedError(absl::StrCat("the certificate is not of trust domain `", trust_domain_, "`"));
  }
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> issuers(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const auto& issuer : certificates_) sk_X509_push(issuers.get(), issuer.get());
  const X509StoreContext context(X509_STORE_CTX_new());
  if (X509_STORE_CTX_init(context.get(), store_.get(), certificate.handle(), issuers.get()) != 1) {
    return OpensslError("cannot check a certificate");
  }
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, absl::ToTimeT(now));
  X509_VERIFY_PARAM_set_depth(parameters, 4);
  if (X509_verify_cert(context.get()) == 1) return SerialsOf(X509_STORE_CTX_get0_chain(context.get()));
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  return absl::UnauthenticatedError(absl::StrCat("the certificate is not good under the consortium's authority: ",
                                                 X509_verify_cert_error_string(error)));
}

X509* Authority::SignerOf(X509_CRL* crl) const {
  for (const auto& certificate : certificates_) {
    const bool named = X509_NAME_cmp(X509_get_subject_name(certificate.get()), X509_CRL_get_issuer(crl)) == 0;
    const bool signed_it = named && X509_CRL_verify(crl, X509_get0_pubkey(certificate.get())) == 1;
    ERR_clear_error();
    if (signed_it) return certificate.get();
  }
  return nullptr;
}

std::vector<X509*> Authority::Issuers() const {
  std::vector<X509*> roots, below;
  for (const auto& certificate : certificates_)
    (X509_self_signed(certificate.get(), 1) == 1 ? roots : below).push_back(certificate.get());
  ERR_clear_error();
  return below.empty() ? roots : below;
}

std::string AuthorityKey(X509* certificate) {
  const unsigned char* name = nullptr;
  size_t name_size = 0;
  X509_NAME_get0_der(X509_get_subject_name(certificate), &name, &name_size);
  unsigned char* key = nullptr;
  const int key_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
  std::string both(reinterpret_cast<const char*>(name), name_size);
  if (key_size > 0) both.append(reinterpret_cast<const char*>(key), static_cast<size_t>(key_size));
  OPENSSL_free(key);
  return both;
}

bool PemEnded() {
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

}  // namespace derwent::trust
