#include "agents/daemon/participant/participant.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/identity.h"
#include "agents/sdk/receipts.h"
#include "trust/base/durable_file.h"
#include "trust/base/status_macros.h"
#include "trust/note/quorum.h"
#include "trust/note/tlog_proof.h"

namespace derwent::agents {
namespace {

// Under which name the agent keeps the entry for which it refuses.
constexpr char kRefusal[] = "participant_refusal";

absl::Status Refused(uint64_t index, absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat("LEDGER_MISSTATES_US: entry ", index, ": ", why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Participant>> Participant::Open(const AgentConfig& config, const AgentContext& context,
                                                               Evidence& evidence, RequestState& requests) {
  ASSIGN_OR_RETURN(trust::Ed25519Key key, LoadOrMakeKey(config.participant->key, context.random));
  const auto log_keys = [&context] { return context.roots.get()->anchors.log_keys; };
  ASSIGN_OR_RETURN(
      std::unique_ptr<Witness> witness,
      Witness::Open(config.state_dir + "/participant.db", absl::StrCat(config.witness_name, trust::kParticipant),
                    std::move(key), log_keys, context.clock));
  RETURN_IF_ERROR(WriteDurably(config.state_dir + "/participant.vkey", absl::StrCat(witness->vkey().ToString(), "\n")));
  return std::unique_ptr<Participant>(
      new Participant(*config.participant, context, evidence, requests, std::move(witness), log_keys().origin()));
}

Participant::Participant(const ParticipantConfig& config, const AgentContext& context, Evidence& evidence,
                         RequestState& requests, std::unique_ptr<Witness> witness, std::string origin)
    : config_(config),
      context_(context),
      evidence_(evidence),
      known_(context.state, requests),
      own_(context.identity.agency, known_),
      witness_(std::move(witness)),
      origin_(std::move(origin)),
      carrier_(*witness_, context.broker, origin_,
               [this](const std::string& note, const WitnessView& seen) { return Judge(note, seen); }) {}

absl::StatusOr<bool> Participant::Once() {
  RETURN_IF_ERROR(CheckRefusal());
  return carrier_.Once(absl::ZeroDuration());
}

absl::Status Participant::CheckRefusal() {
  ASSIGN_OR_RETURN(const std::string kept, context_.state.Kept(kRefusal));
  if (kept.empty()) return absl::OkStatus();
  uint64_t index = 0;
  if (!absl::SimpleAtoi(kept, &index)) return absl::DataLossError("the kept refusal is no entry's index");
  if (config_.accepted_entries.contains(index)) return context_.state.Keep(kRefusal, "");
  return Refused(index, "it did not fit; nothing is signed until the configuration accepts it");
}

absl::Status Participant::Judge(const std::string& note, const WitnessView& seen) {
  ASSIGN_OR_RETURN(const trust::Checkpoint checkpoint, evidence_.ObserveNote(note));
  RETURN_IF_ERROR(CheckAnswered());
  for (uint64_t from = std::max(seen.size, config_.first_entry); from < checkpoint.size;) {
    ASSIGN_OR_RETURN(from, CheckPage(checkpoint, from));
  }
  return absl::OkStatus();
}

absl::Status Participant::CheckAnswered() {
  const absl::Time now = context_.clock.Now();
  // While the quorum is late, what waits may wait for that: it must not keep the quorum away.
  if (context_.quorum.Amber(now)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string share, known_.UnansweredSince(now - config_.grace));
  if (share.empty()) return absl::OkStatus();
  context_.Alarm("RECEIPT_MISSING", share, "");
  return absl::FailedPreconditionError("RECEIPT_MISSING: the broker has given no receipt of what was sent");
}

absl::StatusOr<uint64_t> Participant::CheckPage(const trust::Checkpoint& checkpoint, uint64_t from) {
  v1::ListOwnEntriesRequest ask;
  ask.set_witness(witness_->vkey().ToString());
  ask.set_origin(origin_);
  ask.set_from_index(from);
  ask.set_size(checkpoint.size);
  ASSIGN_OR_RETURN(const v1::ListOwnEntriesResponse page, context_.broker.ListOwnEntries(ask));
  if (page.next_index() <= from || page.next_index() > checkpoint.size) return Invalid("a page leads nowhere");
  for (const v1::Receipt& receipt : page.receipts()) RETURN_IF_ERROR(CheckEntry(receipt, checkpoint));
  RETURN_IF_ERROR(CheckTold(page, from));
  return page.next_index();
}

absl::Status Participant::CheckEntry(const v1::Receipt& receipt, const trust::Checkpoint& checkpoint) {
  const auto verified = CheckReceipt(receipt, context_.roots.get()->anchors.log_keys, /*expected=*/{});
  if (!verified.ok()) return Invalid(verified.status().message());
  if (verified->checkpoint.Body() != checkpoint.Body()) {
    // Perhaps a tree of its own: then it is evidence.
    if (const auto proof = trust::TlogProof::Parse(receipt.tlog_proof()); proof.ok())
      RETURN_IF_ERROR(evidence_.ObserveNote(proof->checkpoint).status());
    return Invalid("an entry is proven into another tree than is to be signed");
  }
  if (config_.accepted_entries.contains(receipt.index())) return absl::OkStatus();
  const absl::StatusOr<std::string> misfit = own_.Misfit(verified->opening);
  if (absl::IsInvalidArgument(misfit.status())) return Invalid(misfit.status().message());
  RETURN_IF_ERROR(misfit.status());
  if (misfit->empty()) return absl::OkStatus();
  evidence_.KeepReceipt(receipt);
  context_.Alarm("LEDGER_MISSTATES_US", FieldAttribute(*verified->opening.Value(trust::Field::kIds), "share"), "");
  RETURN_IF_ERROR(context_.state.Keep(kRefusal, absl::StrCat(receipt.index())));
  return Refused(receipt.index(), *misfit);
}

absl::Status Participant::CheckTold(const v1::ListOwnEntriesResponse& page, uint64_t from) {
  std::set<uint64_t> told;
  for (const v1::Receipt& receipt : page.receipts()) told.insert(receipt.index());
  ASSIGN_OR_RETURN(const std::vector<ReceiptRow> kept, context_.state.ReceiptsBetween(from, page.next_index()));
  for (const ReceiptRow& row : kept) {
    if (told.contains(row.index)) continue;
    ASSIGN_OR_RETURN(const trust::Opening opening, OpeningOfKept(row.receipt));
    if (opening.Value(trust::Field::kStep) == nullptr) continue;  // Erased, there and here: it names nobody any more.
    v1::Receipt receipt;
    if (receipt.ParseFromString(row.receipt)) evidence_.KeepReceipt(receipt);
    context_.Alarm("LEDGER_MISSTATES_US", row.share_id, "");
    return Refused(row.index, "the broker gave its receipt and does not tell of it");
  }
  return absl::OkStatus();
}

absl::Status Participant::Invalid(absl::string_view why) {
  context_.Alarm("RECEIPT_INVALID", "", "");
  return absl::FailedPreconditionError(absl::StrCat("what the broker tells of this agency does not verify: ", why));
}

}  // namespace derwent::agents
