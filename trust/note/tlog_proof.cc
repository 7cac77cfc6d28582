#include "trust/note/tlog_proof.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "trust/base/encoding.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"

namespace derwent::trust {
namespace {

constexpr char kHeader[] = "c2sp.org/tlog-proof@v1\n";
constexpr size_t kMaxPath = 63;

// Takes the next line off `rest`, without its newline; false when there is none.
bool NextLine(absl::string_view& rest, absl::string_view& line) {
  const size_t end = rest.find('\n');
  if (end == absl::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

absl::StatusOr<TlogProof> TlogProof::Parse(absl::string_view text) {
  const auto refuse = [](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("the proof is malformed: ", what));
  };
  TlogProof proof;
  absl::string_view rest = text;
  absl::string_view line;
  if (!absl::ConsumePrefix(&rest, kHeader)) return refuse("its first line is another");
  if (!NextLine(rest, line)) return refuse("no index line");
  if (absl::ConsumePrefix(&line, "extra ")) {
    ASSIGN_OR_RETURN(proof.extra, Base64Decode(line));
    if (!NextLine(rest, line)) return refuse("no index line");
  }
  if (!absl::ConsumePrefix(&line, "index ") || line.empty() || (line.size() > 1 && line[0] == '0') ||
      line.find_first_not_of("0123456789") != absl::string_view::npos || !absl::SimpleAtoi(line, &proof.index)) {
    return refuse("no index line");
  }
  for (;;) {
    if (!NextLine(rest, line)) return refuse("no checkpoint");
    if (line.empty()) break;
    if (proof.path.size() == kMaxPath) return refuse("over 63 hashes");
    ASSIGN_OR_RETURN(const std::string hash, Base64Decode(line));
    ASSIGN_OR_RETURN(const Sha256Digest digest, Sha256Digest::FromBytes(hash));
    proof.path.push_back(digest);
  }
  proof.checkpoint = std::string(rest);
  return proof;
}

std::string TlogProof::ToString() const {
  std::string text = kHeader;
  if (!extra.empty()) absl::StrAppend(&text, "extra ", Base64Encode(extra), "\n");
  absl::StrAppend(&text, "index ", index, "\n");
  for (const Sha256Digest& hash : path) absl::StrAppend(&text, Base64Encode(hash.view()), "\n");
  absl::StrAppend(&text, "\n", checkpoint);
  return text;
}

absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Sha256Digest& leaf_hash,
                                           const VerifierKey& log_key, absl::string_view origin) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(proof.checkpoint, log_key));
  if (checkpoint.origin != origin) return absl::UnauthenticatedError("the checkpoint is of another log");
  RETURN_IF_ERROR(VerifyInclusion(leaf_hash, proof.index, checkpoint.size, proof.path, checkpoint.root));
  return checkpoint;
}

}  // namespace derwent::trust
