#include "agents/daemon/sending/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"

namespace derwent::agents {
namespace {

// A file descriptor closed at the end of its scope.
class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

absl::Status NotPlain() { return absl::InvalidArgumentError("not a plain file"); }

}  // namespace

bool IsPlainFile(const std::string& path) {
  struct stat state {};
  return lstat(path.c_str(), &state) == 0 && S_ISREG(state.st_mode);
}

absl::StatusOr<std::string> ReadPlainFile(const std::string& path, size_t limit) {
  const OpenFile file(path);
  if (file.get() < 0) return errno == ELOOP ? NotPlain() : absl::ErrnoToStatus(errno, "cannot open a file");
  struct stat state {};
  if (fstat(file.get(), &state) != 0) return absl::ErrnoToStatus(errno, "cannot look at a file");
  if (!S_ISREG(state.st_mode)) return NotPlain();
  std::string content;
  char buffer[65536];
  for (;;) {
    const ssize_t count = read(file.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, "cannot read a file");
    if (count == 0) return content;
    if (content.size() + static_cast<size_t>(count) > limit) return absl::InvalidArgumentError("a file over the limit");
    content.append(buffer, static_cast<size_t>(count));
  }
}

}  // namespace derwent::agents
