#include "agents/witness/witness.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/witness/fork.h"
#include "agents/witness/log_lines.h"
#include "trust/base/status_macros.h"
#include "trust/merkle/proof.h"
#include "trust/merkle/tree.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/cosignature.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {
namespace {

constexpr int kOk = 200;
constexpr int kMalformed = 400;
constexpr int kNotSigned = 403;
constexpr int kUnknown = 404;
constexpr int kConflict = 409;
constexpr int kNotConsistent = 422;
constexpr int kFailed = 500;

WitnessAnswer Refuse(int status, absl::string_view why) {
  return {.status = status, .content_type = "text/plain; charset=utf-8", .body = absl::StrCat(why, "\n")};
}

WitnessAnswer Failed() { return Refuse(kFailed, "the witness cannot keep its state"); }

WitnessAnswer Unseen() { return Refuse(kUnknown, "no checkpoint of that log was seen"); }

// The log's keys whose lines verify, those that count no longer too: the log may still know its own note by them.
std::vector<trust::VerifierKey> Verified(const trust::Note& note, const trust::LogKeys& log) {
  std::vector<trust::VerifierKey> verified = log.keys();
  std::erase_if(verified, [&](const trust::VerifierKey& key) { return !trust::VerifyNote(note, {key}).ok(); });
  return verified;
}

// Whether the offered tree extends the one seen.
absl::Status Extends(const WitnessView& seen, const trust::Checkpoint& offered, const trust::AddCheckpoint& request) {
  if (seen.size == 0) {
    if (!request.path.empty()) return absl::InvalidArgumentError("a proof from size 0 is empty");
    if (offered.size == 0 && offered.root != trust::EmptyRoot())
      return absl::InvalidArgumentError("the root is not that of the empty tree");
    return absl::OkStatus();
  }
  return trust::VerifyConsistency(seen.size, offered.size, seen.root, offered.root, request.path);
}

// When the witness last cosigned; the epoch: never.
absl::Time LastCosigned(const WitnessView& seen, const trust::VerifierKey& own) {
  const absl::StatusOr<trust::Note> note = trust::Note::Parse(seen.note);
  if (!note.ok()) return absl::UnixEpoch();
  for (const trust::NoteSignature& signature : note->signatures) {
    if (signature.name == own.name && signature.key_id == own.key_id)
      return trust::CosignatureTime(signature.signature).value_or(absl::UnixEpoch());
  }
  return absl::UnixEpoch();
}

}  // namespace

Witness::Witness(std::unique_ptr<WitnessState> state, trust::VerifierKey vkey, trust::Ed25519Key key, LogKeySource log,
                 const Clock& clock)
    : vkey_(std::move(vkey)), key_(std::move(key)), log_(std::move(log)), clock_(clock), state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<Witness>> Witness::Open(const std::string& state_path, const std::string& name,
                                                       trust::Ed25519Key key, LogKeySource log, const Clock& clock) {
  ASSIGN_OR_RETURN(trust::VerifierKey vkey, trust::VerifierKey::Make(name, trust::kNoteCosignature, key.public_key()));
  ASSIGN_OR_RETURN(std::unique_ptr<WitnessState> state, WitnessState::Open(state_path));
  std::unique_ptr<Witness> witness(
      new Witness(std::move(state), std::move(vkey), std::move(key), std::move(log), clock));
  RETURN_IF_ERROR(witness->MendKept());
  return witness;
}

absl::Status Witness::MendKept() {
  const trust::LogKeys log = log_();
  const MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(std::optional<WitnessView> seen, state_->Find(log.origin()));
  if (!seen.has_value()) return absl::OkStatus();
  std::string mended = Mended(seen->note, log.keys(), vkey_);
  if (mended == seen->note) return absl::OkStatus();
  seen->note = std::move(mended);
  return state_->Advance(log.origin(), seen->size, *seen);
}

absl::StatusOr<Witness::Offered> Witness::Read(absl::string_view note, WitnessAnswer& refusal) const {
  absl::StatusOr<trust::Note> parsed = trust::Note::Parse(note);
  absl::StatusOr<trust::Checkpoint> checkpoint =
      parsed.ok() ? trust::Checkpoint::ParseBody(parsed->text) : absl::StatusOr<trust::Checkpoint>(parsed.status());
  if (!checkpoint.ok()) {
    refusal = Refuse(kMalformed, checkpoint.status().message());
    return checkpoint.status();
  }
  const trust::LogKeys log = log_();
  if (checkpoint->origin != log.origin()) {
    refusal = Refuse(kUnknown, "no log of that origin is witnessed here");
    return absl::NotFoundError("origin");
  }
  const absl::Status counts = log.Signers(*parsed, checkpoint->size).status();
  if (!counts.ok()) {
    refusal = Refuse(kNotSigned, counts.message());
    return counts;
  }
  return Offered{.note = WithLinesOf(*parsed, Verified(*parsed, log)), .checkpoint = *std::move(checkpoint)};
}

absl::Status Witness::KeepFailing(const WitnessView& seen, const Offered& offered, const trust::AddCheckpoint& request,
                                  absl::Time now) {
  const Sha256Digest digest = trust::Sha256(offered.note.text);
  if (const std::optional<Fork> fork = ProvenFork(seen, offered.note, offered.checkpoint, request)) {
    ASSIGN_OR_RETURN(const bool fresh, state_->KeepFork(*fork, digest, now));
    if (fresh && tell_fork_) tell_fork_(*fork);
    return absl::OkStatus();
  }
  if (offered.checkpoint.size <= seen.size) return absl::OkStatus();
  const std::string note = offered.note.ToString();
  ASSIGN_OR_RETURN(const bool fresh, state_->KeepDoubt(note, digest, now));
  if (fresh && tell_doubt_) tell_doubt_(note);
  return absl::OkStatus();
}

absl::Status Witness::TellForks(std::function<void(const Fork&)> tell) {
  const trust::LogKeys log = log_();
  const MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const std::vector<Fork> forks, state_->Forks());
  for (Fork fork : forks) {
    fork.seen = Mended(fork.seen, log.keys(), vkey_);
    tell(fork);
  }
  tell_fork_ = std::move(tell);
  return absl::OkStatus();
}

absl::Status Witness::TellDoubts(std::function<void(const std::string& note)> tell) {
  const MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(const std::vector<std::string> notes, state_->Doubts());
  for (const std::string& note : notes) tell(note);
  tell_doubt_ = std::move(tell);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Witness::CosignAndKeep(const Offered& offered, uint64_t old_size, absl::Time now) {
  ASSIGN_OR_RETURN(const trust::NoteSignature signature, trust::Cosign(offered.note.text, vkey_.name, key_, now));
  trust::Note kept = offered.note;
  kept.signatures.push_back(signature);
  const trust::Checkpoint& checkpoint = offered.checkpoint;
  RETURN_IF_ERROR(state_->Advance(checkpoint.origin, old_size,
                                  {.size = checkpoint.size, .root = checkpoint.root, .note = kept.ToString()}));
  return trust::SignatureLine(signature);
}

WitnessAnswer Witness::AddCheckpoint(absl::string_view body) {
  const absl::StatusOr<trust::AddCheckpoint> request = trust::AddCheckpoint::Parse(body);
  if (!request.ok()) return Refuse(kMalformed, request.status().message());
  WitnessAnswer refusal;
  const absl::StatusOr<Offered> offered = Read(request->checkpoint, refusal);
  if (!offered.ok()) return refusal;
  const trust::Checkpoint& checkpoint = offered->checkpoint;
  if (request->old_size > checkpoint.size) return Refuse(kMalformed, "the old size is over the checkpoint's");
  const MutexLock lock(mutex_);
  const absl::Time now = clock_.Now();
  const absl::StatusOr<std::optional<WitnessView>> found = state_->Find(checkpoint.origin);
  if (!found.ok()) return Failed();
  const WitnessView seen = found->value_or(WitnessView{.size = 0, .root = trust::EmptyRoot(), .note = ""});
  if (request->old_size != seen.size)
    return {.status = kConflict, .content_type = "text/x.tlog.size", .body = absl::StrCat(seen.size, "\n")};
  if (const absl::Status extends = Extends(seen, checkpoint, *request); !extends.ok()) {
    if (!KeepFailing(seen, *offered, *request, now).ok()) return Failed();
    return Refuse(kNotConsistent, extends.message());
  }
  // Its cosignatures say when it saw what, in whole seconds: they never go back.
  if (absl::ToUnixSeconds(now) < absl::ToUnixSeconds(LastCosigned(seen, vkey_)))
    return Refuse(kFailed, "the witness's clock is behind its last cosignature");
  const absl::StatusOr<std::string> line = CosignAndKeep(*offered, seen.size, now);
  if (!line.ok()) return Failed();
  return {.status = kOk, .content_type = "text/plain; charset=utf-8", .body = *line};
}

WitnessAnswer Witness::Latest(absl::string_view origin_digest) {
  const trust::LogKeys log = log_();
  if (trust::Sha256(log.origin()).hex() != origin_digest) return Unseen();
  const MutexLock lock(mutex_);
  const absl::StatusOr<std::optional<WitnessView>> seen = state_->Find(log.origin());
  if (!seen.ok()) return Failed();
  if (!seen->has_value()) return Unseen();
  return {.status = kOk, .content_type = "text/plain; charset=utf-8", .body = (*seen)->note};
}

absl::StatusOr<WitnessView> Witness::Seen(absl::string_view origin) {
  const MutexLock lock(mutex_);
  ASSIGN_OR_RETURN(std::optional<WitnessView> seen, state_->Find(origin));
  return std::move(seen).value_or(WitnessView{.size = 0, .root = trust::EmptyRoot(), .note = ""});
}

absl::StatusOr<int64_t> Witness::CountEvidence() {
  const MutexLock lock(mutex_);
  return state_->CountEvidence();
}

}  // namespace derwent::agents
