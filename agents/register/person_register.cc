#include "agents/register/person_register.h"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

std::string NameOf(const std::string& path) { return std::filesystem::path(path).filename().string(); }

absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("`", path, "`: ", status.message()));
}

// Differs when a file was written, replaced, removed or given other rights.
std::string LookOf(const std::string& path) {
  struct stat state {};
  if (stat(path.c_str(), &state) != 0) return "absent;";
  const auto nanos = [](const timespec& time) { return absl::StrCat(time.tv_sec, ".", time.tv_nsec); };
  return absl::StrCat(state.st_ino, " ", state.st_size, " ", nanos(state.st_mtim), " ", nanos(state.st_ctim), ";");
}

std::string LookOfAll(const std::vector<SystemFile>& files) {
  std::string look = "files;";
  for (const SystemFile& one : files)
    absl::StrAppend(&look, LookOf(one.file), LookOf(one.mapping), one.join.empty() ? "" : LookOf(one.join));
  return look;
}

absl::StatusOr<connectors::Batch> Read(const SystemFile& source) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(source.mapping));
  const absl::StatusOr<connectors::Mapping> mapping = connectors::Mapping::Parse(text);
  if (!mapping.ok()) return About(source.mapping, mapping.status());
  if (!mapping->is_register())
    return About(source.mapping, absl::InvalidArgumentError("a mapping of the own system needs `from.record_ref`"));
  if (mapping->join_on().empty() != source.join.empty()) {
    return About(source.mapping, absl::InvalidArgumentError(
                                     "`join` must be both in the mapping and in the configuration, or in neither"));
  }
  ASSIGN_OR_RETURN(const std::string octets, trust::ReadFile(source.file, kMaxSystemOctets));
  std::string joined;
  if (!source.join.empty()) {
    ASSIGN_OR_RETURN(joined, trust::ReadFile(source.join, kMaxSystemOctets));
  }
  absl::StatusOr<connectors::Batch> batch =
      absl::EndsWith(source.file, ".csv")    ? connectors::ReadCsv(*mapping, octets, joined)
      : absl::EndsWith(source.file, ".json") ? connectors::ReadJson(*mapping, octets)
                                             : absl::InvalidArgumentError("must end in .csv or .json");
  return batch.ok() ? std::move(batch) : About(source.file, batch.status());
}

}  // namespace

absl::StatusOr<People> PersonRegister::ReadAll() const {
  if (files_.size() > kMaxSystemFiles) return absl::InvalidArgumentError("the system has more than 32 files");
  PeopleBuilder builder;
  for (const SystemFile& source : files_) {
    ASSIGN_OR_RETURN(connectors::Batch batch, Read(source));
    builder.Add(NameOf(source.file), std::move(batch));
  }
  People people = builder.Build();
  if (people.records.size() > kMaxPeople) return absl::InvalidArgumentError("the system holds more than 200000 people");
  return people;
}

absl::StatusOr<bool> PersonRegister::Refresh() {
  MutexLock one_reading(refresh_);
  std::string look = LookOfAll(files_);
  if (look == seen_) return false;
  absl::StatusOr<People> read = ReadAll();
  // What is no fault of the content may pass by itself: tried again at the next round.
  seen_ = read.ok() || absl::IsInvalidArgument(read.status()) ? std::move(look) : "";
  if (!read.ok()) return read.status();
  MutexLock lock(mutex_);
  people_ = std::make_shared<const People>(*std::move(read));
  return true;
}

std::shared_ptr<const People> PersonRegister::people() const {
  MutexLock lock(mutex_);
  return people_;
}

}  // namespace derwent::agents
