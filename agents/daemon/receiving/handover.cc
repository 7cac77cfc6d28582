#include "agents/daemon/receiving/handover.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/wrappers.pb.h"

#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

namespace fs = std::filesystem;

// Under which name the state keeps which withdrawal of a share was written, or was about to be.
constexpr absl::string_view kNoted = "withdrawal/";

// As a JSON string: the broker chose it.
std::string Quoted(const std::string& text) {
  google::protobuf::StringValue value;
  value.set_value(text);
  std::string json;
  return google::protobuf::util::MessageToJsonString(value, &json).ok() ? json : "\"\"";
}

bool Exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

}  // namespace

Handover::Handover(const AgentContext& context, std::string folder)
    : context_(context), folder_(folder.empty() ? "" : folder + "/handover") {
  if (folder_.empty()) return;
  std::error_code error;
  fs::create_directories(folder_ + "/done", error);
  if (error) context_.log.Write("error", "the hand-over folder cannot be made");
  static_cast<void>(chmod(folder_.c_str(), 0700));
}

absl::Status Handover::Give(const std::string& share_id) {
  const KeyedLock::Hold hold(giving_, share_id);
  ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(share_id));
  if (!received.has_value() || received->handed_over) return absl::OkStatus();
  const bool withdrawn = received->content.empty();  // Before it was handed over.
  if (folder_.empty() || withdrawn) return context_.state.FinishHandover(share_id);
  const std::string name = share_id + ".json";
  if (Exists(folder_ + "/done/" + name)) return context_.state.FinishHandover(share_id);
  RETURN_IF_ERROR(context_.state.StartHandover(share_id));
  // Started before: the system may have seen it already.
  ASSIGN_OR_RETURN(const std::string file, Render(*received, received->handover_started));
  RETURN_IF_ERROR(WriteDurably(folder_ + "/" + name, file));
  return context_.state.FinishHandover(share_id);
}

absl::Status Handover::GiveAgain(const std::string& share_id) {
  if (folder_.empty()) return absl::OkStatus();
  const KeyedLock::Hold hold(giving_, share_id);
  ASSIGN_OR_RETURN(const std::optional<InboxRow> received, context_.state.FindReceived(share_id));
  if (!received.has_value() || received->content.empty()) return absl::OkStatus();
  for (const char* folder : {"/", "/done/"}) {
    const std::string path = absl::StrCat(folder_, folder, share_id, ".json");
    if (!Exists(path)) continue;
    ASSIGN_OR_RETURN(const std::string file, Render(*received, true));
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
  return absl::StrCat("{\"delivery_id\":", Quoted(received.delivery_id), ",\"repeated\":", repeated ? "true" : "false",
                      ",\"referral\":", json, "}\n");
}

absl::Status Handover::GiveAll() {
  absl::Status first;
  ASSIGN_OR_RETURN(const std::vector<InboxRow> rows, context_.state.NotHandedOver());
  for (const InboxRow& row : rows) {
    const absl::Status given = Give(row.share_id);
    if (first.ok()) first = given;
  }
  return first;
}

absl::Status Handover::TakeAway(const std::string& share_id) const {
  for (const char* folder : {"/", "/done/"}) {
    const std::string path = absl::StrCat(folder_, folder, share_id, ".json");
    if (unlink(path.c_str()) != 0 && errno != ENOENT)
      return absl::UnavailableError(
          absl::StrCat("cannot remove `", path, "`: ", std::generic_category().message(errno)));
    RETURN_IF_ERROR(SyncFolder(fs::path(path).parent_path().string()));
  }
  return absl::OkStatus();
}

absl::Status Handover::GiveSupersessions() {
  ASSIGN_OR_RETURN(const std::vector<Supersession> untold, context_.state.UntoldSupersessions());
  absl::Status first;
  for (const Supersession& one : untold) first.Update(GiveSupersession(one));
  return first;
}

absl::Status Handover::GiveSupersession(const Supersession& supersession) {
  const std::string& older = supersession.older_share_id;
  if (folder_.empty()) return context_.state.MarkSupersessionTold(older);
  const KeyedLock::Hold hold(giving_, older);
  const std::string name = older + ".superseded.json";
  if (!Exists(folder_ + "/done/" + name)) {
    RETURN_IF_ERROR(WriteDurably(absl::StrCat(folder_, "/", name),
                                 absl::StrCat("{\"share_id\":\"", older, "\",\"superseded\":true,\"superseded_by\":\"",
                                              supersession.share_id, "\",\"delete_copies\":true}\n")));
  }
  RETURN_IF_ERROR(TakeAway(older));
  return context_.state.MarkSupersessionTold(older);
}

absl::Status Handover::GiveWithdrawal(const Withdrawn& withdrawn) {
  if (folder_.empty()) return absl::OkStatus();
  const std::string& share = withdrawn.share_id;
  const KeyedLock::Hold hold(giving_, share);
  if (withdrawn.delete_copies) RETURN_IF_ERROR(TakeAway(share));
  const std::string name = share + ".withdrawn.json";
  const std::string delivery = absl::StrCat(share, "/", withdrawn.number);
  // Noted before it is written: of one noted the system may have seen it already.
  const std::string note = absl::StrCat(kNoted, share);
  ASSIGN_OR_RETURN(const std::string noted, context_.state.Kept(note));
  const bool repeated = noted == delivery;
  if (repeated && Exists(folder_ + "/done/" + name)) return absl::OkStatus();
  if (!repeated) RETURN_IF_ERROR(context_.state.Keep(note, delivery));
  return WriteDurably(absl::StrCat(folder_, "/", name),
                      absl::StrCat("{\"delivery_id\":\"", delivery, "\",\"repeated\":", repeated ? "true" : "false",
                                   ",\"share_id\":\"", share, "\",\"withdrawn\":true,\"reason\":\"", withdrawn.reason,
                                   "\",\"delete_copies\":", withdrawn.delete_copies ? "true" : "false", "}\n"));
}

}  // namespace derwent::agents
