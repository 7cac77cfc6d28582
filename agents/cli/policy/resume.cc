#include "agents/cli/policy/resume.h"

#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"

#include "agents/cli/policy/governance.h"
#include "derwent/v1/dsse.pb.h"
#include "policy/loader/bundle.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

// Notices on the agreement that reach its present revision. Whether their signatures are good is for who judges the
// bundle.
std::vector<v1::AgreementNotice> NoticesOn(const policy::Files& files, const v1::Agreement& agreement) {
  std::vector<v1::AgreementNotice> notices;
  for (const auto& [path, json] : files) {
    v1::DsseEnvelope envelope;
    v1::AgreementNotice notice;
    if (!absl::StartsWith(path, "notices/") || !google::protobuf::util::JsonStringToMessage(json, &envelope).ok() ||
        !notice.ParseFromString(envelope.payload()))
      continue;
    if (notice.agreement() == agreement.id() && notice.revision() >= agreement.revision()) notices.push_back(notice);
  }
  return notices;
}

// Above every revision that a notice reaches. Error: kInvalidArgument it is not suspended, or ended.
absl::StatusOr<int32_t> NextRevision(const policy::Files& files, const v1::Agreement& agreement) {
  std::optional<int32_t> suspended;
  for (const v1::AgreementNotice& notice : NoticesOn(files, agreement)) {
    if (notice.action() == v1::NOTICE_ACTION_END)
      return absl::InvalidArgumentError(absl::StrCat("agreement `", agreement.id(), "` was ended by `", notice.agency(),
                                                     "`, not suspended: write a new revision of it"));
    if (notice.action() == v1::NOTICE_ACTION_SUSPEND) suspended = std::max(suspended.value_or(0), notice.revision());
  }
  if (!suspended.has_value())
    return absl::InvalidArgumentError(absl::StrCat("agreement `", agreement.id(), "` is not suspended"));
  return *suspended + 1;
}

// The text with its one line `revision: N` changed.
absl::StatusOr<std::string> WithRevision(const std::string& text, int32_t revision) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  const auto is_revision = [](const std::string& line) { return absl::StartsWith(line, "revision:"); };
  if (std::ranges::count_if(lines, is_revision) != 1)
    return absl::InvalidArgumentError("the agreement does not say `revision:` on a line of its own, once");
  *std::ranges::find_if(lines, is_revision) = absl::StrCat("revision: ", revision);
  return absl::StrJoin(lines, "\n");
}

}  // namespace

absl::StatusOr<Resumed> ResumeAgreement(const std::string& directory, const std::string& agreement_id) {
  ASSIGN_OR_RETURN(policy::Files files, policy::ReadBundleDirectory(directory));
  ASSIGN_OR_RETURN(v1::Agreement agreement, ReadAgreement(files, agreement_id));
  ASSIGN_OR_RETURN(const int32_t revision, NextRevision(files, agreement));
  const std::string path = absl::StrCat("agreements/", agreement_id, ".txtpb");
  ASSIGN_OR_RETURN(files[path], WithRevision(files.at(path), revision));
  agreement.set_revision(revision);
  ASSIGN_OR_RETURN(const v1::Agreement next, ReadAgreement(files, agreement_id));
  if (!google::protobuf::util::MessageDifferencer::Equals(next, agreement))
    return absl::InvalidArgumentError("the agreement's revision cannot be changed alone: edit it by hand");
  RETURN_IF_ERROR(WriteBundleFile(directory, path, files.at(path)));
  RETURN_IF_ERROR(WriteManifest(directory).status());
  return Resumed{.revision = revision, .parties = {agreement.parties().begin(), agreement.parties().end()}};
}

}  // namespace derwent::cli
