#include "trust/note/add_checkpoint.h"

#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

namespace derwent::trust {
namespace {

constexpr size_t kMaxPath = 63;

absl::Status Refuse(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("the add-checkpoint request is malformed: ", what));
}

// Takes the next line off `rest`, without its newline; false when there is none.
bool NextLine(absl::string_view& rest, absl::string_view& line) {
  const size_t end = rest.find('\n');
  if (end == absl::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

absl::StatusOr<AddCheckpoint> AddCheckpoint::Parse(absl::string_view text) {
  AddCheckpoint request;
  absl::string_view rest = text;
  absl::string_view line;
  if (!NextLine(rest, line) || !absl::ConsumePrefix(&line, "old ")) return Refuse("its first line is not `old <size>`");
  if (line.empty() || (line.size() > 1 && line[0] == '0') ||
      line.find_first_not_of("0123456789") != absl::string_view::npos || !absl::SimpleAtoi(line, &request.old_size) ||
      request.old_size > std::numeric_limits<int64_t>::max())
    return Refuse("the old size is not a decimal number up to 2^63 - 1");
  while (true) {
    if (!NextLine(rest, line)) return Refuse("no blank line ends the proof");
    if (line.empty()) break;
    if (request.path.size() == kMaxPath) return Refuse("over 63 hashes");
    const absl::StatusOr<std::string> octets = Base64Decode(line);
    if (!octets.ok()) return Refuse("a hash is not canonical base64");
    ASSIGN_OR_RETURN(const Sha256Digest hash, Sha256Digest::FromBytes(*octets));
    request.path.push_back(hash);
  }
  request.checkpoint = std::string(rest);
  return request;
}

std::string AddCheckpoint::ToString() const {
  std::string text = absl::StrCat("old ", old_size, "\n");
  for (const Sha256Digest& hash : path) absl::StrAppend(&text, Base64Encode(hash.view()), "\n");
  absl::StrAppend(&text, "\n", checkpoint);
  return text;
}

}  // namespace derwent::trust
