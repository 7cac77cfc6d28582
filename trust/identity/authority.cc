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
    X509Handle next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (next == nullptr) break;
    if (X509_self_signed(next.get(), 1) == 1) {
      root = true;
      if (X509_STORE_add_cert(authority.store_.get(), next.get()) != 1)
        return OpensslError("cannot take a root certificate");
    }
    authority.certificates_.emplace_back(std::move(next));
  }
  ERR_clear_error();
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

X509* Authority::FindIssuer(const X509_NAME* issuer) const {
  for (const auto& certificate : certificates_) {
    if (X509_NAME_cmp(X509_get_subject_name(certificate.get()), issuer) == 0) return certificate.get();
  }
  return nullptr;
}

}  // namespace derwent::trust
