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

// What errors and problems call a source: a view has no name of its own, and its connection is nobody's business.
const std::string& PathOf(const SystemFile& source) { return source.file.empty() ? source.mapping : source.file; }

absl::Status About(const std::string& path, const absl::Status& status) {
  return {status.code(), absl::StrCat("`", path, "`: ", status.message())};
}

// Differs when a file was written, replaced, removed or given other rights.
std::string LookOf(const std::string& path) {
  struct stat state {};
  if (stat(path.c_str(), &state) != 0) return "absent;";
  const auto nanos = [](const timespec& time) { return absl::StrCat(time.tv_sec, ".", time.tv_nsec); };
  return absl::StrCat(state.st_ino, " ", state.st_size, " ", nanos(state.st_mtim), " ", nanos(state.st_ctim), ";");
}

absl::StatusOr<connectors::Mapping> ReadMapping(const SystemFile& source) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(source.mapping));
  absl::StatusOr<connectors::Mapping> mapping = connectors::Mapping::Parse(text);
  if (!mapping.ok()) return About(source.mapping, mapping.status());
  if (!mapping->is_register())
    return About(source.mapping, absl::InvalidArgumentError("a mapping of the own system needs `from.record_ref`"));
  if (mapping->join_on().empty() != source.join.empty()) {
    return About(source.mapping, absl::InvalidArgumentError(
                                     "`join` must be both in the mapping and in the configuration, or in neither"));
  }
  return mapping;
}

absl::StatusOr<connectors::Batch> ReadView(const connectors::Mapping& mapping, connectors::Database& database) {
  ASSIGN_OR_RETURN(connectors::Table table, database.Read());
  return connectors::ReadTable(mapping, std::move(table));
}

absl::StatusOr<connectors::Batch> ReadExport(const connectors::Mapping& mapping, const SystemFile& source) {
  ASSIGN_OR_RETURN(const std::string octets, trust::ReadFile(source.file, connectors::kMaxTableOctets));
  std::string joined;
  if (!source.join.empty()) {
    ASSIGN_OR_RETURN(joined, trust::ReadFile(source.join, connectors::kMaxTableOctets));
  }
  absl::StatusOr<connectors::Batch> batch =
      absl::EndsWith(source.file, ".csv")    ? connectors::ReadCsv(mapping, octets, joined)
      : absl::EndsWith(source.file, ".json") ? connectors::ReadJson(mapping, octets)
                                             : absl::InvalidArgumentError("must end in .csv or .json");
  return batch.ok() ? std::move(batch) : About(source.file, batch.status());
}

absl::StatusOr<connectors::Batch> Read(const SystemFile& source, connectors::Database* database) {
  ASSIGN_OR_RETURN(const connectors::Mapping mapping, ReadMapping(source));
  if (database == nullptr) return ReadExport(mapping, source);
  absl::StatusOr<connectors::Batch> batch = ReadView(mapping, *database);
  return batch.ok() ? std::move(batch) : About(PathOf(source), batch.status());
}

}  // namespace

absl::Status CheckSystemFile(const SystemFile& file) {
  const connectors::SqlView& view = file.view;
  if (file.file.empty()) {
    if (!file.join.empty()) return absl::InvalidArgumentError("`join` is for files: a query joins by itself");
    return connectors::CheckSqlView(view);
  }
  if (!view.sqlite.empty() || !view.postgres.empty() || !view.query.empty() || !view.version.empty())
    return absl::InvalidArgumentError("`file` stands without `sqlite`, `postgres`, `query` and `version`");
  return absl::OkStatus();
}

PersonRegister::PersonRegister(std::vector<SystemFile> files, const Clock& clock) : clock_(clock) {
  for (SystemFile& file : files) {
    Source& source = sources_.emplace_back(Source{.file = std::move(file), .database = nullptr});
    if (const absl::Status checked = CheckSystemFile(source.file); !checked.ok()) {
      source.database = checked;
    } else if (source.file.file.empty()) {
      source.database = connectors::OpenDatabase(source.file.view);
    }
  }
}

absl::StatusOr<std::string> PersonRegister::LookOfAll() {
  std::string look = "files;";
  for (Source& source : sources_) {
    const SystemFile& file = source.file;
    absl::StrAppend(&look, LookOf(file.mapping), file.join.empty() ? "" : LookOf(file.join));
    if (!source.database.ok()) return About(PathOf(file), source.database.status());
    if (*source.database == nullptr) {
      absl::StrAppend(&look, LookOf(file.file));
      continue;
    }
    const absl::StatusOr<std::string> version = (*source.database)->Version();
    if (!version.ok()) return About(PathOf(file), version.status());
    absl::StrAppend(&look, *version, ";");
  }
  return look;
}

absl::StatusOr<People> PersonRegister::ReadAll() {
  if (sources_.size() > kMaxSystemFiles) return absl::InvalidArgumentError("the system has more than 32 files");
  PeopleBuilder builder;
  for (Source& source : sources_) {
    ASSIGN_OR_RETURN(connectors::Batch batch, Read(source.file, source.database->get()));
    builder.Add(NameOf(PathOf(source.file)), std::move(batch));
  }
  People people = builder.Build();
  if (people.records.size() > kMaxPeople) return absl::InvalidArgumentError("the system holds more than 200000 people");
  return people;
}

absl::StatusOr<bool> PersonRegister::Refresh() {
  const MutexLock one_reading(refresh_);
  const absl::Time now = clock_.Now();
  ASSIGN_OR_RETURN(std::string look, LookOfAll());
  if (look == seen_) {
    RETURN_IF_ERROR(fault_);
    const MutexLock lock(mutex_);
    held_ = now;
    return false;
  }
  absl::StatusOr<People> read = ReadAll();
  // What is no fault of the content may pass by itself: tried again at the next round.
  seen_ = read.ok() || absl::IsInvalidArgument(read.status()) ? std::move(look) : "";
  fault_ = read.status();
  RETURN_IF_ERROR(fault_);
  const MutexLock lock(mutex_);
  people_ = std::make_shared<const People>(*std::move(read));
  held_ = now;
  return true;
}

std::shared_ptr<const People> PersonRegister::people() const {
  const MutexLock lock(mutex_);
  return people_;
}

std::shared_ptr<const People> PersonRegister::PeopleWithin(absl::Duration oldest) const {
  const absl::Time now = clock_.Now();
  const MutexLock lock(mutex_);
  return now - held_ <= oldest ? people_ : nullptr;
}

}  // namespace derwent::agents
