#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace derwent::trust {

// unique_ptr for OpenSSL's handles.
template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using EvpKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using EvpKeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using EvpDigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using EvpCipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freed<EVP_CIPHER_CTX_free>>;
using X509Handle = std::unique_ptr<X509, Freed<X509_free>>;
using X509CrlHandle = std::unique_ptr<X509_CRL, Freed<X509_CRL_free>>;
using X509StoreContext = std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>>;
using BioHandle = std::unique_ptr<BIO, Freed<BIO_free_all>>;

// A failed OpenSSL call as a Status: what failed, with the library's own reason, and an emptied error queue.
// The verdict is the return value's alone; the queue is only text.
inline absl::Status OpensslError(absl::string_view what, absl::StatusCode code = absl::StatusCode::kInternal) {
  const auto error = ERR_get_error();
  ERR_clear_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  return {code, reason == nullptr ? std::string(what) : absl::StrCat(what, ": ", reason)};
}

inline const unsigned char* Octets(absl::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
inline unsigned char* Octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace derwent::trust
