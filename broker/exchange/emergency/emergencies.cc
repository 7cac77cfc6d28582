#include "broker/exchange/emergency/emergencies.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/stored.h"
#include "policy/engine/calendar.h"
#include "policy/loader/emergency.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr char kDeclare[] = "DeclareEmergency";
constexpr char kReview[] = "ReviewEmergency";
constexpr char kKept[] = "emergencies";
constexpr char kNextChase[] = "emergencies_chase";  // Unix seconds at which a review is next due.
constexpr char kNoChase[] = "none";
constexpr int kMostKept = 1000;
constexpr int kMostOpen = 20;  // Of one agency, that may still be used or wait for review.
constexpr int kMostListed = 100;
constexpr absl::Duration kFresh = absl::Minutes(15);

absl::StatusOr<v1::KeptEmergencies> Load(store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> octets, reader.GetSetting(kKept));
  v1::KeptEmergencies kept;
  if (octets.has_value() && !kept.ParseFromString(*octets))
    return absl::DataLossError("the kept emergencies do not parse");
  return kept;
}

absl::Status Save(const v1::KeptEmergencies& kept, Batch& batch) {
  std::optional<int64_t> next;
  for (const v1::Emergency& emergency : kept.emergencies()) {
    if (!emergency.has_review_due_time() || emergency.has_review_time()) continue;
    next = std::min(next.value_or(emergency.chase_time().seconds()), emergency.chase_time().seconds());
  }
  RETURN_IF_ERROR(batch.write().PutSetting(kNextChase, next.has_value() ? absl::StrCat(*next) : kNoChase));
  return batch.write().PutSetting(kKept, kept.SerializeAsString());
}

// Whether some review may be due, told without reading them all.
absl::StatusOr<bool> ChaseIsDue(Batch& batch) {
  ASSIGN_OR_RETURN(const std::optional<std::string> next, batch.read().GetSetting(kNextChase));
  int64_t seconds = 0;
  if (next == kNoChase) return false;
  return !next.has_value() || !absl::SimpleAtoi(*next, &seconds) || absl::FromUnixSeconds(seconds) <= batch.now();
}

v1::EmergencyCommand CommandOf(const v1::Emergency& emergency) {
  v1::EmergencyCommand command;
  static_cast<void>(command.ParseFromString(emergency.declaration().command().payload()));  // It did when it was kept.
  return command;
}

v1::Emergency* Find(v1::KeptEmergencies& kept, const std::string& id) {
  for (v1::Emergency& emergency : *kept.mutable_emergencies()) {
    if (emergency.emergency_id() == id) return &emergency;
  }
  return nullptr;
}

bool Overdue(const v1::Emergency& emergency, absl::Time now) {
  return emergency.has_review_due_time() && !emergency.has_review_time() &&
         trust::FromTimestamp(emergency.review_due_time()) <= now;
}

// The end of the next working day.
absl::Time EndOfNextWorkingDay(const World& world, absl::Time now) {
  return LondonStartOf(policy::AddWorkingDays(*world.bundle->policy, LondonDay(now), 1) + 1);
}

// An entry of a step that concerns the declaring agency alone.
absl::StatusOr<uint64_t> Enter(absl::string_view step, const v1::EmergencyCommand& command, const std::string& person,
                               const std::vector<std::string>& reasons, Batch& batch) {
  ledger::EntryDraft draft(step, person.empty() ? ledger::Actor::kBroker : ledger::Actor::kReceiving);
  draft.SetReceiving(command.agency(), person)
      .SetPurpose(policy::kEmergencyPurpose, command.profile(), "", command.area());
  draft.SetIds("", command.emergency_id(), "");
  draft.SetOutcome("", reasons, batch.world().policy_digest(), batch.world().register_digest);
  return batch.Append(draft);
}

absl::Status Undeclared(absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "EMERGENCY_NOT_DECLARED", why);
}

absl::Status SignatureInvalid(absl::string_view why) {
  return Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID", why);
}

// That no certificate was revoked since its signature was verified.
absl::Status StillCount(const std::vector<trust::Chain>& chains, const World& world) {
  const bool revoked = std::any_of(chains.begin(), chains.end(),
                                   [&](const trust::Chain& chain) { return world.revoked->BreaksChain(chain); });
  return revoked ? SignatureInvalid("a signer's certificate is revoked") : absl::OkStatus();
}

absl::Status CheckCommand(const Caller& caller, const v1::EmergencyCommand& command, const World& world,
                          absl::Time now) {
  if (command.agency() != caller.agency() || !policy::MayDeclare(command, world.snapshot(), now))
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "a duty officer of the own agency declares, with a second duty officer or SPOC");
  const absl::Time made = trust::FromTimestamp(command.create_time());
  const auto profile = world.bundle->policy->profiles.find(command.profile());
  Violations violations;
  violations.Require(made <= now + world.limits.clock_skew && now - made <= kFresh, "declaration.create_time",
                     "is within 15 minutes");
  violations.Require(profile != world.bundle->policy->profiles.end(), "declaration.profile", "is a profile");
  violations.Require(profile == world.bundle->policy->profiles.end() || !profile->second.existence_sensitive,
                     "declaration.profile", "is one in which answers do not wait for a slot");
  const auto& organisations = world.bundle->policy->organisations;
  violations.Require(std::all_of(command.holders().begin(), command.holders().end(),
                                 [&](const std::string& holder) { return organisations.contains(holder); }),
                     "declaration.holders", "are agencies of the policy");
  return violations.ToStatus();
}

bool LapsedUnused(const v1::Emergency& emergency, absl::Time now) {
  return emergency.request_id().empty() && trust::FromTimestamp(CommandOf(emergency).expire_time()) <= now;
}

// What is kept is for all: an agency's own share of it is small.
absl::Status CheckShareOf(const std::string& agency, const v1::KeptEmergencies& kept, absl::Time now) {
  const auto open = std::count_if(kept.emergencies().begin(), kept.emergencies().end(), [&](const v1::Emergency& next) {
    return !next.has_review_time() && !LapsedUnused(next, now) && CommandOf(next).agency() == agency;
  });
  if (open < kMostOpen) return absl::OkStatus();
  return Refuse(absl::StatusCode::kResourceExhausted, "TOO_MANY_EMERGENCIES",
                "20 emergencies of the agency may still be used or wait for review");
}

// Room for one more: what lapsed unused makes way, else the oldest that was reviewed.
absl::Status MakeRoom(v1::KeptEmergencies& kept, absl::Time now) {
  auto& list = *kept.mutable_emergencies();
  if (list.size() < kMostKept) return absl::OkStatus();
  list.erase(
      std::remove_if(list.begin(), list.end(), [&](const v1::Emergency& next) { return LapsedUnused(next, now); }),
      list.end());
  if (list.size() < kMostKept) return absl::OkStatus();
  const auto done =
      std::find_if(list.begin(), list.end(), [](const v1::Emergency& next) { return next.has_review_time(); });
  if (done == list.end())
    return Refuse(absl::StatusCode::kResourceExhausted, "TOO_MANY_EMERGENCIES",
                  "1,000 emergencies may still be used or wait for review");
  list.erase(done);
  return absl::OkStatus();
}

bool OnTheRoute(const CheckedShare& share) {
  return std::any_of(share.packages.begin(), share.packages.end(),
                     [](const CheckedPackage& package) { return policy::IsEmergency(package.manifest.purpose()); });
}

}  // namespace

absl::StatusOr<CheckedDeclaration> CheckDeclaration(const v1::DeclareEmergencyRequest& request, const World& world,
                                                    absl::Time now) {
  absl::StatusOr<v1::EmergencyCommand> command =
      policy::VerifyEmergency(request.declaration(), *world.authority, *world.revoked, now);
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  if (absl::IsInvalidArgument(command.status())) violations.Add("declaration", std::string(command.status().message()));
  RETURN_IF_ERROR(violations.ToStatus());
  if (!command.ok()) return SignatureInvalid(command.status().message());
  CheckedDeclaration checked{.command = *std::move(command), .chains = {}};
  for (const std::string& der : request.declaration().certificates()) {
    ASSIGN_OR_RETURN(const trust::Certificate certificate, trust::Certificate::FromDer(der));
    ASSIGN_OR_RETURN(trust::Chain chain, world.authority->ChainOf(certificate, now));
    checked.chains.push_back(std::move(chain));
  }
  return checked;
}

absl::Status DeclareEmergency(const Caller& caller, const v1::DeclareEmergencyRequest& request,
                              const CheckedDeclaration& checked, v1::Emergency& response, Batch& batch) {
  const v1::EmergencyCommand& command = checked.command;
  RETURN_IF_ERROR(StillCount(checked.chains, batch.world()));
  const Sha256Digest digest = trust::Sha256(request.declaration().command().payload());
  ASSIGN_OR_RETURN(const bool again, Answered(caller, kDeclare, request.request_id(), digest, response, batch));
  if (again) return absl::OkStatus();
  ASSIGN_OR_RETURN(v1::KeptEmergencies kept, Load(batch.read()));
  if (const v1::Emergency* const before = Find(kept, command.emergency_id()); before != nullptr) {
    if (before->declaration().command().payload() != request.declaration().command().payload())
      return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the emergency's id was used for another");
    response = *before;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckCommand(caller, command, batch.world(), batch.now()));
  for (const v1::Emergency& earlier : kept.emergencies()) {
    const v1::EmergencyCommand other = CommandOf(earlier);
    if (Overdue(earlier, batch.now()) && other.agency() == command.agency() && other.officer() == command.officer())
      return Refuse(absl::StatusCode::kFailedPrecondition, "EMERGENCY_REVIEW_OVERDUE",
                    "an earlier emergency of this officer was not reviewed in time: have it reviewed first");
  }
  RETURN_IF_ERROR(CheckShareOf(command.agency(), kept, batch.now()));
  RETURN_IF_ERROR(MakeRoom(kept, batch.now()));
  ASSIGN_OR_RETURN(const uint64_t index, Enter("emergency_declared", command, command.officer(), {}, batch));
  v1::Emergency& emergency = *kept.add_emergencies();
  emergency.set_emergency_id(command.emergency_id());
  *emergency.mutable_declaration() = request.declaration();
  *emergency.mutable_declare_time() = trust::ToTimestamp(batch.now());
  emergency.mutable_receipt()->set_index(index);
  response = emergency;
  RETURN_IF_ERROR(Remember(caller, kDeclare, request.request_id(), digest, response, batch.now() + kRemembered, batch));
  return Save(kept, batch);
}

absl::Status CheckDeclared(const CheckedShare& share, Batch& batch) {
  if (!OnTheRoute(share)) return absl::OkStatus();
  ASSIGN_OR_RETURN(v1::KeptEmergencies kept, Load(batch.read()));
  for (const CheckedPackage& package : share.packages) {  // Each names the same declaration: a share has one document.
    const v1::Manifest& m = package.manifest;
    const v1::Emergency* const emergency = Find(kept, m.document_reference());
    if (emergency == nullptr || !emergency->request_id().empty())
      return Undeclared("no emergency was declared under this reference, or it was used");
    if (!policy::Asks(m, CommandOf(*emergency))) return Undeclared("what is asked is not what was declared");
  }
  return absl::OkStatus();
}

absl::Status UseDeclared(const CheckedShare& share, Batch& batch) {
  if (!OnTheRoute(share)) return absl::OkStatus();
  ASSIGN_OR_RETURN(v1::KeptEmergencies kept, Load(batch.read()));
  const v1::Manifest& first = share.packages.front().manifest;
  v1::Emergency* const emergency = Find(kept, first.document_reference());
  if (emergency == nullptr) return absl::InternalError("a declaration is gone that was there a moment ago");
  emergency->set_request_id(first.share_id());
  const absl::Time due = EndOfNextWorkingDay(batch.world(), batch.now());
  *emergency->mutable_review_due_time() = trust::ToTimestamp(due);
  *emergency->mutable_chase_time() = trust::ToTimestamp(due);
  return Save(kept, batch);
}

absl::StatusOr<std::set<std::string>> AwaitingReview(store::Reader& reader) {
  ASSIGN_OR_RETURN(const v1::KeptEmergencies kept, Load(reader));
  std::set<std::string> ids;
  for (const v1::Emergency& emergency : kept.emergencies()) {
    if (emergency.has_review_due_time() && !emergency.has_review_time())
      ids.insert({emergency.emergency_id(), emergency.request_id()});
  }
  return ids;
}

absl::StatusOr<CheckedReview> CheckReview(const v1::ReviewEmergencyRequest& request, const World& world,
                                          absl::Time now) {
  CheckedReview checked;
  const auto certificate = trust::Certificate::FromDer(request.certificate());
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(checked.review.ParseFromString(request.review().payload()) &&
                         checked.review.finding() != v1::EMERGENCY_FINDING_UNSPECIFIED &&
                         v1::EmergencyFinding_IsValid(checked.review.finding()),
                     "review", "is an EmergencyReview with a finding");
  violations.Require(certificate.ok(), "certificate", "is a certificate");
  RETURN_IF_ERROR(violations.ToStatus());
  absl::StatusOr<trust::Chain> chain = world.revoked->Verify(*certificate, *world.authority, now);
  if (!chain.ok() ||
      !trust::VerifyEnvelope(trust::FromProto(request.review()), trust::kEmergencyReviewType, certificate->public_key())
           .ok())
    return SignatureInvalid("the review's signature is not good");
  checked.signer = certificate->id();
  checked.chain = *std::move(chain);
  return checked;
}

absl::Status ReviewEmergency(const Caller& caller, const v1::ReviewEmergencyRequest& request,
                             const CheckedReview& checked, v1::Emergency& response, Batch& batch) {
  RETURN_IF_ERROR(StillCount({checked.chain}, batch.world()));
  const Sha256Digest digest = trust::Sha256(request.review().payload());
  for (const std::string& id : {request.request_id(), digest.hex()}) {
    ASSIGN_OR_RETURN(const bool before, Answered(caller, kReview, id, digest, response, batch));
    if (before) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(v1::KeptEmergencies kept, Load(batch.read()));
  v1::Emergency* const emergency = Find(kept, checked.review.emergency_id());
  const v1::EmergencyCommand command = emergency == nullptr ? v1::EmergencyCommand() : CommandOf(*emergency);
  if (emergency == nullptr || command.agency() != caller.agency())
    return Refuse(absl::StatusCode::kNotFound, "EMERGENCY_UNKNOWN", "the agency declared no such emergency");
  if (checked.signer != caller.id || checked.review.reviewer() != caller.person() ||
      checked.review.agency() != caller.agency())
    return Refuse(absl::StatusCode::kFailedPrecondition, "SIGNATURE_INVALID", "a reviewer signs their own review");
  if (caller.person() == command.officer() || caller.person() == command.second_person())
    return Refuse(absl::StatusCode::kPermissionDenied, "SELF_APPROVAL_FORBIDDEN", "nobody reviews their own emergency");
  if (emergency->request_id().empty() || emergency->has_review_time())
    return Refuse(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED", "it was never used, or reviewed before");
  const bool justified = checked.review.finding() == v1::EMERGENCY_FINDING_JUSTIFIED;
  ASSIGN_OR_RETURN(const uint64_t index, Enter("emergency_reviewed", command, caller.person(),
                                               {justified ? "JUSTIFIED" : "NOT_JUSTIFIED"}, batch));
  emergency->set_finding(checked.review.finding());
  *emergency->mutable_review_time() = trust::ToTimestamp(batch.now());
  emergency->mutable_receipt()->set_index(index);
  response = *emergency;
  for (const std::string& id : {request.request_id(), digest.hex()})
    RETURN_IF_ERROR(Remember(caller, kReview, id, digest, response, batch.now() + kRemembered, batch));
  return Save(kept, batch);
}

absl::StatusOr<v1::ListEmergenciesResponse> ListEmergencies(const Caller& caller, store::Reader& reader) {
  ASSIGN_OR_RETURN(const v1::KeptEmergencies kept, Load(reader));
  v1::ListEmergenciesResponse response;
  for (int i = kept.emergencies_size() - 1; i >= 0 && response.emergencies_size() < kMostListed; --i) {
    const v1::EmergencyCommand command = CommandOf(kept.emergencies(i));
    const auto& holders = command.holders();
    const bool asked = std::find(holders.begin(), holders.end(), caller.agency()) != holders.end() &&
                       !kept.emergencies(i).request_id().empty();
    if (command.agency() != caller.agency() && !asked) continue;
    v1::Emergency& next = *response.add_emergencies();
    next = kept.emergencies(i);
    next.clear_receipt();
  }
  return response;
}

absl::Status ChaseReviews(Batch& batch) {
  ASSIGN_OR_RETURN(const bool due, ChaseIsDue(batch));
  if (!due) return absl::OkStatus();
  ASSIGN_OR_RETURN(v1::KeptEmergencies kept, Load(batch.read()));
  bool chased = false;
  for (v1::Emergency& emergency : *kept.mutable_emergencies()) {
    if (!Overdue(emergency, batch.now()) || trust::FromTimestamp(emergency.chase_time()) > batch.now()) continue;
    const v1::EmergencyCommand command = CommandOf(emergency);
    ASSIGN_OR_RETURN(const uint64_t index,
                     Enter("emergency_review_overdue", command, "", {"EMERGENCY_REVIEW_OVERDUE"}, batch));
    v1::BrokerNotice notice;
    notice.set_kind(v1::BROKER_NOTICE_KIND_OUTCOME_OVERDUE);
    notice.set_share_id(emergency.request_id());
    notice.set_recipient_agency(command.agency());
    notice.set_reason("EMERGENCY_REVIEW_OVERDUE");
    notice.set_escalate_to_role("dpo");
    RETURN_IF_ERROR(batch.Deliver({.mailbox_agency = command.agency(),
                                   .share_id = "",
                                   .kind = kNoticeDelivery,
                                   .payload = notice.SerializeAsString(),
                                   .entry_indexes = {index},
                                   .create_time = batch.now()}));
    *emergency.mutable_chase_time() = trust::ToTimestamp(EndOfNextWorkingDay(batch.world(), batch.now()));
    chased = true;
  }
  return chased ? Save(kept, batch) : absl::OkStatus();
}

}  // namespace derwent::exchange
