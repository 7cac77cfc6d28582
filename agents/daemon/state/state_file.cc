#include "agents/daemon/state/state_file.h"

#include <utility>

#include "trust/base/status_macros.h"

namespace derwent::agents {

absl::StatusOr<std::unique_ptr<StateFile>> StateFile::Open(const std::string& path, absl::string_view schema) {
  ASSIGN_OR_RETURN(std::unique_ptr<Sql> writer, Sql::Open(path));
  RETURN_IF_ERROR(writer->Execute(std::string(schema)));
  ASSIGN_OR_RETURN(std::unique_ptr<Sql> reader, Sql::Open(path));
  return std::unique_ptr<StateFile>(new StateFile(std::move(writer), std::move(reader)));
}

absl::Status StateFile::EmptyLog() {
  const MutexLock writing(writing_);
  const MutexLock reading(reading_);  // A reader in between would keep the log.
  return writer_->Execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

}  // namespace derwent::agents
