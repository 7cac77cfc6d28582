#include "broker/server/evidence_folder.h"

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "broker/witness/restart.h"
#include "trust/base/durable_file.h"
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
  return WriteDurably(
      absl::StrCat(path_, "/", checkpoint.size, "-", trust::Sha256(parsed.text).hex().substr(0, 16), ".note"), note);
}

absl::Status EvidenceFolder::Check(const trust::LogKeys& log_keys, store::Reader& reader) const {
  std::error_code failed;
  if (!fs::is_directory(path_, failed)) return absl::OkStatus();
  for (const fs::directory_entry& file : fs::directory_iterator(path_, failed)) {
    const std::string name = file.path().string();
    if (!absl::EndsWith(name, ".note")) continue;
    ASSIGN_OR_RETURN(const std::string note, trust::ReadFile(name, trust::kMaxNoteSize));
    const absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(note, log_keys);
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
