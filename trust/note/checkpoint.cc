#include "trust/note/checkpoint.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/tree.h"
#include "trust/note/lines.h"

namespace derwent::trust {

absl::StatusOr<Checkpoint> Checkpoint::ParseBody(absl::string_view body) {
  std::vector<absl::string_view> text;
  Lines lines(body);
  const auto refuse = [](size_t number, absl::string_view rule) { return RefuseLine(number, "checkpoint", rule); };
  for (absl::string_view line; lines.Next(line);) {
    if (line.empty()) return refuse(lines.number(), "it is empty");
    text.push_back(line);
  }
  if (!lines.rest().empty()) return refuse(lines.number(), "it does not end in a newline");
  if (text.size() < 3) return refuse(lines.number(), "it is missing: a checkpoint has an origin, a size and a root");
  Checkpoint checkpoint{.origin = std::string(text[0])};
  const std::optional<uint64_t> size = ParseDecimal(text[1]);
  if (!size.has_value()) return refuse(2, "the size is not a decimal number below 2^63 without leading zeros");
  checkpoint.size = *size;
  const absl::StatusOr<std::string> octets = Base64Decode(text[2]);
  const absl::StatusOr<Sha256Digest> root = octets.ok() ? Sha256Digest::FromBytes(*octets) : octets.status();
  if (!root.ok()) return refuse(3, "the root is not 32 octets in canonical base64");
  checkpoint.root = *root;
  for (size_t i = 3; i < text.size(); ++i) absl::StrAppend(&checkpoint.extensions, text[i], "\n");
  return checkpoint;
}

std::string Checkpoint::Body() const {
  return absl::StrCat(origin, "\n", size, "\n", Base64Encode(root.view()), "\n", extensions);
}

absl::StatusOr<Checkpoint> OpenCheckpoint(absl::string_view note, const LogKeys& log_keys) {
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::ParseBody(parsed.text));
  RETURN_IF_ERROR(log_keys.Signers(parsed, checkpoint.size).status());
  if (checkpoint.size == 0 && checkpoint.root != EmptyRoot())
    return absl::DataLossError("line 3 of the checkpoint: the root of no entries is another one");
  return checkpoint;
}

}  // namespace derwent::trust
