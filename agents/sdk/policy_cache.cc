#include "agents/sdk/policy_cache.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/envelope.h"
#include "derwent/v1/register.pb.h"
#include "policy/loader/carried.h"
#include "policy/loader/directory.h"
#include "policy/loader/succession.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

// Beside the bundle's files: when this agent first verified them, in seconds since 1970.
constexpr char kTakenPath[] = "TAKEN";

// When the bundle kept in `folder` was verified; `now` where nobody noted it, or where it lies ahead.
absl::Time TakenAt(const std::string& folder, absl::Time now) {
  std::ifstream file(fs::path(folder) / kTakenPath);
  int64_t seconds = 0;
  return file >> seconds ? std::min(absl::FromUnixSeconds(seconds), now) : now;
}

// Writes all files beside the kept ones, then swaps folders: a crash leaves the old or the new, never half.
absl::Status Keep(const std::string& folder, const policy::Files& files, absl::Time taken) {
  std::error_code error;
  const fs::path fresh = folder + ".new";
  const fs::path old = folder + ".old";
  fs::remove_all(fresh, error);
  for (const auto& [path, content] : files) {
    const fs::path target = fresh / path;
    fs::create_directories(target.parent_path(), error);
    std::ofstream(target, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  }
  std::ofstream(fresh / kTakenPath) << absl::ToUnixSeconds(taken) << "\n";
  fs::remove_all(old, error);
  fs::rename(folder, old, error);  // Absent the first time.
  fs::rename(fresh, folder, error);
  if (error)
    return absl::UnavailableError(absl::StrCat("the policy cannot be kept in `", folder, "`: ", error.message()));
  fs::remove_all(old, error);
  return absl::OkStatus();
}

struct OneDirectory {
  std::string agency;
  int64_t version = 0;
  std::vector<policy::DirectoryEntry> entries;
};

absl::StatusOr<OneDirectory> VerifyDirectory(const v1::DsseEnvelope& envelope, const KeyBook& keys,
                                             const policy::Policy& policy, absl::Time now) {
  v1::Directory directory;
  if (!directory.ParseFromString(envelope.payload())) return absl::InvalidArgumentError("a directory is malformed");
  RETURN_IF_ERROR(VerifySigned(envelope, kDirectoryType, *keys.Find(directory.agency()), now, now));
  ASSIGN_OR_RETURN(auto entries, policy::CompileDirectory(directory, policy));
  return OneDirectory{.agency = directory.agency(), .version = directory.version(), .entries = std::move(entries)};
}

}  // namespace

absl::Status PolicyCache::LoadKept(const policy::TrustRoots& roots, absl::Time now) {
  if (folder_.empty()) return absl::NotFoundError("no policy is kept");
  ASSIGN_OR_RETURN(policy::Files files, policy::ReadBundleDirectory(folder_));
  ASSIGN_OR_RETURN(auto bundle, policy::LoadBundle(std::move(files), roots, TakenAt(folder_, now)));
  return Install(std::move(bundle));
}

absl::Status PolicyCache::TakeBundle(const v1::GetPolicyBundleResponse& response, const policy::TrustRoots& roots,
                                     absl::Time now) {
  if (response.files().empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(policy::Files files, policy::FilesOf(response.files()));
  if (IsKnown(files)) return absl::OkStatus();
  ASSIGN_OR_RETURN(auto bundle, policy::LoadBundle(std::move(files), roots, now));
  const MutexLock taking(taking_);
  RETURN_IF_ERROR(CheckFollows(*bundle));
  if (!folder_.empty()) RETURN_IF_ERROR(Keep(folder_, bundle->files, now));
  return Install(std::move(bundle));
}

bool PolicyCache::IsKnown(const policy::Files& files) const {
  const MutexLock lock(mutex_);
  return view_ != nullptr && view_->bundle->files == files;
}

absl::Status PolicyCache::CheckFollows(const policy::Bundle& bundle) const {
  std::shared_ptr<const View> newest;
  {
    const MutexLock lock(mutex_);
    newest = view_;
  }
  if (newest == nullptr) return absl::OkStatus();
  const policy::Bundle& known = *newest->bundle;
  const bool another = bundle.governance_digest != known.governance_digest;
  if (bundle.revision < known.revision || (another && known.revision > 0 && bundle.revision == known.revision))
    return absl::DataLossError("POLICY_ROLLED_BACK: the bundle is not above the newest revision known here");
  const std::vector<std::string> stripped = policy::StrippedNotices(*known.policy, *bundle.policy);
  if (!stripped.empty()) return absl::DataLossError(absl::StrCat("NOTICE_STRIPPED: ", stripped.front()));
  return absl::OkStatus();
}

absl::Status PolicyCache::Install(std::unique_ptr<const policy::Bundle> bundle) {
  auto fresh = std::make_shared<View>();
  fresh->bundle = std::move(bundle);
  fresh->obligations = fresh->bundle->policy->obligations;
  const MutexLock lock(mutex_);
  fresh->directories = view_ != nullptr ? view_->directories : nullptr;
  known_.insert(fresh->bundle->policy_digest);
  view_ = std::move(fresh);
  return absl::OkStatus();
}

absl::Status PolicyCache::TakeDirectories(const v1::ListDirectoriesResponse& response, const KeyBook& keys,
                                          absl::Time now) {
  const MutexLock taking(taking_);
  std::shared_ptr<const View> before;
  {
    const MutexLock lock(mutex_);
    before = view_;
  }
  if (before == nullptr) return absl::FailedPreconditionError("no policy was verified yet");
  if (response.directories().empty() && before->directories != nullptr) return absl::OkStatus();
  auto directories = before->directories == nullptr ? std::make_shared<policy::Directories>()
                                                    : std::make_shared<policy::Directories>(*before->directories);
  absl::Status first = absl::OkStatus();
  std::map<std::string, int64_t, std::less<>> versions;
  for (const v1::DsseEnvelope& envelope : response.directories()) {
    absl::StatusOr<OneDirectory> one = VerifyDirectory(envelope, keys, *before->bundle->policy, now);
    if (one.ok() && one->version < directory_version(one->agency))
      one = absl::DataLossError("REGISTER_ROLLED_BACK: a directory's version went back");
    if (!one.ok()) {
      if (first.ok()) first = one.status();
      continue;
    }
    versions[one->agency] = one->version;
    (*directories)[one->agency] = std::move(one->entries);
  }
  const MutexLock lock(mutex_);
  auto fresh = std::make_shared<View>(*view_);
  fresh->directories = std::move(directories);
  view_ = std::move(fresh);
  for (const auto& [agency, version] : versions) versions_[agency] = version;
  if (first.ok()) directories_digest_ = response.digest();
  return first;
}

std::shared_ptr<const PolicyCache::View> PolicyCache::view() const {
  const MutexLock lock(mutex_);
  return view_ != nullptr && view_->directories != nullptr ? view_ : nullptr;
}

bool PolicyCache::Knows(absl::string_view policy_digest) const {
  const MutexLock lock(mutex_);
  return known_.contains(std::string(policy_digest));
}

std::string PolicyCache::policy_digest() const {
  const MutexLock lock(mutex_);
  return view_ == nullptr ? "" : view_->bundle->policy_digest;
}

std::string PolicyCache::governance_digest() const {
  const MutexLock lock(mutex_);
  return view_ == nullptr ? "" : view_->bundle->governance_digest;
}

std::string PolicyCache::directories_digest() const {
  const MutexLock lock(mutex_);
  return directories_digest_;
}

int64_t PolicyCache::directory_version(absl::string_view agency) const {
  const MutexLock lock(mutex_);
  const auto found = versions_.find(agency);
  return found == versions_.end() ? 0 : found->second;
}

}  // namespace derwent::agents
