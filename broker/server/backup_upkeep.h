#pragma once

#include "absl/time/time.h"

#include "broker/backup/backup_keys.h"
#include "broker/rpc/json_log.h"

namespace derwent::server {

// Destroys the keys of backups when their time is over, and says so in the log. Not thread-safe.
class BackupUpkeep {
 public:
  BackupUpkeep(backup::BackupKeys keys, rpc::JsonLog& log) : keys_(std::move(keys)), log_(log) {}

  // Looks at the folder once a second at most.
  void Look(absl::Time now);

 private:
  const backup::BackupKeys keys_;
  rpc::JsonLog& log_;
  absl::Time next_ = absl::InfinitePast();
  bool failing_ = false;  // Said once, until it succeeds.
};

}  // namespace derwent::server
