#include "agents/daemon/context/anchor_reader.h"

#include <sys/stat.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/status_macros.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

// Lines `agency person-id`; `#` starts a comment.
absl::StatusOr<std::map<std::string, std::set<std::string>>> ReadSignatories(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, trust::ReadFile(path));
  std::map<std::string, std::set<std::string>> signatories;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || line.front() == '#') continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() != 2)
      return absl::InvalidArgumentError(absl::StrCat("`", path, "` has a line that is not `agency person-id`"));
    signatories[words[0]].insert(words[1]);
  }
  return signatories;
}

// Another text for every other file, or state of a file, under the name.
std::string Mark(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return "none";
  return absl::StrCat(file.st_dev, "/", file.st_ino, "/", file.st_size, "/", file.st_mtim.tv_sec, "/",
                      file.st_mtim.tv_nsec);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const CurrentAnchors::Roots>> LoadRoots(const AgentConfig& config, absl::Time now) {
  ASSIGN_OR_RETURN(TrustAnchors anchors, TrustAnchors::Load(config.anchors, now));
  ASSIGN_OR_RETURN(auto signatories, ReadSignatories(config.signatories));
  policy::TrustRoots policy{.authority = anchors.authority,
                            .revoked = anchors.revoked,
                            .signatories = std::move(signatories),
                            .bundle_quorum = config.bundle_quorum};
  return std::make_shared<const CurrentAnchors::Roots>(
      CurrentAnchors::Roots{.anchors = std::move(anchors), .policy = std::move(policy)});
}

absl::Status AnchorReader::Read() {
  const MutexLock lock(mutex_);
  return ReadNow(Marks());
}

absl::Status AnchorReader::ReadIfChanged() {
  const MutexLock lock(mutex_);
  std::string marks = Marks();
  return marks == read_ ? absl::OkStatus() : ReadNow(std::move(marks));
}

std::string AnchorReader::Marks() const {
  return absl::StrCat(Mark(config_.anchors.crl), " ", Mark(config_.anchors.ca));
}

// `marks`: of the files as they were before; what changes while they are read is read again.
absl::Status AnchorReader::ReadNow(std::string marks) {
  const absl::Time now = context_.clock.Now();
  absl::StatusOr<std::shared_ptr<const CurrentAnchors::Roots>> roots = LoadRoots(config_, now);
  if (roots.ok()) {
    const TrustAnchors& fresh = (*roots)->anchors;
    const auto before = context_.roots.get();
    absl::Status follows = fresh.revoked.CheckFollows(before->anchors.revoked, fresh.authority, now);
    if (fresh.log_keys.origin() != before->anchors.log_keys.origin())
      follows.Update(absl::FailedPreconditionError("the log's keys are of another log than this agent runs with"));
    if (!follows.ok()) roots = follows;
  }
  if (!roots.ok()) {
    context_.Alarm("TRUST_NOT_READ", "", "");
    return roots.status();
  }
  context_.roots.Set(*std::move(roots));
  read_ = std::move(marks);
  return absl::OkStatus();
}

}  // namespace derwent::agents
