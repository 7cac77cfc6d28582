#include "broker/rpc/json_log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace derwent::rpc {
namespace {

std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    if (static_cast<unsigned char>(c) < 0x20)
      absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned>(c));
    else
      quoted.push_back(c);
  }
  return quoted + "\"";
}

}  // namespace

void JsonLog::Write(absl::string_view level, absl::string_view message, std::initializer_list<Field> fields) {
  std::string line =
      absl::StrCat("{\"ts\":", Quoted(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.Now(), absl::UTCTimeZone())),
                   ",\"level\":", Quoted(level), ",\"msg\":", Quoted(message), ",\"service\":", Quoted(service_),
                   ",\"version\":", Quoted(version_));
  for (const auto& [name, value] : fields) {
    if (!value.empty()) absl::StrAppend(&line, ",", Quoted(name), ":", Quoted(value));
  }
  line += "}\n";
  const MutexLock lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), out_);
  std::fflush(out_);
}

}  // namespace derwent::rpc
