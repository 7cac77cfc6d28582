#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "agents/sdk/keys.h"
#include "agents/sdk/policy_memory.h"
#include "derwent/v1/policy_service.pb.h"
#include "derwent/v1/register_service.pb.h"
#include "policy/engine/model.h"
#include "policy/loader/bundle.h"
#include "trust/base/mutex.h"

namespace derwent::agents {

// The policy and the registers this agent verified itself. A part that does not verify is not taken; the last good one
// stays, on disk too. Thread-safe.
class PolicyCache {
 public:
  // What a decision rests on; lives as long as somebody holds it.
  struct View {
    std::shared_ptr<const policy::Bundle> bundle;            // Shared: decisions in progress keep theirs.
    std::shared_ptr<const policy::Directories> directories;  // Likewise.
    std::set<std::string> obligations;
    policy::Snapshot snapshot() const { return {.policy = bundle->policy.get(), .directories = directories.get()}; }
  };

  // `folder` keeps the last good bundle; empty: nothing is kept.
  explicit PolicyCache(std::string folder) : folder_(std::move(folder)) {}

  // Reads what is remembered, and the bundle kept on disk, and verifies it again, as of when this agent took it: a
  // signature counts as of then, so that a signer's certificate that lapsed since stops nothing, but one revoked since
  // does. Errors: kNotFound none; of PolicyMemory::Load, of policy::LoadBundle.
  absl::Status LoadKept(const policy::TrustRoots& roots, absl::Time now);
  // Verifies and takes what the broker serves; an answer without files changes nothing. Errors: of policy::LoadBundle;
  // kDataLoss it is not above the newest revision known here, or lacks a notice that still stands.
  absl::Status TakeBundle(const v1::GetPolicyBundleResponse& response, const policy::TrustRoots& roots, absl::Time now);
  // Verifies each directory by its agency's own keys and takes those that verify; a version below the one taken is
  // refused. Error: the first that did not verify; the others are taken.
  absl::Status TakeDirectories(const v1::ListDirectoriesResponse& response, const KeyBook& keys, absl::Time now);

  // Null until bundle and directories were both verified since the start: without its directories a policy entitles
  // nobody, and a refusal decided so would be told for good.
  std::shared_ptr<const View> view() const;
  // True for the digest of any bundle ever verified here, where a folder keeps them.
  bool Knows(absl::string_view policy_digest) const;
  std::string policy_digest() const;
  std::string governance_digest() const;
  std::string directories_digest() const;
  // The newest version of an agency's directory taken; 0: none.
  int64_t directory_version(absl::string_view agency) const;

 private:
  // Whether they are those in force here, octet for octet.
  bool IsKnown(const policy::Files& files) const;
  absl::Status CheckFollows(const policy::Bundle& bundle) const;
  absl::Status Install(std::unique_ptr<const policy::Bundle> bundle);
  // Takes `memory` once it is kept; called with `taking_` held.
  absl::Status Remember(PolicyMemory memory);
  PolicyMemory memory() const;

  const std::string folder_;
  Mutex taking_;  // Held, before `mutex_`, from the check that a part follows the known one until it is installed.
  mutable Mutex mutex_;
  std::shared_ptr<const View> view_ GUARDED_BY(mutex_);  // Its directories are null until taken.
  PolicyMemory memory_ GUARDED_BY(mutex_);
  std::string directories_digest_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
