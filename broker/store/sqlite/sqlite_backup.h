#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace derwent::store {

// Copies a database, also one that a broker has open, to a new file (mode 0600): all that is committed now, in one
// piece. Copying the file alone would miss what still lies in `-wal`. Safe beside a writer. Errors: kNotFound no such
// database; kAlreadyExists `to` is there; kUnavailable not readable or writable now; kDataLoss not sound.
absl::Status BackUpSqlite(const std::string& from, const std::string& to);

// A file that no name leads to: gone once it is closed. Move-only.
class UnnamedFile {
 public:
  explicit UnnamedFile(int descriptor) : descriptor_(descriptor) {}
  UnnamedFile(UnnamedFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  UnnamedFile& operator=(UnnamedFile&&) = delete;
  ~UnnamedFile();
  // As long as this lives.
  std::string path() const { return absl::StrCat("/proc/self/fd/", descriptor_); }

 private:
  int descriptor_;
};

// Likewise, to read on at once and keep nothing: in the database's folder, named `name` for as long as it is empty.
absl::StatusOr<UnnamedFile> CopySqlite(const std::string& from, absl::string_view name);

}  // namespace derwent::store
