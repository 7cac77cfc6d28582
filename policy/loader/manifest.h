#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "derwent/v1/agreement.pb.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

inline constexpr char kManifestPath[] = "MANIFEST";

// Whether the path stays within the bundle and is of A-Z a-z 0-9 . _ / - alone, 255 at most: lines of digests and paths
// are signed, and no path may look like two of them. Error: kInvalidArgument.
absl::Status CheckPath(absl::string_view path);
// Whether the file is the bundle's text, which MANIFEST lists: `*.txtpb`, and worked decisions `scenarios/*.yaml`.
bool IsText(absl::string_view path);
// Lines `<sha256 hex>  <path>\n` of all text, sorted by path.
std::string MakeManifest(const Files& files);
// Whether MANIFEST names exactly the bundle's text with its digests. Error: kDataLoss naming the first difference.
absl::Status CheckManifest(const Files& files);
// Lines of exactly the files an agreement depends on: itself, its profiles and the shared vocabulary. This is what its
// parties sign, so that a change of any of them needs signing again. Error: kInvalidArgument when one is missing.
absl::StatusOr<std::string> AgreementManifest(const Files& files, const v1::Agreement& agreement);

}  // namespace derwent::policy
