#include "trust/note/add_checkpoint.h"

#include "absl/strings/str_cat.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/note/proof_lines.h"

namespace derwent::trust {
namespace {

constexpr char kWhat[] = "add-checkpoint request";

}  // namespace

absl::StatusOr<AddCheckpoint> AddCheckpoint::Parse(absl::string_view text) {
  AddCheckpoint request;
  Lines lines(text);
  absl::string_view line;
  if (!lines.Next(line)) return RefuseLine(lines.number(), kWhat, "it is not `old <number>`");
  ASSIGN_OR_RETURN(request.old_size, NumberLine(lines, line, "old", kWhat));
  ASSIGN_OR_RETURN(request.path, HashLines(lines, kWhat));
  request.checkpoint = std::string(lines.rest());
  return request;
}

std::string AddCheckpoint::ToString() const {
  std::string text = absl::StrCat("old ", old_size, "\n");
  for (const Sha256Digest& hash : path) absl::StrAppend(&text, Base64Encode(hash.view()), "\n");
  absl::StrAppend(&text, "\n", checkpoint);
  return text;
}

}  // namespace derwent::trust
