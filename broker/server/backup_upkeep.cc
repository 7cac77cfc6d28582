#include "broker/server/backup_upkeep.h"

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace derwent::server {

void BackupUpkeep::Look(absl::Time now) {
  if (now < next_) return;
  next_ = now + absl::Seconds(1);
  const absl::StatusOr<std::vector<std::string>> destroyed = keys_.DestroyLapsed(now);
  if (!destroyed.ok()) {
    if (!failing_)
      log_.Write("error", "a backup's key cannot be destroyed: its copies stay readable",
                 {{"error", std::string(destroyed.status().message())}});
    failing_ = true;
    return;
  }
  failing_ = false;
  for (const std::string& id : *destroyed) log_.Write("info", "a backup's key was destroyed", {{"backup_key", id}});
}

}  // namespace derwent::server
