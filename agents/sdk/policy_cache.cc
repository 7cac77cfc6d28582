#include "agents/sdk/policy_cache.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/agency_signature.h"
#include "derwent/v1/register.pb.h"
#include "policy/loader/carried.h"
#include "policy/loader/directory.h"
#include "policy/loader/succession.h"
#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

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

absl::Status NotKept(const std::string& folder, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat("the policy cannot be kept in `", folder, "`: ", error.message()));
}

// Writes all files to a folder of their own, durably.
absl::Status WriteFolder(const fs::path& folder, const policy::Files& files, absl::Time taken) {
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) return NotKept(folder, error);
  fs::create_directories(folder, error);
  if (error) return NotKept(folder, error);
  std::set<std::string> folders = {folder};
  for (const auto& [path, content] : files) {
    const fs::path target = folder / path;
    fs::create_directories(target.parent_path(), error);
    if (error) return NotKept(folder, error);
    RETURN_IF_ERROR(WriteDurably(target, content));
    for (fs::path up = target.parent_path(); up != folder; up = up.parent_path()) folders.insert(up);
  }
  RETURN_IF_ERROR(WriteDurably(folder / kTakenPath, absl::StrCat(absl::ToUnixSeconds(taken), "\n")));
  for (const std::string& one : folders) RETURN_IF_ERROR(SyncFolder(one));
  return absl::OkStatus();
}

// Writes all files beside the kept ones, then swaps folders: a crash leaves the old or the new, never half, nor none
// (see KeptIn).
absl::Status Keep(const std::string& folder, const policy::Files& files, absl::Time taken) {
  const std::string fresh = folder + ".new";
  const std::string old = folder + ".old";
  RETURN_IF_ERROR(WriteFolder(fresh, files, taken));
  std::error_code error;
  if (fs::exists(folder, error)) {  // Else what lies in `old` is all there is.
    fs::remove_all(old, error);
    if (!error) fs::rename(folder, old, error);
  }
  if (!error) fs::rename(fresh, folder, error);
  if (error) return NotKept(folder, error);
  RETURN_IF_ERROR(SyncFolder(fs::path(folder).parent_path()));
  fs::remove_all(old, error);  // It does no harm, and goes the next time.
  return absl::OkStatus();
}

// Where the bundle lies: between the two renames of Keep the one of before lies aside.
std::string KeptIn(const std::string& folder) {
  const std::string old = folder + ".old";
  std::error_code error;
  return !fs::exists(folder, error) && fs::exists(old, error) ? old : folder;
}

struct OneDirectory {
  std::string agency;
  int64_t version = 0;
  policy::Directory directory;
};

absl::StatusOr<OneDirectory> VerifyDirectory(const v1::DsseEnvelope& envelope, const KeyBook& keys,
                                             const policy::Policy& policy, absl::Time now) {
  v1::Directory directory;
  if (!directory.ParseFromString(envelope.payload())) return absl::InvalidArgumentError("a directory is malformed");
  RETURN_IF_ERROR(VerifySigned(envelope, trust::kDirectoryType, *keys.Find(directory.agency()), now, now));
  ASSIGN_OR_RETURN(policy::Directory compiled, policy::CompileDirectory(directory, policy));
  return OneDirectory{.agency = directory.agency(), .version = directory.version(), .directory = std::move(compiled)};
}

}  // namespace

absl::Status PolicyCache::LoadKept(const policy::TrustRoots& roots, absl::Time now) {
  if (folder_.empty()) return absl::NotFoundError("no policy is kept");
  const MutexLock taking(taking_);
  ASSIGN_OR_RETURN(PolicyMemory memory, PolicyMemory::Load(folder_ + ".memory"));
  {
    const MutexLock lock(mutex_);
    memory_ = std::move(memory);
  }
  const std::string kept = KeptIn(folder_);
  ASSIGN_OR_RETURN(policy::Files files, policy::ReadBundleDirectory(kept));
  ASSIGN_OR_RETURN(auto bundle, policy::LoadBundle(std::move(files), roots, TakenAt(kept, now)));
  return Install(std::move(bundle));
}

PolicyMemory PolicyCache::memory() const {
  const MutexLock lock(mutex_);
  return memory_;
}

absl::Status PolicyCache::Remember(PolicyMemory memory) {
  if (!folder_.empty()) RETURN_IF_ERROR(memory.Keep(folder_ + ".memory"));
  const MutexLock lock(mutex_);
  memory_ = std::move(memory);
  return absl::OkStatus();
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
  PolicyMemory known = memory();
  if (known.policies.insert(bundle->policy_digest).second) RETURN_IF_ERROR(Remember(std::move(known)));
  auto fresh = std::make_shared<View>();
  fresh->bundle = std::move(bundle);
  fresh->obligations = fresh->bundle->policy->obligations;
  const MutexLock lock(mutex_);
  fresh->directories = view_ != nullptr ? view_->directories : nullptr;
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
  PolicyMemory known = memory();
  bool learnt = false;
  for (const v1::DsseEnvelope& envelope : response.directories()) {
    absl::StatusOr<OneDirectory> one = VerifyDirectory(envelope, keys, *before->bundle->policy, now);
    if (one.ok() && one->version < known.VersionOf(one->agency))
      one = absl::DataLossError("REGISTER_ROLLED_BACK: a directory's version went back");
    if (!one.ok()) {
      if (first.ok()) first = one.status();
      continue;
    }
    learnt = learnt || one->version > known.VersionOf(one->agency);
    known.directory_versions[one->agency] = one->version;
    (*directories)[one->agency] = std::move(one->directory);
  }
  if (learnt) RETURN_IF_ERROR(Remember(std::move(known)));
  const MutexLock lock(mutex_);
  auto fresh = std::make_shared<View>(*view_);
  fresh->directories = std::move(directories);
  view_ = std::move(fresh);
  if (first.ok()) directories_digest_ = response.digest();
  return first;
}

std::shared_ptr<const PolicyCache::View> PolicyCache::view() const {
  const MutexLock lock(mutex_);
  return view_ != nullptr && view_->directories != nullptr ? view_ : nullptr;
}

bool PolicyCache::Knows(absl::string_view policy_digest) const {
  const MutexLock lock(mutex_);
  return memory_.policies.contains(policy_digest);
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
  return memory_.VersionOf(agency);
}

}  // namespace derwent::agents
