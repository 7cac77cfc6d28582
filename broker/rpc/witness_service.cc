#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"
#include "broker/ledger/query.h"
#include "broker/rpc/services.h"
#include "broker/witness/cosigning.h"
#include "broker/witness/own_entries.h"
#include "broker/witness/standing.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/note/add_checkpoint.h"
#include "trust/note/checkpoint.h"

namespace derwent::rpc {
namespace {

using exchange::Batch;
using exchange::Caller;
using exchange::World;

constexpr absl::Duration kLongestWait = absl::Seconds(25);
constexpr size_t kMostBody = 4096;
constexpr int kCosigned = 200;
constexpr int kMostOwnEntries = 256;

absl::Duration WaitOf(const v1::NextCheckpointRequest& request) {
  return absl::Seconds(request.wait().seconds()) + absl::Nanoseconds(request.wait().nanos());
}

// The place in the policy of the key that the caller names as its own.
absl::StatusOr<size_t> WitnessOf(const witness::Quorum& quorum, const Caller& caller, const std::string& vkey,
                                 const std::string& origin) {
  const std::optional<size_t> found = quorum.Find(vkey);
  if (found.has_value() && quorum.AgencyOf(*found) == caller.agency() && origin == quorum.log_keys().origin())
    return *found;
  return exchange::Refuse(absl::StatusCode::kPermissionDenied, "WITNESS_UNKNOWN",
                          "the key is none of this agency in the quorum policy of this log");
}

// That the key is the participant's of the caller's agency.
absl::Status ParticipantOf(const witness::Quorum& quorum, const Caller& caller, const std::string& vkey,
                           const std::string& origin) {
  ASSIGN_OR_RETURN(const size_t witness, WitnessOf(quorum, caller, vkey, origin));
  if (trust::IsParticipant(quorum.policy().witnesses()[witness])) return absl::OkStatus();
  return exchange::Refuse(absl::StatusCode::kPermissionDenied, "WITNESS_UNKNOWN",
                          "the key is no participant key: an agency's entries are looked at by searching the ledger");
}

// The checkpoint that a participant is about to sign.
absl::StatusOr<store::CheckpointRow> CheckpointAsked(const v1::ListOwnEntriesRequest& request, store::Reader& reader) {
  exchange::Violations violations;
  violations.Require(request.page_size() >= 0 && request.page_size() <= kMostOwnEntries, "page_size", "is 0 to 256");
  violations.Require(request.from_index() <= request.size(), "from_index", "is at most the size");
  violations.Require(request.size() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), "size",
                     "is 2^63 - 1 at most");
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(std::optional<store::CheckpointRow> checkpoint, reader.FindCheckpoint(request.size()));
  if (checkpoint.has_value()) return *std::move(checkpoint);
  return exchange::Refuse(absl::StatusCode::kNotFound, "CHECKPOINT_UNKNOWN", "no checkpoint of that size was signed");
}

// What a witness says it saw, verified by a key of the log that counts for its size.
struct Seen {
  size_t witness = 0;
  std::optional<trust::Checkpoint> checkpoint;  // Nothing: it has seen none.
  std::string lines;                            // Its signature lines.
};

absl::StatusOr<Seen> ReadSeen(const witness::Quorum& quorum, size_t witness, const v1::NextCheckpointRequest& request) {
  Seen seen{.witness = witness, .checkpoint = std::nullopt, .lines = ""};
  if (request.old_size() == 0 && request.seen().empty()) return seen;
  const absl::StatusOr<trust::Note> note = trust::Note::Parse(request.seen());
  absl::StatusOr<trust::Checkpoint> checkpoint = trust::OpenCheckpoint(request.seen(), quorum.log_keys());
  const bool ours = note.ok() && checkpoint.ok() && checkpoint->size == request.old_size() &&
                    checkpoint->origin == quorum.log_keys().origin();
  exchange::Violations violations;
  violations.Require(ours, "seen", "is the checkpoint of `old_size`, signed by this log");
  RETURN_IF_ERROR(violations.ToStatus());
  for (const trust::NoteSignature& signature : note->signatures) seen.lines += trust::SignatureLine(signature);
  seen.checkpoint = *std::move(checkpoint);
  return seen;
}

absl::StatusOr<bool> HasCosigned(const trust::VerifierKey& witness, uint64_t size, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::vector<store::CosignatureRow> rows, reader.ListCosignatures(size));
  const std::string vkey = witness.ToString();
  return std::any_of(rows.begin(), rows.end(), [&](const store::CosignatureRow& row) { return row.witness == vkey; });
}

absl::StatusOr<bool> HasQuorum(uint64_t size, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> newest, reader.NewestCosigned(size + 1));
  return newest == size;
}

// A cosignature that got lost on its way is in the note that the witness shows.
absl::Status TakeMissing(const witness::Quorum& quorum, const Seen& seen, Batch& batch) {
  const trust::VerifierKey& witness = quorum.policy().witnesses()[seen.witness];
  ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> ours, batch.read().FindCheckpoint(seen.checkpoint->size));
  if (!ours.has_value()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool known, HasCosigned(witness, seen.checkpoint->size, batch.read()));
  if (known) return absl::OkStatus();
  const absl::StatusOr<int> taken =
      witness::KeepCosignatures(quorum, seen.checkpoint->size, seen.lines, batch.now(), batch.write());
  // What it shows counts by the log's signature; lines of its own that are no good are not taken, and that is all.
  return taken.ok() || absl::IsInvalidArgument(taken.status()) ? absl::OkStatus() : taken.status();
}

// Judges what the witness saw. False: it does not belong to this database.
absl::StatusOr<bool> TakeSeen(const witness::Quorum& quorum, const Seen& seen, Batch& batch) {
  if (!seen.checkpoint.has_value()) return true;
  ASSIGN_OR_RETURN(const bool belongs, witness::Belongs(*seen.checkpoint, batch.read()));
  if (belongs) RETURN_IF_ERROR(TakeMissing(quorum, seen, batch));
  return belongs;
}

// Counts what the witness saw towards the start.
absl::Status CountShown(const Witnesses& witnesses, const Seen& seen, store::Reader& reader) {
  const trust::QuorumPolicy& policy = witnesses.quorum->policy();
  ASSIGN_OR_RETURN(const uint64_t cosigned, witness::CosignedBy(policy.witnesses()[seen.witness], reader));
  const uint64_t size = seen.checkpoint.has_value() ? seen.checkpoint->size : 0;
  switch (witnesses.restart->Shown(seen.witness, size, cosigned)) {
    case witness::Restart::Outcome::kOpens:
      witnesses.opened();
      break;
    case witness::Restart::Outcome::kBehind:
      witnesses.behind(policy.witness_names()[seen.witness]);
      break;
    case witness::Restart::Outcome::kTaken:
    case witness::Restart::Outcome::kStillBehind:
      break;
  }
  return absl::OkStatus();
}

absl::Status Offer(const Witnesses& witnesses, const Seen& seen, v1::NextCheckpointResponse& response, Batch& batch) {
  const uint64_t size = seen.checkpoint.has_value() ? seen.checkpoint->size : 0;
  witnesses.rounds->Overtaken(size);
  const std::optional<store::CheckpointRow> offered = witnesses.rounds->Offered();
  if (!offered.has_value() || offered->size < size) return absl::OkStatus();
  if (offered->size == size) {
    const trust::VerifierKey& witness = witnesses.quorum->policy().witnesses()[seen.witness];
    ASSIGN_OR_RETURN(const bool cosigned, HasCosigned(witness, size, batch.read()));
    if (cosigned) return absl::OkStatus();
  }
  trust::AddCheckpoint request{.old_size = size, .path = {}, .checkpoint = offered->note};
  if (size > 0 && size < offered->size) {
    ASSIGN_OR_RETURN(request.path, ledger::ConsistencyProof(batch.read(), size, offered->size));
  }
  response.set_add_checkpoint(request.ToString());
  return absl::OkStatus();
}

absl::Status NotBelonging() {
  return exchange::Refuse(absl::StatusCode::kUnavailable, "LEDGER_ROLLED_BACK",
                          "this log signed a checkpoint that its database does not hold: nothing is written");
}

v1::LedgerStanding StandingName(const Witnesses& witnesses, const witness::Standing& standing) {
  switch (witnesses.restart->state()) {
    case witness::Restart::State::kRefuted:
      return v1::LEDGER_STANDING_ROLLED_BACK;
    case witness::Restart::State::kAwaiting:
      return v1::LEDGER_STANDING_AWAITING_WITNESSES;
    case witness::Restart::State::kOpen:
      break;
  }
  if (witnesses.quorum->none()) return v1::LEDGER_STANDING_NO_QUORUM;
  if (standing.stopped) return v1::LEDGER_STANDING_STOPPED;
  return standing.amber ? v1::LEDGER_STANDING_AMBER : v1::LEDGER_STANDING_WITNESSED;
}

void SetDuration(absl::Duration from, google::protobuf::Duration& to) {
  to.set_seconds(absl::ToInt64Seconds(from));
  to.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(from - absl::Seconds(to.seconds()))));
}

absl::Status FillWitnesses(const witness::Quorum& quorum, store::Reader& reader, v1::GetQuorumResponse& response) {
  ASSIGN_OR_RETURN(const std::vector<store::WitnessViewRow> views, reader.ListWitnessViews());
  ASSIGN_OR_RETURN(const store::LogState head, reader.GetLogState());
  for (size_t i = 0; i < quorum.policy().witnesses().size(); ++i) {
    v1::WitnessStanding& standing = *response.add_witnesses();
    standing.set_name(quorum.policy().witness_names()[i]);
    standing.set_vkey(quorum.policy().witnesses()[i].ToString());
    for (const store::WitnessViewRow& view : views) {
      if (view.witness != standing.vkey()) continue;
      standing.set_size(view.size);
      *standing.mutable_time() = trust::ToTimestamp(view.seen_time);
    }
    standing.set_lag_entries(head.size - std::min(head.size, standing.size()));
  }
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* WitnessService::NextCheckpoint(grpc::CallbackServerContext* context,
                                                         const v1::NextCheckpointRequest* request,
                                                         v1::NextCheckpointResponse* response) {
  const auto prepare = [this, request, response](const Caller& caller, const World&) -> absl::StatusOr<Runner::Rule> {
    ASSIGN_OR_RETURN(const size_t witness,
                     WitnessOf(*witnesses_.quorum, caller, request->witness(), request->origin()));
    exchange::Violations violations;
    violations.Require(WaitOf(*request) >= absl::ZeroDuration() && WaitOf(*request) <= kLongestWait, "wait",
                       "is 0 to 25 s");
    RETURN_IF_ERROR(violations.ToStatus());
    ASSIGN_OR_RETURN(Seen seen, ReadSeen(*witnesses_.quorum, witness, *request));
    return Runner::Rule([this, request, response, seen = std::move(seen)](Batch& batch) -> absl::Status {
      response->Clear();
      ASSIGN_OR_RETURN(const bool belongs, TakeSeen(*witnesses_.quorum, seen, batch));
      if (!belongs) {
        witnesses_.refute(request->seen());
        return NotBelonging();
      }
      if (seen.checkpoint.has_value()) {
        ASSIGN_OR_RETURN(const bool met, HasQuorum(seen.checkpoint->size, batch.read()));
        // Where nobody is asked for, a round waits for nobody.
        if (met || witnesses_.quorum->none()) witnesses_.rounds->Met(seen.checkpoint->size);
      }
      RETURN_IF_ERROR(CountShown(witnesses_, seen, batch.read()));
      if (!witnesses_.restart->MayOffer(seen.witness)) return absl::OkStatus();
      return Offer(witnesses_, seen, *response, batch);
    });
  };
  const Runner::Polling polling{.wait = std::clamp(WaitOf(*request), absl::ZeroDuration(), kLongestWait),
                                .waits = witnesses_.waits};
  return runner_.LongPoll(context, "NextCheckpoint", response, polling, prepare,
                          [response] { return response->add_checkpoint().empty(); });
}

grpc::ServerUnaryReactor* WitnessService::AddCosignature(grpc::CallbackServerContext* context,
                                                         const v1::AddCosignatureRequest* request,
                                                         v1::AddCosignatureResponse* response) {
  const auto prepare = [this, request, response](const Caller& caller, const World&) -> absl::StatusOr<Runner::Rule> {
    RETURN_IF_ERROR(WitnessOf(*witnesses_.quorum, caller, request->witness(), request->origin()).status());
    exchange::Violations violations;
    violations.Require(request->body().size() <= kMostBody, "body", "is 4 KiB at most");
    violations.Require(request->size() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()), "size",
                       "is 2^63 - 1 at most");
    RETURN_IF_ERROR(violations.ToStatus());
    return Runner::Rule([this, request, response](Batch& batch) -> absl::Status {
      response->Clear();
      if (request->status() == kCosigned) {
        const absl::StatusOr<int> taken =
            witness::KeepCosignatures(*witnesses_.quorum, request->size(), request->body(), batch.now(), batch.write());
        if (absl::IsInvalidArgument(taken.status()) || absl::IsNotFound(taken.status()))
          return exchange::Refuse(absl::StatusCode::kFailedPrecondition, "COSIGNATURE_INVALID",
                                  taken.status().message());
        RETURN_IF_ERROR(taken.status());
        if (*taken == 0)
          return exchange::Refuse(absl::StatusCode::kFailedPrecondition, "COSIGNATURE_INVALID",
                                  "no line is by a witness of the quorum policy");
      }
      ASSIGN_OR_RETURN(const std::optional<uint64_t> newest,
                       batch.read().NewestCosigned(std::numeric_limits<int64_t>::max()));
      response->set_cosigned_size(newest.value_or(0));
      return absl::OkStatus();
    });
  };
  return runner_.Command(context, "AddCosignature", response, prepare,
                         [this, response](const Caller&, const World&, store::Reader& reader) -> absl::Status {
                           witnesses_.rounds->Met(response->cosigned_size());
                           ASSIGN_OR_RETURN(std::string newest, witness::CosignedNote(reader));
                           witnesses_.gossip->SetNewest(std::move(newest));
                           return absl::OkStatus();
                         });
}

grpc::ServerUnaryReactor* WitnessService::ListOwnEntries(grpc::CallbackServerContext* context,
                                                         const v1::ListOwnEntriesRequest* request,
                                                         v1::ListOwnEntriesResponse* response) {
  return runner_.Read(
      context, "ListOwnEntries",
      [this, request, response](const Caller& caller, const World& world, store::Reader& reader) -> absl::Status {
        RETURN_IF_ERROR(ParticipantOf(*witnesses_.quorum, caller, request->witness(), request->origin()));
        ASSIGN_OR_RETURN(const store::CheckpointRow checkpoint, CheckpointAsked(*request, reader));
        const int most = request->page_size() == 0 ? kMostOwnEntries : request->page_size();
        ASSIGN_OR_RETURN(witness::OwnEntries own,
                         witness::ListOwnEntries(caller.agency(), request->from_index(), checkpoint,
                                                 static_cast<size_t>(most), reader));
        for (witness::OwnEntries::Receipt& one : own.receipts) {
          v1::Receipt& receipt = *response->add_receipts();
          receipt.set_index(one.index);
          receipt.set_tlog_proof(std::move(one.tlog_proof));
          receipt.set_quorum(exchange::NotFinal(world));
        }
        response->set_next_index(own.next);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* WitnessService::GetQuorum(grpc::CallbackServerContext* context, const v1::GetQuorumRequest*,
                                                    v1::GetQuorumResponse* response) {
  const Clock& clock = *runner_.parts().clock;
  return runner_.Read(context, "GetQuorum",
                      [this, response, &clock](const Caller&, const World&, store::Reader& reader) -> absl::Status {
                        const witness::Quorum& quorum = *witnesses_.quorum;
                        ASSIGN_OR_RETURN(const witness::Standing standing,
                                         witness::StandingOf(reader, quorum, clock.Now()));
                        response->set_policy(quorum.text());
                        response->set_standing(StandingName(witnesses_, standing));
                        ASSIGN_OR_RETURN(*response->mutable_cosigned_note(), witness::CosignedNote(reader));
                        SetDuration(standing.unwitnessed_age, *response->mutable_unwitnessed_age());
                        SetDuration(quorum.patience().limit, *response->mutable_limit());
                        return FillWitnesses(quorum, reader, *response);
                      });
}

}  // namespace derwent::rpc
