#include "agents/daemon/intake.h"

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

#include "agents/daemon/fault.h"
#include "agents/daemon/intake_name.h"
#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/json_problem.h"
#include "nlohmann/json.hpp"
#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"
#include "trust/signature/key_file.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' || absl::EndsWith(name, ".part") || absl::EndsWith(name, kResultEnding) ||
        !entry.is_regular_file(error))
      continue;
    names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

bool Settled(const std::string& path, absl::Time now, absl::Duration settle) {
  struct stat state {};
  return stat(path.c_str(), &state) == 0 && now - absl::TimeFromTimespec(state.st_mtim) >= settle;
}

// As a file: octets that are no UTF-8 become U+FFFD, for nothing that a file says may stop the agent.
std::string Printed(const json& result) { return result.dump(-1, ' ', false, json::error_handler_t::replace); }

json ProblemJson(const RowProblem& problem) {
  return {{"row", problem.row}, {"column", problem.column}, {"rule", problem.rule}};
}

json SharesJson(const v1::PushReferralResponse& response) {
  json shares = json::array();
  for (const v1::ShareOutcome& share : response.shares()) {
    json released = json::array();
    for (const v1::UnitOutcome& unit : share.units()) {
      released.push_back({{"recipient", unit.recipient_agency()},
                          {"subject", unit.subject()},
                          {"category", unit.category()},
                          {"outcome", unit.outcome()},
                          {"form", unit.form()},
                          {"reasons", std::vector<std::string>(unit.reasons().begin(), unit.reasons().end())}});
    }
    shares.push_back({{"share_id", share.share_id()},
                      {"profile", share.profile()},
                      {"state", share.state()},
                      {"reason", share.reason()},
                      {"units", released}});
  }
  return shares;
}

// Nothing about the file is wrong: the broker is absent or full, or this agent has no policy yet.
bool MayPassLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status) ||
         absl::IsCancelled(status) || ReasonOf(status) == "POLICY_MISSING";
}

// The errors of a referral that was not taken: every field, or the reason alone.
json FaultJson(const absl::Status& status) {
  json errors = json::array();
  const RpcError error = DescribeRpcError(status);
  for (const Violation& violation : error.fields)
    errors.push_back(ProblemJson({.column = violation.field, .rule = violation.description}));
  if (errors.empty())
    errors.push_back({{"row", 0}, {"column", ""}, {"rule", std::string(status.message())}, {"reason", error.reason}});
  return errors;
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

absl::StatusOr<IntakeBatch> Intake::ReadJson(absl::string_view octets) {
  IntakeBatch batch;
  v1::PushReferralRequest& referral = batch.referrals.emplace_back();
  const auto parsed = google::protobuf::util::JsonStringToMessage({octets.data(), octets.size()}, &referral);
  if (parsed.ok()) return batch;
  batch.referrals.clear();
  const FieldProblem problem = JsonProblem(std::string(parsed.message()));
  batch.problems.push_back({.column = problem.field, .rule = problem.rule});
  return batch;
}

absl::StatusOr<IntakeBatch> Intake::Read(const std::string& name, const std::string& octets) const {
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

absl::StatusOr<bool> Intake::Process(const std::string& name) {
  const std::string path = absl::StrCat(folder_, "/taken/", name);
  json result = {{"file", name}, {"referrals", json::array()}, {"errors", json::array()}};
  absl::StatusOr<std::string> octets = trust::ReadFile(path, kMaxIntakeOctets);
  if (!octets.ok()) {
    result["state"] = "FAILED";
    result["errors"].push_back(ProblemJson({.rule = "the file cannot be read, or is over 32 MiB"}));
    RETURN_IF_ERROR(Finish(name, "failed", Printed(result), ""));
    return true;
  }
  const std::string digest = trust::Sha256(*octets).bytes();
  ASSIGN_OR_RETURN(const std::optional<std::string> seen, context_.state.SeenFile(digest));
  if (seen.has_value()) {
    json first = json::parse(*seen, nullptr, false);
    result["state"] = "DUPLICATE";
    if (first.is_object()) result["first"] = std::move(first);
    RETURN_IF_ERROR(Finish(name, "done", Printed(result), ""));
    return true;
  }
  absl::StatusOr<IntakeBatch> batch = Read(name, *octets);
  if (!batch.ok()) {
    result["errors"].push_back(ProblemJson({.rule = std::string(batch.status().message())}));
    batch = IntakeBatch();
  }
  for (const RowProblem& problem : batch->problems) result["errors"].push_back(ProblemJson(problem));
  int taken = 0;
  for (const v1::PushReferralRequest& referral : batch->referrals) {
    const absl::StatusOr<v1::PushReferralResponse> pushed = sender_.Push(referral);
    if (MayPassLater(pushed.status())) return false;
    json one = {{"referral_ref", referral.referral_ref()}};
    if (pushed.ok()) {
      one["shares"] = SharesJson(*pushed);
      ++taken;
    } else {
      for (const json& error : (one["errors"] = FaultJson(pushed.status()))) {
        result["errors"].push_back(error);
      }
    }
    result["referrals"].push_back(std::move(one));
  }
  const bool clean = result["errors"].empty();
  result["state"] = clean ? "DONE" : taken > 0 ? "PARTIAL" : "FAILED";
  const std::string text = Printed(result);
  if (taken > 0) RETURN_IF_ERROR(context_.state.SaveFile(digest, text));
  RETURN_IF_ERROR(Finish(name, taken > 0 ? "done" : "failed", text, batch->rejected_rows));
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
