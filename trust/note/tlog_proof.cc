#include "trust/note/tlog_proof.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"
#include "trust/note/proof_lines.h"

namespace derwent::trust {
namespace {

constexpr char kHeader[] = "c2sp.org/tlog-proof@v1";
constexpr char kWhat[] = "proof";

}  // namespace

absl::StatusOr<TlogProof> TlogProof::Parse(absl::string_view text) {
  TlogProof proof;
  Lines lines(text);
  absl::string_view line;
  if (!lines.Next(line) || line != kHeader)
    return RefuseLine(lines.number(), kWhat, absl::StrCat("it is not `", kHeader, "`"));
  lines.Next(line);
  if (absl::ConsumePrefix(&line, "extra ")) {
    absl::StatusOr<std::string> extra = Base64Decode(line);
    if (!extra.ok()) return RefuseLine(lines.number(), kWhat, "its extra is not canonical base64");
    if (extra->empty()) return RefuseLine(lines.number(), kWhat, "its extra is empty: then the line is left out");
    proof.extra = *std::move(extra);
    lines.Next(line);
  }
  ASSIGN_OR_RETURN(proof.index, NumberLine(lines, line, "index", kWhat));
  ASSIGN_OR_RETURN(proof.path, HashLines(lines, kWhat));
  proof.checkpoint = std::string(lines.rest());
  return proof;
}

std::string TlogProof::ToString() const {
  std::string text = absl::StrCat(kHeader, "\n");
  if (!extra.empty()) absl::StrAppend(&text, "extra ", Base64Encode(extra), "\n");
  absl::StrAppend(&text, "index ", index, "\n");
  for (const Sha256Digest& hash : path) absl::StrAppend(&text, Base64Encode(hash.view()), "\n");
  absl::StrAppend(&text, "\n", checkpoint);
  return text;
}

absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Sha256Digest& leaf_hash,
                                           const LogKeys& log_keys, absl::string_view origin) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(proof.checkpoint, log_keys));
  if (checkpoint.origin != origin) return absl::UnauthenticatedError("the checkpoint is of another log");
  RETURN_IF_ERROR(VerifyInclusion(leaf_hash, proof.index, checkpoint.size, proof.path, checkpoint.root));
  return checkpoint;
}

}  // namespace derwent::trust
