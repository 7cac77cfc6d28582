#include "policy/loader/manifest.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/secret/sha256.h"

namespace derwent::policy {
namespace {

constexpr size_t kLongestPath = 255;

std::string Line(absl::string_view path, absl::string_view content) {
  return absl::StrCat(trust::Sha256(content).hex(), "  ", path, "\n");
}

bool IsPlain(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("._/-", c); }

}  // namespace

absl::Status CheckPath(absl::string_view path) {
  if (path.size() > kLongestPath || !std::all_of(path.begin(), path.end(), IsPlain))
    return absl::InvalidArgumentError(
        "the bundle names a file in other characters than A-Z a-z 0-9 . _ / -, or too long");
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == "." || part == "..")
      return absl::InvalidArgumentError("the bundle names a file outside itself");
  }
  return absl::OkStatus();
}

bool IsText(absl::string_view path) {
  return absl::EndsWith(path, ".txtpb") || (absl::StartsWith(path, "scenarios/") && absl::EndsWith(path, ".yaml"));
}

std::string MakeManifest(const Files& files) {
  std::string manifest;
  for (const auto& [path, content] : files) {
    if (IsText(path)) manifest += Line(path, content);
  }
  return manifest;
}

absl::Status CheckManifest(const Files& files) {
  const auto manifest = files.find(kManifestPath);
  if (manifest == files.end()) return absl::DataLossError("the bundle has no MANIFEST");
  if (manifest->second == MakeManifest(files)) return absl::OkStatus();
  for (const auto& [path, content] : files) {
    if (IsText(path) && !absl::StrContains(manifest->second, Line(path, content))) {
      return absl::DataLossError(absl::StrCat("MANIFEST does not name `", path, "` with its digest"));
    }
  }
  return absl::DataLossError("MANIFEST names a file that the bundle does not hold, or is not sorted");
}

absl::StatusOr<std::string> AgreementManifest(const Files& files, const v1::Agreement& agreement) {
  std::set<std::string> paths = {"vocabulary.txtpb", "organisations.txtpb",
                                 "areas.txtpb",      "calendar.txtpb",
                                 "gateways.txtpb",   absl::StrCat("agreements/", agreement.id(), ".txtpb")};
  for (const std::string& profile : agreement.profiles()) paths.insert(absl::StrCat("profiles/", profile, ".txtpb"));
  std::string manifest;
  for (const std::string& path : paths) {
    const auto file = files.find(path);
    if (file == files.end())
      return absl::InvalidArgumentError(absl::StrCat("the agreement depends on `", path, "`, which is missing"));
    manifest += Line(path, file->second);
  }
  return manifest;
}

}  // namespace derwent::policy
