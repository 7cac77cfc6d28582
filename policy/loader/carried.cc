#include "policy/loader/carried.h"

#include <filesystem>

namespace derwent::policy {
namespace {

constexpr size_t kLongestPath = 255;

bool IsPlainPath(const std::string& path) {
  if (path.empty() || path.front() == '/' || path.size() > kLongestPath) return false;
  for (const std::filesystem::path& part : std::filesystem::path(path)) {
    if (part == ".." || part == ".") return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<Files> FilesOf(const BundleFiles& carried) {
  Files files;
  for (const v1::BundleFile& file : carried) {
    if (!IsPlainPath(file.path())) return absl::InvalidArgumentError("the bundle names a file outside itself");
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
