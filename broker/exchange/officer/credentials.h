#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "broker/store/store.h"

namespace derwent::exchange {

// Whose a certificate is that acted here, so that its serial alone names the credential when it is lost.
struct Credential {
  std::string agency;
  std::string person;     // Opaque id; empty: an agent or a console.
  absl::Time first_time;  // Of its first act.
};

// A serial as the broker writes it: lowercase hexadecimal, 1 to 40 digits (RFC 5280: 20 octets at most).
bool IsSerial(absl::string_view text);

// Keeps the caller's, once, in the commit of what it does first.
absl::Status KeepCredential(const Caller& caller, Batch& batch);

// Nothing where no certificate of that agency with that serial acted: whether another's did is not told.
absl::StatusOr<std::optional<Credential>> FindCredential(absl::string_view serial, absl::string_view agency,
                                                         store::Reader& reader);

}  // namespace derwent::exchange
