#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace derwent::cli {

// A signing or sealing key of the own agency that follows another. The key is made where it is used, in the folder that
// the agency's agent watches (`<state_dir>/keys`); only the request and the certificate travel.
struct Rotation {
  std::string use;          // `signing` or `sealing`.
  std::string folder;       // `<state_dir>/keys`; made when it is not there.
  std::string certificate;  // File: of the key in force, whose name the next one bears.
};

// Makes the next key, `<use>-<id>.key` with mode 0600, and the request for its certificate beside it. Returns the
// request's path. Errors: kInvalidArgument the certificate in force; kUnavailable the folder.
absl::StatusOr<std::string> BeginRotation(const Rotation& rotation);

// Takes the certificate that the authority of `ca_file` gave: puts it beside its key, whereupon the running agent
// publishes the key and uses it. Returns the key's id. Errors: kNotFound no key of that certificate in the folder;
// kInvalidArgument another name than the key in force has; kUnauthenticated of another authority, or lapsed.
absl::StatusOr<std::string> FinishRotation(const Rotation& rotation, const std::string& granted_file,
                                           const std::string& ca_file);

}  // namespace derwent::cli
