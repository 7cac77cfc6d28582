#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "trust/secret/random.h"
#include "trust/secret/secret_bytes.h"

namespace derwent::backup {

// The keys of sealed backups: one a backup, files of mode 0600 in a folder of their own. Once a key's time is over it
// is destroyed, and with it every copy of its backup, wherever it lies: what was erased from the ledger leaves the
// backups within that time. Thread-safe; several processes may use one folder.
class BackupKeys {
 public:
  // `lifetime` counts from when a key was made; shortening it ends keys that exist.
  BackupKeys(std::string folder, absl::Duration lifetime) : folder_(std::move(folder)), lifetime_(lifetime) {}

  struct Made {
    std::string id;
    trust::SecretBytes key;
  };
  // Makes a key; durable when it returns. Error: kUnavailable the folder cannot be written.
  absl::StatusOr<Made> Make(absl::Time now, trust::Random& random) const;

  // Errors: kNotFound no such key, or its time is over; kPermissionDenied others may read its file; kDataLoss a file
  // that is no key.
  absl::StatusOr<trust::SecretBytes> Find(absl::string_view id, absl::Time now) const;

  // Overwrites and removes the keys whose time is over; their ids. A file that cannot be read as a key is left.
  // Error: kUnavailable the folder cannot be read or a key not removed.
  absl::StatusOr<std::vector<std::string>> DestroyLapsed(absl::Time now) const;

 private:
  std::string PathOf(absl::string_view id) const;

  const std::string folder_;
  const absl::Duration lifetime_;
};

}  // namespace derwent::backup
