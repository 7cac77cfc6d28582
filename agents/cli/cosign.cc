#include "agents/cli/cosign.h"

#include <httplib.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "agents/cli/text.h"
#include "trust/base/status_macros.h"
#include "trust/note/add_checkpoint.h"

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

using Since = std::function<absl::StatusOr<std::vector<Sha256Digest>>(uint64_t)>;

// One witness's cosignature lines. It is asked from nothing first and says what it saw; then from there.
absl::StatusOr<std::string> Ask(const std::string& url, const std::string& note, uint64_t size, const Since& since) {
  const auto [server, prefix] = Split(url);
  httplib::Client client(server);
  if (!client.is_valid()) return absl::InvalidArgumentError("its address is not one of http");
  client.set_connection_timeout(kSeconds);
  client.set_read_timeout(kSeconds);
  trust::AddCheckpoint request{.old_size = 0, .path = {}, .checkpoint = note};
  for (int attempt = 0; attempt < 3; ++attempt) {
    const httplib::Result answer =
        client.Post(prefix + "/add-checkpoint", request.ToString(), "text/plain; charset=utf-8");
    if (!answer) return absl::UnavailableError("it does not answer");
    if (answer->status == kTaken) return answer->body;
    if (answer->status == kNotConsistent) return absl::DataLossError("it saw a tree that this one does not extend");
    if (answer->status != kConflict) return absl::UnavailableError(absl::StrCat("it answers ", answer->status));
    if (!absl::SimpleAtoi(absl::StripSuffix(answer->body, "\n"), &request.old_size))
      return absl::UnavailableError("it answers no size");
    if (request.old_size > size) return absl::DataLossError(absl::StrCat("it saw ", request.old_size, " entries"));
    request.path.clear();
    if (request.old_size == 0) continue;
    ASSIGN_OR_RETURN(request.path, since(request.old_size));
  }
  return absl::UnavailableError("it sees other checkpoints meanwhile; try again");
}

}  // namespace

absl::StatusOr<std::string> CollectCosignatures(const std::string& note, const trust::QuorumPolicy& policy,
                                                const Since& since,
                                                const std::function<void(const std::string&)>& said) {
  ASSIGN_OR_RETURN(const trust::Note parsed, trust::Note::Parse(note));
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, trust::Checkpoint::ParseBody(parsed.text));
  std::string cosigned = note;
  for (size_t i = 0; i < policy.witnesses().size(); ++i) {
    const trust::VerifierKey& witness = policy.witnesses()[i];
    if (policy.witness_urls()[i].empty()) continue;
    const absl::StatusOr<std::string> lines = Ask(policy.witness_urls()[i], note, checkpoint.size, since);
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
  if (const absl::Status met = trust::OpenCosignedCheckpoint(cosigned, policy).status(); !met.ok())
    return absl::IsFailedPrecondition(met) ? absl::UnavailableError(met.message()) : met;
  return cosigned;
}

}  // namespace derwent::cli
