#include "agents/daemon/handover.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(absl::string_view doing, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", doing, " `", path, "`: ", std::generic_category().message(errno)));
}

absl::Status WriteAll(int file, absl::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("write", path);
    content.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(file) == 0 ? absl::OkStatus() : Failed("sync", path);
}

absl::Status SyncFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Failed("open", path);
  const bool synced = fsync(folder) == 0;
  close(folder);
  return synced ? absl::OkStatus() : Failed("sync", path);
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

absl::Status WriteDurably(const std::string& path, absl::string_view content) {
  const std::string part = path + ".part";
  const int file = open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Failed("make", part);
  const absl::Status written = WriteAll(file, content, part);
  close(file);
  RETURN_IF_ERROR(written);
  if (rename(part.c_str(), path.c_str()) != 0) return Failed("rename", part);
  return SyncFolder(fs::path(path).parent_path().string());
}

Handover::Handover(const AgentContext& context, std::string folder)
    : context_(context), folder_(folder.empty() ? "" : folder + "/handover") {
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_ + "/done", error);
  if (error) context_.log.Write("error", "the hand-over folder cannot be made");
  static_cast<void>(chmod(folder_.c_str(), 0700));
}

absl::Status Handover::Give(const InboxRow& received) {
  if (received.handed_over) return absl::OkStatus();
  if (folder_.empty()) return context_.state.FinishHandover(received.share_id);
  const std::string name = received.share_id + ".json";
  if (Exists(folder_ + "/done/" + name)) return context_.state.FinishHandover(received.share_id);
  RETURN_IF_ERROR(context_.state.StartHandover(received.share_id));
  // Started before: the system may have seen it already.
  ASSIGN_OR_RETURN(const std::string file, Render(received, received.handover_started));
  RETURN_IF_ERROR(WriteDurably(folder_ + "/" + name, file));
  return context_.state.FinishHandover(received.share_id);
}

absl::Status Handover::GiveAgain(const InboxRow& received) {
  if (folder_.empty()) return absl::OkStatus();
  for (const char* folder : {"/", "/done/"}) {
    const std::string path = absl::StrCat(folder_, folder, received.share_id, ".json");
    if (!Exists(path)) continue;
    ASSIGN_OR_RETURN(const std::string file, Render(received, true));
    RETURN_IF_ERROR(WriteDurably(path, file));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Handover::Render(const InboxRow& received, bool repeated) const {
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context_.identity, received.share_id, received.content));
  v1::ReceivedReferral referral;
  if (!referral.ParseFromString(plain)) return absl::DataLossError("kept content does not parse");
  std::string json;
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  if (!google::protobuf::util::MessageToJsonString(referral, &json, options).ok())
    return absl::InternalError("a referral does not print");
  return absl::StrCat("{\"delivery_id\":\"", received.delivery_id, "\",\"repeated\":", repeated ? "true" : "false",
                      ",\"referral\":", json, "}\n");
}

absl::Status Handover::GiveAll() {
  absl::Status first;
  ASSIGN_OR_RETURN(const std::vector<InboxRow> rows, context_.state.NotHandedOver());
  for (const InboxRow& row : rows) {
    const absl::Status given = Give(row);
    if (first.ok()) first = given;
  }
  return first;
}

absl::Status Handover::GiveWithdrawal(const std::string& share_id, absl::string_view reason, bool delete_copies) {
  if (folder_.empty()) return absl::OkStatus();
  const char* copies = delete_copies ? "true" : "false";
  return WriteDurably(absl::StrCat(folder_, "/", share_id, ".withdrawn.json"),
                      absl::StrCat("{\"share_id\":\"", share_id, "\",\"withdrawn\":true,\"reason\":\"", reason,
                                   "\",\"delete_copies\":", copies, "}\n"));
}

}  // namespace derwent::agents
