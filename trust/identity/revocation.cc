#include "trust/identity/revocation.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

using Asn1Number = std::unique_ptr<ASN1_INTEGER, Freed<ASN1_INTEGER_free>>;

std::string NumberOf(const X509_CRL* crl) {
  const Asn1Number number(static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(crl, NID_crl_number, nullptr, nullptr)));
  if (number == nullptr) return "";
  const std::string octets(reinterpret_cast<const char*>(ASN1_STRING_get0_data(number.get())),
                           static_cast<size_t>(ASN1_STRING_length(number.get())));
  const size_t first = octets.find_first_not_of('\0');
  return first == std::string::npos ? std::string(1, '\0') : octets.substr(first);
}

}  // namespace

bool RevocationSet::List::IsOlderThan(const List& other) const {
  if (number.empty() || other.number.empty()) return made < other.made;
  return number.size() != other.number.size() ? number.size() < other.number.size() : number < other.number;
}

absl::Status RevocationSet::Take(X509_CRL* crl, const Authority& authority, absl::Time now) {
  X509* const signer = authority.SignerOf(crl);
  if (signer == nullptr)
    return absl::UnauthenticatedError("the revocation list is not signed by the consortium's authority");
  const ASN1_TIME* const next = X509_CRL_get0_nextUpdate(crl);
  if (next == nullptr || FromAsn1Time(next) <= now)
    return absl::FailedPreconditionError("the revocation list is out of date");
  next_update_ = std::min(next_update_, FromAsn1Time(next));
  const List list{.number = NumberOf(crl), .made = FromAsn1Time(X509_CRL_get0_lastUpdate(crl))};
  const auto [known, fresh] = lists_.try_emplace(AuthorityKey(signer), list);
  if (!fresh && known->second.IsOlderThan(list)) known->second = list;
  const STACK_OF(X509_REVOKED)* const revoked = X509_CRL_get_REVOKED(crl);
  for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i) {
    const X509_REVOKED* const one = sk_X509_REVOKED_value(revoked, i);
    const absl::Time since = FromAsn1Time(X509_REVOKED_get0_revocationDate(one));
    const auto serial = serials_.try_emplace(SerialHex(X509_REVOKED_get0_serialNumber(one)), since).first;
    serial->second = std::min(serial->second, since);
  }
  return absl::OkStatus();
}

bool RevocationSet::IsOver(X509* authority, absl::Time now) const {
  return FromAsn1Time(X509_get0_notAfter(authority)) <= now || IsRevoked(SerialHex(X509_get0_serialNumber(authority)));
}

absl::Status RevocationSet::CheckComplete(const Authority& authority, absl::Time now) const {
  for (X509* const issuer : authority.Issuers()) {
    if (!IsOver(issuer, now) && !lists_.contains(AuthorityKey(issuer)))
      return absl::FailedPreconditionError("the revocation list of an authority that issues is missing");
  }
  return absl::OkStatus();
}

absl::StatusOr<RevocationSet> RevocationSet::FromPem(absl::string_view pem, const Authority& authority,
                                                     absl::Time now) {
  RevocationSet set;
  const BioHandle bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  for (;;) {
    ERR_clear_error();
    const X509CrlHandle crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
    if (crl == nullptr) break;
    RETURN_IF_ERROR(set.Take(crl.get(), authority, now));
  }
  if (!PemEnded()) return absl::InvalidArgumentError("a revocation list is malformed or cut short");
  if (set.lists_.empty()) return absl::InvalidArgumentError("the file holds no revocation list in PEM");
  RETURN_IF_ERROR(set.CheckComplete(authority, now));
  return set;
}

absl::Status RevocationSet::CheckFollows(const RevocationSet& taken, const Authority& authority, absl::Time now) const {
  for (const auto& certificate : authority.certificates()) {
    const std::string key = AuthorityKey(certificate.get());
    const auto before = taken.lists_.find(key);
    if (before == taken.lists_.end() || IsOver(certificate.get(), now)) continue;
    const auto after = lists_.find(key);
    if (after == lists_.end())
      return absl::FailedPreconditionError("the revocation list of an authority is missing that was there before");
    if (after->second.IsOlderThan(before->second))
      return absl::FailedPreconditionError("the revocation list is older than the one taken before");
  }
  return absl::OkStatus();
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
