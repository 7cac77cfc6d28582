#include "agents/daemon/context/log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace derwent::agents {
namespace {

void AppendText(absl::string_view text, std::string& line) {
  line.push_back('"');
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') line.push_back('\\');
    if (octet < 0x20) {
      absl::StrAppendFormat(&line, "\\u%04x", octet);
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

void AppendField(absl::string_view name, absl::string_view value, std::string& line) {
  if (line.size() > 1) line.push_back(',');
  AppendText(name, line);
  line.push_back(':');
  AppendText(value, line);
}

}  // namespace

std::string Log::Head(absl::string_view level, absl::string_view message, Fields fields) const {
  std::string line = "{";
  AppendField("ts", absl::FormatTime(absl::RFC3339_full, clock_.Now(), absl::UTCTimeZone()), line);
  AppendField("level", level, line);
  AppendField("msg", message, line);
  AppendField("service", "derwent-agent", line);
  AppendField("agency", agency_, line);
  for (const auto& [name, value] : fields) {
    if (!value.empty()) AppendField(name, value, line);
  }
  return line;
}

void Log::Put(std::string line) {
  line.append("}\n");
  const MutexLock lock(mutex_);
  out_ << line << std::flush;
}

void Log::Write(absl::string_view level, absl::string_view message, Fields fields) {
  Put(Head(level, message, fields));
}

void Log::Failure(absl::string_view message, const absl::Status& status, Fields fields) {
  std::string line = Head("error", message, fields);
  AppendField("error", absl::StrCat(absl::StatusCodeToString(status.code()), ": ", status.message()), line);
  Put(std::move(line));
}

}  // namespace derwent::agents
