#include "agents/cli/ledger/cosign.h"

#include <httplib.h>

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "agents/cli/terminal/text.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"
#include "trust/secret/sha256.h"

namespace derwent::cli {
namespace {

constexpr int kSeconds = 5;
constexpr int kTaken = 200;
constexpr int kConflict = 409;
constexpr int kNotConsistent = 422;

// `http://host:port/prefix` apart: httplib takes the first half, a request the second.
std::pair<std::string, std::string> Split(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t path = scheme == std::string::npos ? std::string::npos : url.find('/', scheme + 3);
  if (path == std::string::npos) return {url, ""};
  return {url.substr(0, path), std::string(absl::StripSuffix(url.substr(path), "/"))};
}

httplib::Client ClientOf(const std::string& server) {
  httplib::Client client(server);
  if (!client.is_valid()) return client;
  client.set_connection_timeout(kSeconds);
  client.set_read_timeout(kSeconds);
  return client;
}

// The largest tree of the log that a witness shows, under the log's own signature.
absl::StatusOr<trust::Checkpoint> Shown(const std::string& url, const trust::LogKeys& log) {
  const auto [server, prefix] = Split(url);
  httplib::Client client = ClientOf(server);
  const httplib::Result answer =
      client.Get(absl::StrCat(prefix, "/", trust::Sha256(log.origin()).hex(), "/checkpoint"));
  if (!answer || answer->status != kTaken) return absl::UnavailableError("it shows no checkpoint");
  ASSIGN_OR_RETURN(trust::Checkpoint shown, trust::OpenCheckpoint(answer->body, log));
  if (shown.origin != log.origin()) return absl::InvalidArgumentError("it shows another log's checkpoint");
  return shown;
}

// Whether what a witness shows speaks against the checkpoint. OK: both are of one log that only grew. Errors: kDataLoss
// they are not; of `proof`.
absl::Status HoldAgainst(const trust::Checkpoint& shown, const trust::Checkpoint& ours,
                         const ConsistencySource& proof) {
  const bool more = shown.size > ours.size;
  const trust::Checkpoint& smaller = more ? ours : shown;
  const trust::Checkpoint& larger = more ? shown : ours;
  std::vector<Sha256Digest> path;
  if (smaller.size > 0 && smaller.size < larger.size) {
    absl::StatusOr<std::vector<Sha256Digest>> proven = proof(smaller.size, larger.size);
    if (more && absl::IsInvalidArgument(proven.status()))
      return absl::DataLossError(absl::StrCat("it saw ", shown.size, " entries, signed by the log"));
    RETURN_IF_ERROR(proven.status());
    path = *std::move(proven);
  }
  if (smaller.size == 0 || trust::VerifyConsistency(smaller.size, larger.size, smaller.root, larger.root, path).ok())
    return absl::OkStatus();
  return absl::DataLossError("it saw a tree that this one does not extend, signed by the log");
}

// Asks one witness, and judges what it says of other trees.
class Asking {
 public:
  Asking(const std::string& url, const trust::LogKeys& log, const trust::Checkpoint& ours,
         const ConsistencySource& proof)
      : url_(url), log_(log), ours_(ours), proof_(proof) {}

  // Its cosignature lines. It is asked from nothing first and says what it saw; then from there. Errors: kDataLoss what
  // it shows speaks against the log; kUnavailable it does not cosign; of `proof`.
  absl::StatusOr<std::string> Lines(const std::string& note) {
    const auto [server, prefix] = Split(url_);
    httplib::Client client = ClientOf(server);
    if (!client.is_valid()) return absl::UnavailableError("its address is not one of http");
    trust::AddCheckpoint request{.old_size = 0, .path = {}, .checkpoint = note};
    for (int attempt = 0; attempt < 3; ++attempt) {
      const httplib::Result answer =
          client.Post(prefix + "/add-checkpoint", request.ToString(), "text/plain; charset=utf-8");
      if (!answer) return absl::UnavailableError("it does not answer");
      if (answer->status == kTaken) return answer->body;
      if (answer->status == kNotConsistent) return Claims("it says that it saw a tree that this one does not extend");
      if (answer->status != kConflict) return absl::UnavailableError(absl::StrCat("it answers ", answer->status));
      if (!absl::SimpleAtoi(absl::StripSuffix(answer->body, "\n"), &request.old_size))
        return absl::UnavailableError("it answers no size");
      if (request.old_size > ours_.size)
        return Claims(absl::StrCat("it says that it saw ", request.old_size, " entries"));
      request.path.clear();
      if (request.old_size == 0 || request.old_size == ours_.size) continue;  // Nothing is to be proven.
      ASSIGN_OR_RETURN(request.path, proof_(request.old_size, ours_.size));
    }
    return absl::UnavailableError("it sees other checkpoints meanwhile; try again");
  }

 private:
  // It says that it saw another tree: what counts is what it shows of it.
  absl::Status Claims(absl::string_view claim) {
    const absl::StatusOr<trust::Checkpoint> shown = Shown(url_, log_);
    if (!shown.ok()) return absl::UnavailableError(absl::StrCat(claim, ", and does not show it"));
    RETURN_IF_ERROR(HoldAgainst(*shown, ours_, proof_));
    return absl::UnavailableError(absl::StrCat(claim, ", and shows none but of this log; try again"));
  }

  const std::string& url_;
  const trust::LogKeys& log_;
  const trust::Checkpoint& ours_;
  const ConsistencySource& proof_;
};

}  // namespace

absl::StatusOr<std::string> CollectCosignatures(const std::string& note, const trust::QuorumPolicy& policy,
                                                const trust::LogKeys& log_keys, const ConsistencySource& proof,
                                                const std::function<void(const std::string&)>& said) {
  ASSIGN_OR_RETURN(const trust::Note parsed, trust::Note::Parse(note));
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(parsed.text));
  if (checkpoint.origin != log_keys.origin()) return absl::InvalidArgumentError("the checkpoint is of another log");
  std::string cosigned = note;
  for (size_t i = 0; i < policy.witnesses().size(); ++i) {
    const trust::VerifierKey& witness = policy.witnesses()[i];
    if (policy.witness_urls()[i].empty()) continue;
    const absl::StatusOr<std::string> lines = Asking(policy.witness_urls()[i], log_keys, checkpoint, proof).Lines(note);
    if (absl::IsDataLoss(lines.status()))
      return absl::DataLossError(absl::StrCat("BROKEN: `", witness.name, "`: ", lines.status().message(),
                                              ": the ledger was rewritten or rolled back"));
    if (!lines.ok()) {
      said(absl::StrCat("`", witness.name, "` does not cosign: ", lines.status().message()));
      continue;
    }
    // Of all that it sent only its own cosignature counts, and only if it verifies.
    const absl::StatusOr<trust::Note> answer = trust::Note::Parse(absl::StrCat(parsed.text, "\n", *lines));
    const absl::StatusOr<std::vector<trust::VerifierKey>> signers =
        answer.ok() ? trust::KnownSigners(*answer, {witness}) : answer.status();
    if (!signers.ok() || signers->empty()) {
      said(absl::StrCat("`", witness.name, "` sent no cosignature of its own: ", SafeText(*lines)));
      continue;
    }
    for (const trust::NoteSignature& line : answer->signatures) {
      if (line.name == witness.name && line.key_id == witness.key_id)
        absl::StrAppend(&cosigned, trust::SignatureLine(line));
    }
  }
  if (const absl::Status met = trust::OpenCosignedCheckpoint(cosigned, policy, log_keys).status(); !met.ok())
    return absl::IsFailedPrecondition(met) ? absl::UnavailableError(met.message()) : met;
  return cosigned;
}

}  // namespace derwent::cli
