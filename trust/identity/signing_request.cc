#include "trust/identity/signing_request.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace derwent::trust {
namespace {

using RequestHandle = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;
// Of the list alone, not of what it holds.
struct ListFreed {
  void operator()(STACK_OF(X509_EXTENSION) * list) const { sk_X509_EXTENSION_free(list); }
};
using ExtensionsHandle = std::unique_ptr<STACK_OF(X509_EXTENSION), ListFreed>;

bool Name(X509_REQ* request, const std::string& common_name) {
  return X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName, MBSTRING_UTF8,
                                    Octets(common_name), static_cast<int>(common_name.size()), -1, 0) == 1;
}

bool AddUri(X509_REQ* request, const SpiffeId& id) {
  const ExtensionHandle uri(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, absl::StrCat("URI:", id.ToString()).c_str()));
  const ExtensionsHandle extensions(sk_X509_EXTENSION_new_null());
  return uri != nullptr && extensions != nullptr && sk_X509_EXTENSION_push(extensions.get(), uri.get()) > 0 &&
         X509_REQ_add_extensions(request, extensions.get()) == 1;
}

}  // namespace

absl::StatusOr<SecretBytes> NewKeyPem() {
  const EvpKey key(EVP_EC_gen("P-256"));
  const BioHandle out(BIO_new(BIO_s_secmem()));
  if (key == nullptr || out == nullptr ||
      PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
    return OpensslError("cannot make a key");
  char* octets = nullptr;
  const int64_t size = BIO_get_mem_data(out.get(), &octets);
  return SecretBytes::CopyOf(absl::string_view(octets, static_cast<size_t>(size)));
}

absl::StatusOr<std::string> MakeSigningRequest(const SigningKey& key, const SpiffeId& id,
                                               const std::string& common_name) {
  const RequestHandle request(X509_REQ_new());
  const BioHandle out(BIO_new(BIO_s_mem()));
  if (request == nullptr || out == nullptr || !Name(request.get(), common_name) || !AddUri(request.get(), id) ||
      X509_REQ_set_pubkey(request.get(), key.handle()) != 1 ||
      X509_REQ_sign(request.get(), key.handle(), EVP_sha256()) <= 0 ||
      PEM_write_bio_X509_REQ(out.get(), request.get()) != 1)
    return OpensslError("cannot make a request for a certificate");
  char* octets = nullptr;
  const int64_t size = BIO_get_mem_data(out.get(), &octets);
  return std::string(octets, static_cast<size_t>(size));
}

}  // namespace derwent::trust
