#include "agents/daemon/sending/intake.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/connectors/json/json_fault.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/sending/intake_name.h"
#include "agents/daemon/sending/plain_file.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/json_problem.h"
#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

// Whatever is meant to be taken: what is no plain file too, so that it is refused and not passed over.
std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' || absl::EndsWith(name, ".part") || absl::EndsWith(name, kResultEnding)) continue;
    names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

bool Settled(const std::string& path, absl::Time now, absl::Duration settle) {
  struct stat state {};
  return lstat(path.c_str(), &state) == 0 && now - absl::TimeFromTimespec(state.st_mtim) >= settle;
}

// Nothing about the file is wrong: the broker is absent or full, or this agent has no policy yet.
bool MayPassLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status) || ReasonOf(status) == "POLICY_MISSING";
}

}  // namespace

Intake::Intake(const AgentContext& context, Sender& sender, std::string folder, absl::Duration settle,
               std::map<std::string, FileReader> readers)
    : context_(context), sender_(sender), folder_(std::move(folder)), settle_(settle), readers_(std::move(readers)) {
  std::error_code error;
  for (const char* part : {"inbox", "taken", "done", "failed"}) {
    fs::create_directories(absl::StrCat(folder_, "/", part), error);
    if (error) context_.log.Write("error", "a folder of the hand-over cannot be made", {{"error", error.message()}});
  }
}

absl::StatusOr<connectors::Batch> Intake::ReadJson(absl::string_view octets) {
  connectors::Batch batch;
  if (const int64_t line = connectors::LineOfJsonFault(octets); line > 0)
    return absl::InvalidArgumentError(absl::StrCat("line ", line, " is not JSON"));
  v1::PushReferralRequest referral;
  for (FieldProblem& problem : UnknownMembers(octets, *v1::PushReferralRequest::descriptor()))
    batch.problems.push_back({.column = std::move(problem.field), .rule = std::move(problem.rule)});
  if (!batch.problems.empty()) return batch;
  const auto parsed = google::protobuf::util::JsonStringToMessage({octets.data(), octets.size()}, &referral);
  if (parsed.ok()) {
    batch.referrals.push_back({.request = std::move(referral)});
    return batch;
  }
  FieldProblem problem = JsonProblem(std::string(parsed.message()));
  batch.problems.push_back({.column = std::move(problem.field), .rule = std::move(problem.rule)});
  return batch;
}

absl::StatusOr<connectors::Batch> Intake::Read(const std::string& name, const std::string& octets) const {
  if (WasMisnamed(name)) return absl::InvalidArgumentError(kIntakeNameRule);
  const FileReader* reader = nullptr;
  size_t longest = 0;
  for (const auto& [ending, candidate] : readers_) {
    if (!absl::EndsWith(name, ending) || ending.size() < longest) continue;
    reader = &candidate;
    longest = ending.size();
  }
  if (reader == nullptr) return absl::InvalidArgumentError("no reader is configured for a file of this name");
  return (*reader)(octets);
}

void Intake::Take(const std::string& part, const std::string& name) {
  const std::string from = absl::StrCat(folder_, "/", part, "/", name);
  const std::string to = absl::StrCat(folder_, "/taken/", NameToTake(folder_, name));
  static_cast<void>(rename(from.c_str(), to.c_str()));  // Another agent may have won.
}

absl::StatusOr<int> Intake::Scan() {
  const absl::Time now = context_.clock.Now();
  for (const std::string& name : FilesIn(folder_ + "/taken")) {
    if (!IsIntakeName(name)) Take("taken", name);
  }
  for (const std::string& name : FilesIn(folder_ + "/inbox")) {
    if (Settled(absl::StrCat(folder_, "/inbox/", name), now, settle_)) Take("inbox", name);
  }
  absl::Status first;
  int finished = 0;
  for (const std::string& name : FilesIn(folder_ + "/taken")) {
    const absl::StatusOr<bool> done = Process(name);
    if (first.ok()) first = done.status();
    if (done.ok() && *done) ++finished;
  }
  RETURN_IF_ERROR(first);
  return finished;
}

absl::StatusOr<bool> Intake::WasBrought(const std::string& referral_ref, const std::string& digest) {
  const std::string name = absl::StrCat("brought/", referral_ref);
  ASSIGN_OR_RETURN(const std::optional<std::string> pushed, context_.state.FindPush(referral_ref));
  if (!pushed.has_value()) {
    // Noted before it is pushed: a crash between leaves this file its own.
    RETURN_IF_ERROR(context_.state.Keep(name, digest));
    return false;
  }
  ASSIGN_OR_RETURN(const std::string by, context_.state.Kept(name));
  return by != digest;
}

absl::StatusOr<std::optional<std::vector<PushedReferral>>> Intake::PushAll(connectors::Batch& batch,
                                                                           const std::string& digest) {
  std::vector<PushedReferral> all;
  for (const connectors::Referral& referral : batch.referrals) {
    PushedReferral& one = all.emplace_back();
    one.row = referral.row;
    one.referral_ref = referral.request.referral_ref();
    ASSIGN_OR_RETURN(one.duplicate, WasBrought(one.referral_ref, digest));
    absl::StatusOr<v1::PushReferralResponse> pushed = sender_.Push(referral.request);
    if (MayPassLater(pushed.status())) return std::nullopt;
    one.taken = pushed.ok();
    if (one.taken) {
      one.response = *std::move(pushed);
      continue;
    }
    one.duplicate = false;
    one.problems = ProblemsOf(pushed.status(), one.row);
    batch.problems.insert(batch.problems.end(), one.problems.begin(), one.problems.end());
  }
  return all;
}

absl::StatusOr<bool> Intake::Process(const std::string& name) {
  IntakeResult result{.file = name};
  const std::string taken = absl::StrCat(folder_, "/taken/", name);
  const absl::StatusOr<std::string> octets = ReadPlainFile(taken, kMaxIntakeOctets);
  if (!octets.ok()) {
    result.problems.push_back({.rule = IsPlainFile(taken)
                                           ? "the file cannot be read, or is over 32 MiB"
                                           : "must be a plain file: a folder, link or pipe is not read"});
    RETURN_IF_ERROR(Finish(name, "failed", PrintResult(result), ""));
    return true;
  }
  const std::string digest = trust::Sha256(*octets).bytes();
  ASSIGN_OR_RETURN(const std::optional<std::string> seen, context_.state.SeenFile(digest));
  if (seen.has_value()) {
    RETURN_IF_ERROR(Finish(name, "done", PrintDuplicate(name, *seen), ""));
    return true;
  }
  absl::StatusOr<connectors::Batch> batch = Read(name, *octets);
  if (!batch.ok()) {
    const std::string rule(batch.status().message());
    batch = connectors::Batch();
    batch->problems.push_back({.rule = rule});
  }
  ASSIGN_OR_RETURN(std::optional<std::vector<PushedReferral>> pushed, PushAll(*batch, digest));
  if (!pushed.has_value()) return false;
  result.referrals = *std::move(pushed);
  result.problems = batch->problems;
  const std::string text = PrintResult(result);
  if (result.any_taken()) RETURN_IF_ERROR(context_.state.SaveFile(digest, text));
  RETURN_IF_ERROR(
      Finish(name, result.done() ? "done" : "failed", text, connectors::RejectedRows(batch->source, batch->problems)));
  return true;
}

absl::Status Intake::Finish(const std::string& name, const std::string& folder, const std::string& result,
                            const std::string& rejected_rows) {
  const std::string target = absl::StrCat(folder_, "/", folder, "/", name);
  RETURN_IF_ERROR(WriteDurably(absl::StrCat(target, kResultEnding), result + "\n"));
  if (!rejected_rows.empty())
    RETURN_IF_ERROR(WriteDurably(absl::StrCat(folder_, "/failed/", name, kRejectsEnding), rejected_rows));
  if (rename(absl::StrCat(folder_, "/taken/", name).c_str(), target.c_str()) != 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot move a file to `", folder, "`: ", std::generic_category().message(errno)));
  }
  context_.log.Write("info", "a file was handled", {{"status", folder}});
  return absl::OkStatus();
}

}  // namespace derwent::agents
