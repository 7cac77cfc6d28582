#include "trust/note/checkpoint.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"

namespace derwent::trust {

absl::StatusOr<Checkpoint> Checkpoint::ParseBody(absl::string_view body) {
  if (body.empty() || body.back() != '\n') return absl::InvalidArgumentError("a checkpoint's body ends in a newline");
  std::vector<absl::string_view> lines = absl::StrSplit(body.substr(0, body.size() - 1), '\n');
  if (lines.size() < 3) return absl::InvalidArgumentError("a checkpoint has at least three lines");
  for (const absl::string_view line : lines) {
    if (line.empty()) return absl::InvalidArgumentError("a checkpoint has no empty line");
  }
  Checkpoint checkpoint{.origin = std::string(lines[0])};
  const absl::string_view size = lines[1];
  if ((size.size() > 1 && size[0] == '0') || size.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(size, &checkpoint.size) || checkpoint.size > static_cast<uint64_t>(INT64_MAX)) {
    return absl::InvalidArgumentError("a checkpoint's size is a decimal number below 2^63 without leading zeros");
  }
  ASSIGN_OR_RETURN(const std::string root, Base64Decode(lines[2]));
  ASSIGN_OR_RETURN(checkpoint.root, Sha256Digest::FromBytes(root));
  for (size_t i = 3; i < lines.size(); ++i) absl::StrAppend(&checkpoint.extensions, lines[i], "\n");
  return checkpoint;
}

std::string Checkpoint::Body() const {
  return absl::StrCat(origin, "\n", size, "\n", Base64Encode(root.view()), "\n", extensions);
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, const VerifierKey& log_key) {
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  RETURN_IF_ERROR(VerifyNote(parsed, absl::MakeConstSpan(&log_key, 1)).status());
  return Checkpoint::ParseBody(parsed.text);
}

}  // namespace derwent::trust
