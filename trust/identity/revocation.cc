#include "trust/identity/revocation.h"

#include <openssl/pem.h>

#include <algorithm>

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

absl::Status CheckCrl(X509_CRL* crl, const Authority& authority, absl::Time now) {
  X509* const issuer = authority.FindIssuer(X509_CRL_get_issuer(crl));
  if (issuer == nullptr || X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1) {
    ERR_clear_error();
    return absl::UnauthenticatedError("the revocation list is not signed by the consortium's authority");
  }
  const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(crl);
  if (next == nullptr || FromAsn1Time(next) <= now)
    return absl::FailedPreconditionError("the revocation list is out of date");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RevocationSet> RevocationSet::FromPem(absl::string_view pem, const Authority& authority,
                                                     absl::Time now) {
  RevocationSet set;
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int lists = 0;
  for (;;) {
    const X509CrlHandle crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (crl == nullptr) break;
    ++lists;
    RETURN_IF_ERROR(CheckCrl(crl.get(), authority, now));
    set.next_update_ = std::min(set.next_update_, FromAsn1Time(X509_CRL_get0_nextUpdate(crl.get())));
    const STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(crl.get());
    for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
      const X509_REVOKED* const one = sk_X509_REVOKED_value(revoked, i);
      const absl::Time since = FromAsn1Time(X509_REVOKED_get0_revocationDate(one));
      const auto known = set.serials_.try_emplace(SerialHex(X509_REVOKED_get0_serialNumber(one)), since).first;
      known->second = std::min(known->second, since);
    }
  }
  ERR_clear_error();
  if (lists == 0) return absl::InvalidArgumentError("the file holds no revocation list in PEM");
  return set;
}

bool RevocationSet::BreaksChain(const Chain& chain) const {
  return chain.empty() || std::ranges::any_of(chain, [&](const std::string& serial) { return IsRevoked(serial); });
}

absl::StatusOr<Chain> RevocationSet::Verify(const Certificate& certificate, const Authority& authority,
                                            absl::Time now) const {
  ASSIGN_OR_RETURN(Chain chain, authority.ChainOf(certificate, now));
  if (BreaksChain(chain)) return absl::UnauthenticatedError("the certificate or an authority above it is revoked");
  return chain;
}

RevocationSet RevocationSet::At(absl::Time then) const {
  RevocationSet set = *this;
  absl::erase_if(set.serials_, [&](const auto& revoked) { return revoked.second > then; });
  return set;
}

}  // namespace derwent::trust
