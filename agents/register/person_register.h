#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/connectors/sql/database.h"
#include "agents/register/people.h"
#include "trust/base/clock.h"
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
// whole when one of them changed; while one cannot be read, the last good reading stays, and ages. Files must be
// replaced by renaming: one that is read half written counts as it stands until the next round. Thread-safe.
class PersonRegister {
 public:
  // Borrows the clock.
  PersonRegister(std::vector<SystemFile> files, const Clock& clock);

  // Reads when a file or view changed since the last attempt. True: a new reading counts; false: the last one is still
  // what the system holds. Asks each database whether its rows changed: blocks for its answer, or its timeout. Errors,
  // told again as long as they last: kInvalidArgument a file or mapping cannot be read as what it is, or over a limit;
  // others of the file system or of a database. Each names the file (of a view: its mapping), and the last good reading
  // stays.
  absl::StatusOr<bool> Refresh();

  // The last good reading; empty before the first. Never null.
  std::shared_ptr<const People> people() const;
  // The last good reading if no more than `oldest` ago it was still what the system holds; else null, as before the
  // first: a flag or a restriction set since would not bite.
  std::shared_ptr<const People> PeopleWithin(absl::Duration oldest) const;

 private:
  struct Source {
    SystemFile file;
    absl::StatusOr<std::unique_ptr<connectors::Database>> database;  // Null: a file.
  };
  absl::StatusOr<std::string> LookOfAll() DERWENT_REQUIRES(refresh_);
  absl::StatusOr<People> ReadAll() DERWENT_REQUIRES(refresh_);

  const Clock& clock_;
  Mutex refresh_;  // One reading at a time.
  std::vector<Source> sources_ GUARDED_BY(refresh_);
  std::string seen_ GUARDED_BY(refresh_);  // What they looked like at the last attempt, and what was wrong then.
  absl::Status fault_ GUARDED_BY(refresh_);
  mutable Mutex mutex_;
  std::shared_ptr<const People> people_ GUARDED_BY(mutex_) =
      std::make_shared<const People>();                        // Shared: a reader keeps its own.
  absl::Time held_ GUARDED_BY(mutex_) = absl::InfinitePast();  // When the system was last seen to hold them.
};

}  // namespace derwent::agents
