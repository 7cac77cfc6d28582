#include "trust/base/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent {
namespace {

absl::Status Failed(absl::string_view doing, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", doing, " `", path, "`: ", std::generic_category().message(errno)));
}

absl::Status WriteAll(int file, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0 ? absl::OkStatus() : Failed("sync", path);
}

}  // namespace

absl::Status SyncFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Failed("open", path);
  const bool synced = fsync(folder) == 0;
  close(folder);
  return synced ? absl::OkStatus() : Failed("sync", path);
}

absl::Status WriteDurably(const std::string& path, absl::string_view content) {
  const std::string part = path + ".part";
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Failed("make", part);
  const absl::Status written = WriteAll(file, content, part);
  close(file);
  RETURN_IF_ERROR(written);
  if (rename(part.c_str(), path.c_str()) != 0) return Failed("rename", part);
  return SyncFolder(std::filesystem::absolute(path).parent_path().string());
}

}  // namespace derwent
