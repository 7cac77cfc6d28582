#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "broker/store/store.h"
#include "trust/note/log_keys.h"

namespace derwent::server {

// Checkpoints that a key of this log signed, one that counts for their size, and its database does not hold: proof that
// it was rolled back or forked. One file each, a verbatim signed note named by its size and digest, in `evidence`
// beside the database. Not thread-safe.
class EvidenceFolder {
 public:
  explicit EvidenceFolder(const std::string& database);

  // Durable on OK; keeping the same twice is OK. Error: kUnavailable.
  absl::Status Keep(absl::string_view note) const;
  // Whether all that was kept belongs to this database now. Error: kDataLoss: `rollback`, which file, and what to do;
  // kUnavailable a file cannot be read.
  absl::Status Check(const trust::LogKeys& log_keys, store::Reader& reader) const;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace derwent::server
