#include "agents/daemon/evidence/evidence_files.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"
#include "trust/note/note.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {

absl::StatusOr<std::string> NameOfNote(const std::string& note) {
  ASSIGN_OR_RETURN(const trust::Note parsed, trust::Note::Parse(note));
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(parsed.text));
  return absl::StrCat(checkpoint.size, "-", trust::Sha256(parsed.text).hex().substr(0, 16));
}

absl::StatusOr<std::string> NameOfFork(const Fork& fork) {
  ASSIGN_OR_RETURN(const trust::AddCheckpoint offered, trust::AddCheckpoint::Parse(fork.offered));
  return NameOfNote(offered.checkpoint);
}

absl::Status KeepFile(const std::string& folder, const std::string& name, const std::string& content) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  return WriteDurably(absl::StrCat(folder, "/", name), content);
}

absl::Status KeepNote(const std::string& folder, const std::string& note) {
  ASSIGN_OR_RETURN(const std::string name, NameOfNote(note));
  return KeepFile(folder, absl::StrCat(name, ".note"), note);
}

absl::Status KeepFork(const std::string& folder, const Fork& fork) {
  if (!fork.seen.empty()) RETURN_IF_ERROR(KeepNote(folder, fork.seen));
  ASSIGN_OR_RETURN(const trust::AddCheckpoint offered, trust::AddCheckpoint::Parse(fork.offered));
  ASSIGN_OR_RETURN(const std::string name, NameOfNote(offered.checkpoint));
  return KeepFile(folder, absl::StrCat(offered.old_size, "-", name, ".add-checkpoint"), fork.offered);
}

}  // namespace derwent::agents
