#include "policy/loader/carried.h"

#include "policy/loader/manifest.h"
#include "trust/base/status_macros.h"

namespace derwent::policy {

absl::StatusOr<Files> FilesOf(const BundleFiles& carried) {
  Files files;
  for (const v1::BundleFile& file : carried) {
    RETURN_IF_ERROR(CheckPath(file.path()));
    if (!files.emplace(file.path(), file.content()).second)
      return absl::InvalidArgumentError("the bundle names a file twice");
  }
  return files;
}

void Carry(const Files& files, BundleFiles& carried) {
  for (const auto& [path, content] : files) {
    v1::BundleFile& file = *carried.Add();
    file.set_path(path);
    file.set_content(content);
  }
}

}  // namespace derwent::policy
