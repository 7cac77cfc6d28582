// Certificates, authorities and public keys from outside, in DER and PEM: no crash, and a parsed certificate reads its
// own DER again.

#include "trust/identity/certificate.h"

#include <cstdint>
#include <cstdlib>

#include "trust/identity/authority.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(octets), size);
  for (const auto& certificate :
       {derwent::trust::Certificate::FromDer(text), derwent::trust::Certificate::FromPem(text)}) {
    if (!certificate.ok()) continue;
    const auto again = derwent::trust::Certificate::FromDer(certificate->der());
    if (!again.ok() || again->serial() != certificate->serial() || !(again->id() == certificate->id())) std::abort();
  }
  static_cast<void>(derwent::trust::Authority::FromPem(text, "derwent.example"));
  static_cast<void>(derwent::trust::PublicKey::FromSpkiDer(text));
  return 0;
}
