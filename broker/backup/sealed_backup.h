#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "broker/backup/backup_keys.h"
#include "trust/secret/random.h"

namespace derwent::backup {

// Writes a consistent copy of the database (of a running or stopped broker) to `to`, sealed under a key of its own: RFC
// 8188 `aes128gcm`, the key's id in its header. No plain copy ever has a name. Errors:
// kAlreadyExists `to`; kNotFound no database; kUnavailable; of the store.
absl::Status SealBackup(const std::string& database, const std::string& to, const BackupKeys& keys, absl::Time now,
                        trust::Random& random);

// Puts a backup back as a database at `to`, all or nothing. Whether it is the newest the witnesses say at the start.
// Errors: kAlreadyExists `to`; kNotFound its key was destroyed or is not here; kDataLoss it was changed or cut.
absl::Status OpenBackup(const std::string& from, const std::string& to, const BackupKeys& keys, absl::Time now);

}  // namespace derwent::backup
