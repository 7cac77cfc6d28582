#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/register/people.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// One export of the agency's own system.
struct SystemFile {
  std::string file;     // `.csv` or `.json`; larger than 32 MiB is refused.
  std::string mapping;  // Mapping file with `record_ref`.
  std::string join;     // Second CSV, for a mapping with `join`; else empty.
};

inline constexpr size_t kMaxSystemFiles = 32;
inline constexpr size_t kMaxSystemOctets = 32 << 20;  // A file.

// The people of the agency's own system, in memory. Read as a whole from its exports and read again as a whole when one
// of the files changed; while they cannot be read, the last good reading stays. Files must be replaced by renaming: one
// that is read half written counts as it stands until the next round. Thread-safe.
class PersonRegister {
 public:
  explicit PersonRegister(std::vector<SystemFile> files) : files_(std::move(files)) {}

  // Reads when a file changed since the last attempt. True: a new reading counts; false: nothing changed.
  // Errors: kInvalidArgument a file or mapping cannot be read as what it is, or over a limit; others of the file
  // system. Each names the file, and the last good reading stays.
  absl::StatusOr<bool> Refresh();

  // The last good reading; empty before the first. Never null.
  std::shared_ptr<const People> people() const;

 private:
  absl::StatusOr<People> ReadAll() const;

  const std::vector<SystemFile> files_;
  Mutex refresh_;                          // One reading at a time.
  std::string seen_ GUARDED_BY(refresh_);  // What the files looked like at the last attempt.
  mutable Mutex mutex_;
  std::shared_ptr<const People> people_ GUARDED_BY(mutex_) =
      std::make_shared<const People>();  // Shared: a reader keeps its own.
};

}  // namespace derwent::agents
