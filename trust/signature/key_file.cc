#include "trust/signature/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

// A file descriptor closed at the end of its scope.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path) : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

absl::StatusOr<std::string> ReadAll(absl::string_view path, size_t limit, bool secret) {
  const OpenFile file{std::string(path)};
  struct stat state {};
  if (file.get() < 0 || fstat(file.get(), &state) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read file `", path, "`"));
  }
  if (!S_ISREG(state.st_mode)) return absl::InvalidArgumentError(absl::StrCat("`", path, "` is not a file"));
  if (secret && (state.st_mode & 0077) != 0) {
    return absl::PermissionDeniedError(absl::StrCat("file `", path, "` is open to others: set its mode to 0600"));
  }
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot read file `", path, "`"));
    if (count == 0) return content;
    if (content.size() + static_cast<size_t>(count) > limit) {
      return absl::InvalidArgumentError(absl::StrCat("file `", path, "` is over ", limit, " octets"));
    }
    content.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace

absl::StatusOr<SecretBytes> ReadSecretFile(absl::string_view path) {
  ASSIGN_OR_RETURN(std::string content, ReadAll(path, 64 << 10, true));
  return SecretBytes(std::move(content));
}

absl::StatusOr<std::string> ReadFile(absl::string_view path, size_t limit) { return ReadAll(path, limit, false); }

}  // namespace derwent::trust
