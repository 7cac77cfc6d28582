#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/connectors/sql/database.h"
#include "agents/register/people.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// One export of the agency's own system, or one view of its database.
struct SystemFile {
  std::string file;          // `.csv` or `.json`; larger than 32 MiB is refused. Empty: `view` is read.
  std::string mapping;       // Mapping file with `record_ref`.
  std::string join;          // Second CSV, for a mapping with `join`; else empty.
  connectors::SqlView view;  // Left empty with a `file`.
};

// Error: kInvalidArgument neither or both of file and view; what is wrong with the view; a view with `join`.
absl::Status CheckSystemFile(const SystemFile& file);

inline constexpr size_t kMaxSystemFiles = 32;

// The people of the agency's own system, in memory. Read as a whole from its exports and views and read again as a
// whole when one of them changed; while one cannot be read, the last good reading stays. Files must be replaced by
// renaming: one that is read half written counts as it stands until the next round. Thread-safe.
class PersonRegister {
 public:
  explicit PersonRegister(std::vector<SystemFile> files);

  // Reads when a file or view changed since the last attempt. True: a new reading counts; false: nothing changed. Asks
  // each database whether its rows changed: blocks for its answer, or its timeout. Errors: kInvalidArgument a file or
  // mapping cannot be read as what it is, or over a limit; others of the file system or of a database. Each names the
  // file (of a view: its mapping), and the last good reading stays.
  absl::StatusOr<bool> Refresh();

  // The last good reading; empty before the first. Never null.
  std::shared_ptr<const People> people() const;

 private:
  struct Source {
    SystemFile file;
    absl::StatusOr<std::unique_ptr<connectors::Database>> database;  // Null: a file.
  };
  absl::StatusOr<std::string> LookOfAll() DERWENT_REQUIRES(refresh_);
  absl::StatusOr<People> ReadAll() DERWENT_REQUIRES(refresh_);

  Mutex refresh_;  // One reading at a time.
  std::vector<Source> sources_ GUARDED_BY(refresh_);
  std::string seen_ GUARDED_BY(refresh_);  // What they looked like at the last attempt.
  mutable Mutex mutex_;
  std::shared_ptr<const People> people_ GUARDED_BY(mutex_) =
      std::make_shared<const People>();  // Shared: a reader keeps its own.
};

}  // namespace derwent::agents
