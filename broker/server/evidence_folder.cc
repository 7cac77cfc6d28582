#include "broker/server/evidence_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "broker/witness/restart.h"
#include "trust/base/status_macros.h"
#include "trust/note/checkpoint.h"
#include "trust/secret/sha256.h"
#include "trust/signature/key_file.h"

namespace derwent::server {
namespace {

namespace fs = std::filesystem;

absl::Status CannotKeep(const std::string& path) {
  return absl::UnavailableError(absl::StrCat("evidence `", path, "` cannot be written"));
}

// A file's name is durable once its folder is.
absl::Status SyncFolder(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return CannotKeep(path);
  const bool synced = fsync(descriptor) == 0;
  close(descriptor);
  return synced ? absl::OkStatus() : CannotKeep(path);
}

absl::Status WriteSynced(const std::string& path, absl::string_view octets) {
  const std::string part = path + ".part";
  const int descriptor = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return CannotKeep(path);
  const bool written =
      write(descriptor, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) && fsync(descriptor) == 0;
  close(descriptor);
  if (!written || std::rename(part.c_str(), path.c_str()) != 0) return CannotKeep(path);
  return SyncFolder(fs::path(path).parent_path().string());
}

}  // namespace

EvidenceFolder::EvidenceFolder(const std::string& database)
    : path_((fs::path(database).parent_path() / "evidence").string()) {}

absl::Status EvidenceFolder::Keep(absl::string_view note) const {
  ASSIGN_OR_RETURN(const trust::Note parsed, trust::Note::Parse(note));
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(parsed.text));
  std::error_code failed;
  fs::create_directory(path_, failed);
  if (failed) return CannotKeep(path_);
  RETURN_IF_ERROR(SyncFolder(fs::absolute(path_).parent_path().string()));
  // By what is signed, not by who cosigned it: the same claim is kept once.
  return WriteSynced(
      absl::StrCat(path_, "/", checkpoint.size, "-", trust::Sha256(parsed.text).hex().substr(0, 16), ".note"), note);
}

absl::Status EvidenceFolder::Check(const trust::VerifierKey& log_key, store::Reader& reader) const {
  std::error_code failed;
  if (!fs::is_directory(path_, failed)) return absl::OkStatus();
  for (const fs::directory_entry& file : fs::directory_iterator(path_, failed)) {
    const std::string name = file.path().string();
    if (!absl::EndsWith(name, ".note")) continue;
    ASSIGN_OR_RETURN(const std::string note, trust::ReadFile(name, trust::kMaxNoteSize));
    const absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_key);
    if (!checkpoint.ok()) continue;  // Nothing that this log signed.
    ASSIGN_OR_RETURN(const bool belongs, witness::Belongs(*checkpoint, reader));
    if (belongs) continue;
    ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
    return absl::DataLossError(absl::StrCat(
        "rollback: `", name, "` is a checkpoint of ", checkpoint->size,
        " entries that this log signed, and the database (", head.size,
        " entries) does not hold it. Put back the newest database, one that holds it: this file then lies here ",
        "in peace. Without one this log has ended: agree with the agencies on a new one, with a new key and origin"));
  }
  return failed ? absl::UnavailableError(absl::StrCat("evidence `", path_, "` cannot be read")) : absl::OkStatus();
}

}  // namespace derwent::server
