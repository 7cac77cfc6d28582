#include "broker/exchange/erasure/erasure_targets.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/emergency/emergencies.h"
#include "broker/exchange/share/case_link.h"
#include "broker/ledger/attributes.h"
#include "broker/ledger/erasure.h"
#include "derwent/v1/referral.pb.h"
#include "trust/base/status_macros.h"
#include "trust/entry/erasure_record.h"
#include "trust/message/person_signature.h"

namespace derwent::exchange {
namespace {

using trust::Field;

// Nothing more happens to a part in one of these, and its package is gone.
constexpr int32_t kOver[] = {v1::RECIPIENT_STATE_DECLINED,  v1::RECIPIENT_STATE_CLOSED, v1::RECIPIENT_STATE_EXPIRED,
                             v1::RECIPIENT_STATE_WITHDRAWN, v1::RECIPIENT_STATE_HELD,   v1::RECIPIENT_STATE_ANSWERED,
                             v1::RECIPIENT_STATE_REFUSED};

absl::StatusOr<bool> IsOpen(const store::ShareRow& share, const store::PartRow& part, Batch& batch) {
  ASSIGN_OR_RETURN(const std::vector<store::DeliveryRow> waiting, batch.read().DeliveriesOfPart(part.key));
  if (!waiting.empty()) return true;
  // What a reply brings is over once it was acknowledged.
  if (!share.reply_to_share_id.empty() && part.state == v1::RECIPIENT_STATE_ACKNOWLEDGED) return false;
  return std::find(std::begin(kOver), std::end(kOver), part.state) == std::end(kOver);
}

}  // namespace

absl::StatusOr<bool> AnyOpen(const std::string& share_id, const Target* target, Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, batch.read().FindShare(share_id));
  if (!share.has_value()) return false;
  ASSIGN_OR_RETURN(const std::vector<store::PartRow> parts, batch.read().ListParts(share_id));
  for (const store::PartRow& part : parts) {
    if (target != nullptr && !target->IsParty(part.key.recipient_agency)) continue;
    ASSIGN_OR_RETURN(const bool open, IsOpen(*share, part, batch));
    if (open) return true;
    ASSIGN_OR_RETURN(const std::vector<store::ShareRow> replies,
                     batch.read().ListReplies(share_id, part.key.recipient_agency));
    for (const store::ShareRow& reply : replies) {
      ASSIGN_OR_RETURN(const bool open_reply, AnyOpen(reply.share_id, target, batch));
      if (open_reply) return true;
    }
  }
  return false;
}

namespace {

// Gathers what is against it, entry by entry.
class Against {
 public:
  void Add(absl::string_view code, uint64_t index, absl::string_view why) {
    if (code_.empty()) code_ = std::string(code);
    said_.push_back(absl::StrCat("entry ", index, ": ", why));
  }
  absl::Status ToStatus() const {
    if (said_.empty()) return absl::OkStatus();
    constexpr size_t kMostSaid = 16;
    const size_t shown = std::min(said_.size(), kMostSaid);
    return Refuse(absl::StatusCode::kFailedPrecondition, code_,
                  absl::StrJoin(said_.begin(), said_.begin() + static_cast<std::ptrdiff_t>(shown), "; "));
  }

 private:
  std::string code_;
  std::vector<std::string> said_;
};

}  // namespace

bool Target::IsOfAny(const std::set<std::string>& ids) const {
  return ids.contains(columns.share_id) ||
         ids.contains(std::string(ledger::Attribute(entry.fields[Field::kIds], "request")));
}

bool Target::Names(const trust::NamedPerson& signer) const {
  const auto side = [&](const std::string& agency, Field person) {
    return agency == signer.agency && !entry.fields[person].empty() && entry.fields[person] == signer.person;
  };
  if (side(columns.releasing_agency, Field::kReleasingPerson) ||
      side(columns.receiving_agency, Field::kReceivingPerson))
    return true;
  // Who agreed to the release, as `role:agency:person:approval`.
  const absl::string_view grounds = ledger::Attribute(entry.fields[Field::kGrounds], "grounds");
  for (const absl::string_view ground : absl::StrSplit(grounds, ',', absl::SkipEmpty())) {
    const std::vector<absl::string_view> words = absl::StrSplit(ground, ':');
    if (words.size() == 4 && words[1] == signer.agency && words[2] == signer.person) return true;
  }
  return false;
}

absl::StatusOr<std::vector<Target>> LoadTargets(const google::protobuf::RepeatedField<uint64_t>& entries,
                                                const std::string& agency, Batch& batch) {
  std::vector<Target> targets;
  std::vector<uint64_t> unknown;
  for (const uint64_t index : entries) {
    absl::StatusOr<ledger::FoundEntry> found = ledger::FindSealed(batch.read(), index);
    if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
    if (found.ok()) {
      targets.push_back({.index = index, .entry = std::move(found->entry), .columns = {}});
      targets.back().columns = targets.back().entry.Columns();
      if (agency.empty() || targets.back().IsParty(agency)) continue;
    }
    unknown.push_back(index);
  }
  if (unknown.empty()) return targets;
  return Refuse(absl::StatusCode::kNotFound, "ENTRY_UNKNOWN",
                absl::StrCat("no such sealed entry of this agency: ", absl::StrJoin(unknown, ", ")));
}

absl::Status MayErase(const std::vector<Target>& targets, const trust::NamedPerson& signer, Batch& batch) {
  Against against;
  ASSIGN_OR_RETURN(const std::set<std::string> awaiting_review, AwaitingReview(batch.read()));
  for (const Target& target : targets) {
    if (target.IsOfAny(awaiting_review))
      against.Add("REVIEW_DUE", target.index, "it is of an emergency that is not reviewed yet");
    if (target.Names(signer))
      against.Add("SELF_APPROVAL_FORBIDDEN", target.index, "it names who signed; nobody erases what names them");
    ASSIGN_OR_RETURN(const std::vector<store::HoldRow> holds, batch.read().HoldsOn(target.index));
    for (const store::HoldRow& hold : holds)
      against.Add("ENTRY_HELD", target.index, absl::StrCat("under a hold (", hold.reason, ") of ", hold.agency));
    ASSIGN_OR_RETURN(const bool open, AnyOpen(target.columns.share_id, &target, batch));
    if (open) against.Add("SHARE_OPEN", target.index, "its share is not closed yet");
    if ((ledger::ErasedOf(target.entry) & trust::PersonFields()) == trust::PersonFields())
      against.Add("ALREADY_ERASED", target.index, "it was erased before");
  }
  return against.ToStatus();
}

std::map<std::string, std::vector<uint64_t>> PartiesOf(const std::vector<Target>& targets) {
  std::map<std::string, std::vector<uint64_t>> parties;
  for (const Target& target : targets) {
    parties[target.columns.releasing_agency].push_back(target.index);
    if (target.columns.receiving_agency != target.columns.releasing_agency)
      parties[target.columns.receiving_agency].push_back(target.index);
  }
  parties.erase("");
  return parties;
}

absl::Status CheckOfficer(const CommandSigner& signer, const Batch& batch) {
  const World& world = batch.world();
  if (world.revoked->BreaksChain(signer.chain))
    return Refuse(absl::StatusCode::kFailedPrecondition, "COMMAND_NOT_VALID", "the signer's certificate is revoked");
  const auto role = world.bundle->policy->roles.find(signer.role);
  const bool may = role != world.bundle->policy->roles.end() && role->second.contains("handle_rights");
  if (may && HoldsToday(world, {.agency = signer.signer.agency, .person = signer.signer.person, .role = signer.role},
                        batch.now()))
    return absl::OkStatus();
  return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                "the signer does not hold, today, a role that may handle_rights");
}

}  // namespace derwent::exchange
