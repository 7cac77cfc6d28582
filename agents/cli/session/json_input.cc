#include "agents/cli/session/json_input.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "agents/cli/terminal/output.h"
#include "agents/sdk/json_problem.h"
#include "trust/base/status_macros.h"

namespace derwent::cli {
namespace {

constexpr size_t kMaxOctets = 16 << 20;

}  // namespace

absl::Status ReadJson(const std::string& path, google::protobuf::Message& message) {
  ASSIGN_OR_RETURN(const std::string json, ReadIn(path, kMaxOctets));
  const auto parsed = google::protobuf::util::JsonStringToMessage(json, &message);
  if (parsed.ok()) return absl::OkStatus();
  const agents::FieldProblem problem = agents::JsonProblem(parsed.message().as_string());
  return absl::InvalidArgumentError(absl::StrCat("`", path, "` is not a ", message.GetDescriptor()->name(),
                                                 " in JSON: ", problem.field, problem.field.empty() ? "" : ": ",
                                                 problem.rule));
}

}  // namespace derwent::cli
