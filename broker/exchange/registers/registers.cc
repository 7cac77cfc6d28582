#include "broker/exchange/registers/registers.h"

#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/governance/archive.h"
#include "broker/exchange/share/stored.h"
#include "derwent/v1/register.pb.h"
#include "policy/loader/directory.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/key_event_message.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

// What is wrong with a call that carries a signed register, before anything is known: its id, and that its payload is
// none.
absl::Status CheckCarried(const std::string& request_id, bool parses, absl::string_view field, absl::string_view rule) {
  Violations violations;
  violations.Require(Uuid::Parse(request_id).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(parses, field, rule);
  return violations.ToStatus();
}

// A chain may rest on what ended; a new event may not: its signer counts now, and so does the certificate it publishes.
absl::Status CheckTakenNow(const trust::KeyEvent& event, const trust::KeyHistory* known,
                           const v1::DsseEnvelope& envelope, const World& world, absl::Time now) {
  if (known != nullptr && known->length() > 0)
    RETURN_IF_ERROR(CheckSigned(world, event.agency, envelope, trust::kKeyEventType, now));
  if (event.step == trust::KeyStep::kRevoke) return absl::OkStatus();
  ASSIGN_OR_RETURN(const trust::Certificate certificate, trust::Certificate::FromDer(event.certificate_der));
  const absl::Status good = world.authority->Verify(certificate, now);
  return good.ok() ? good : Refuse(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED", good.message());
}

}  // namespace

absl::Status PublishKeyEvent(const Caller& caller, const v1::PublishKeyEventRequest& request,
                             v1::PublishKeyEventResponse& response, Batch& batch) {
  const absl::StatusOr<trust::KeyEvent> parsed = trust::ParseKeyEvent(request.event());
  RETURN_IF_ERROR(
      CheckCarried(request.request_id(), parsed.ok(), "event", "is a signed KeyEvent with action and purpose"));
  const trust::KeyEvent& event = *parsed;
  if (event.agency != caller.agency())
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "an agency publishes its own keys only");
  const Sha256Digest digest = trust::Sha256(request.event().payload());
  ASSIGN_OR_RETURN(const bool again,
                   Answered(caller, "PublishKeyEvent", request.request_id(), digest, response, batch));
  if (again) return absl::OkStatus();
  const World& world = batch.world();
  const auto anchor = world.anchors.find(caller.agency());
  if (anchor == world.anchors.end())
    return Refuse(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED",
                  "no first key of this agency was exchanged out of band");
  ASSIGN_OR_RETURN(const std::vector<store::KeyEventRow> rows, batch.read().ListKeyEvents(caller.agency()));
  for (const store::KeyEventRow& row : rows) {
    v1::DsseEnvelope stored;
    if (row.sequence != event.sequence || !stored.ParseFromString(row.envelope)) continue;
    if (stored.payload() != request.event().payload())
      return Refuse(absl::StatusCode::kAborted, "SEQUENCE_BROKEN", "a key event with this number is there already");
    response.mutable_receipt()->set_index(row.entry_index);
    return absl::OkStatus();
  }
  const trust::KeyHistory* const known = world.KeysOf(caller.agency());
  trust::KeyHistory history = known == nullptr ? trust::KeyHistory(caller.agency(), anchor->second) : *known;
  const absl::Status taken = history.Add(event, *world.authority, *world.revoked, batch.now());
  if (absl::IsFailedPrecondition(taken)) return Refuse(absl::StatusCode::kAborted, "SEQUENCE_BROKEN", taken.message());
  if (!taken.ok()) return Refuse(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED", taken.message());
  RETURN_IF_ERROR(CheckTakenNow(event, known, request.event(), world, batch.now()));
  ASSIGN_OR_RETURN(const uint64_t index,
                   batch.Append(ledger::EntryDraft::Public(trust::EntryKind::kKeyEvent, request.event().payload(),
                                                           "key_event", caller.agency())));
  RETURN_IF_ERROR(batch.write().InsertKeyEvent({.agency = caller.agency(),
                                                .sequence = event.sequence,
                                                .envelope = request.event().SerializeAsString(),
                                                .entry_index = index}));
  batch.registers_changed = true;
  response.mutable_receipt()->set_index(index);
  return Remember(caller, "PublishKeyEvent", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::Status ApplyDirectory(const Caller& caller, const v1::ApplyDirectoryRequest& request,
                            v1::ApplyDirectoryResponse& response, Batch& batch) {
  v1::Directory directory;
  const bool parses = directory.ParseFromString(request.directory().payload()) && !directory.agency().empty();
  RETURN_IF_ERROR(
      CheckCarried(request.request_id(), parses, "directory", "is a signed Directory that names its agency"));
  if (directory.agency() != caller.agency())
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "an agency keeps its own directory only");
  const Sha256Digest digest = trust::Sha256(request.directory().payload());
  ASSIGN_OR_RETURN(const bool again, Answered(caller, "ApplyDirectory", request.request_id(), digest, response, batch));
  if (again) return absl::OkStatus();
  RETURN_IF_ERROR(CheckSigned(batch.world(), caller.agency(), request.directory(), trust::kDirectoryType, batch.now()));
  const auto compiled = policy::CheckDirectory(directory, *batch.world().bundle->policy);
  if (!compiled.ok()) {
    Violations violations;
    violations.Add("directory", std::string(compiled.status().message()));
    return violations.ToStatus();
  }
  ASSIGN_OR_RETURN(const std::optional<store::DirectoryRow> before, batch.read().FindDirectory(caller.agency()));
  if (before.has_value() && before->payload_digest == digest) {
    response.mutable_receipt()->set_index(before->entry_index);
    return absl::OkStatus();
  }
  const auto version = static_cast<uint64_t>(directory.version());
  if (before.has_value() && version <= before->version)
    return Refuse(absl::StatusCode::kAborted, "SEQUENCE_BROKEN",
                  absl::StrCat("the directory's version is not above ", before->version));
  // The directory names people by opaque id; its digest is public, its content is served to parties.
  ASSIGN_OR_RETURN(const uint64_t index,
                   batch.Append(ledger::EntryDraft::Public(
                       trust::EntryKind::kRegister,
                       absl::StrCat("directory ", caller.agency(), " ", version, " ", digest.hex(), "\n"), "directory",
                       caller.agency())));
  RETURN_IF_ERROR(batch.write().PutDirectory({.agency = caller.agency(),
                                              .version = version,
                                              .envelope = request.directory().SerializeAsString(),
                                              .payload_digest = digest,
                                              .entry_index = index}));
  RETURN_IF_ERROR(ArchiveDirectory(digest, request.directory(), batch));
  batch.registers_changed = true;
  response.mutable_receipt()->set_index(index);
  return Remember(caller, "ApplyDirectory", request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

namespace {

// Of a restriction: eight identifiers, each under the key of every enclave (general, channel, nrm, sarc).
constexpr int kMostReferences = 8 * 4;

// Stops what already lies in mailboxes about these tags and came from this agency.
absl::StatusOr<uint32_t> HoldWaiting(const std::string& agency, const std::vector<std::string>& tags, Batch& batch) {
  uint32_t held = 0;
  ASSIGN_OR_RETURN(const std::vector<store::PartKey> parts, batch.read().PartsWithTags(tags));
  for (const store::PartKey& key : parts) {
    ASSIGN_OR_RETURN(std::vector<store::DeliveryRow> rows, batch.read().DeliveriesOfPart(key));
    std::erase_if(rows, [](const store::DeliveryRow& row) { return row.kind != kPackageDelivery || row.held; });
    if (rows.empty())
      continue;  // Of a part that is over another subject may have been erased, and its manifest with it.
    ASSIGN_OR_RETURN(StoredPart stored, LoadPart(key, batch));
    if (stored.share.sender_agency != agency) continue;
    for (const store::DeliveryRow& row : rows) {
      RETURN_IF_ERROR(batch.write().HoldDelivery(row.sequence));
      if (row.collected_count == 0) {  // Else its recipient has the data, whatever is stopped now.
        stored.part.state = v1::RECIPIENT_STATE_HELD;
        stored.part.reason = "SUBJECT_RESTRICTED";
        stored.part.update_time = batch.now();
        RETURN_IF_ERROR(batch.write().UpdatePart(stored.part));
      }
      RETURN_IF_ERROR(EnterStep("held", By::kBroker, stored, {}, batch).status());
      ++held;
    }
  }
  return held;
}

// Of the command, and whom it is about.
Sha256Digest DigestOf(const v1::ApplyRestrictionRequest& request) {
  std::string all(trust::Sha256(request.restriction().payload()).view());
  for (const std::string& reference : request.references()) absl::StrAppend(&all, reference);
  return trust::Sha256(all);
}

}  // namespace

absl::Status ApplyRestriction(const Caller& caller, const v1::ApplyRestrictionRequest& request,
                              v1::ApplyRestrictionResponse& response, Batch& batch) {
  v1::Restriction restriction;
  const bool parses = restriction.ParseFromString(request.restriction().payload()) && !restriction.agency().empty();
  RETURN_IF_ERROR(
      CheckCarried(request.request_id(), parses, "restriction", "is a signed Restriction that names its agency"));
  if (restriction.agency() != caller.agency())
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "an agency restricts its own records only");
  const bool restricts = restriction.action() == v1::RESTRICTION_ACTION_RESTRICT;
  Violations violations;
  violations.Require(Uuid::Parse(restriction.restriction_id()).ok(), "restriction.restriction_id",
                     "is a UUID in lowercase");
  violations.Require(restricts || restriction.action() == v1::RESTRICTION_ACTION_LIFT, "restriction.action",
                     "is an action");
  const bool few = violations.Require(request.references_size() <= kMostReferences, "references", "are 32 at most");
  for (int i = 0; few && i < request.references_size(); ++i)
    violations.Require(request.references(i).size() == Sha256Digest::kSize, "references", "are 32 octets each");
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(
      CheckSigned(batch.world(), caller.agency(), request.restriction(), trust::kRestrictionType, batch.now()));
  const std::string command = trust::Sha256(request.restriction().payload()).hex();
  const Sha256Digest digest = DigestOf(request);
  ASSIGN_OR_RETURN(const bool same,
                   Answered(caller, "ApplyRestriction", request.request_id(), digest, response, batch));
  if (same) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool again, Answered(caller, "ApplyRestriction", command, digest, response, batch));
  if (again) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<store::RestrictionRow> before,
                   batch.read().FindRestriction(restriction.restriction_id()));
  if (before.has_value() && before->agency != caller.agency())
    return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the restriction id is taken");
  if (restriction.sequence() != (before.has_value() ? before->sequence : 0) + 1)
    return Refuse(absl::StatusCode::kAborted, "SEQUENCE_BROKEN", "the restriction's number is not the next");
  std::vector<std::string> tags;
  std::vector<std::string> every;  // What lies in a mailbox may be tagged under an earlier key.
  const std::set<std::string> references(request.references().begin(), request.references().end());
  for (const std::string& reference : references) {
    ASSIGN_OR_RETURN(std::vector<std::string> of, batch.tagger().EveryTag(reference));
    tags.push_back(of.front());
    every.insert(every.end(), of.begin(), of.end());
  }
  RETURN_IF_ERROR(batch.write().DeleteRestrictionTags(restriction.restriction_id()));
  ledger::EntryDraft draft("restriction", ledger::Actor::kReleasing);
  draft.SetReleasing(caller.agency(), caller.person())
      .SetSubject(1, "", tags)
      .SetIds("", restriction.restriction_id(), "");
  draft.SetOutcome(restricts ? "DENY" : "PERMIT", {"SUBJECT_RESTRICTED"}, batch.world().policy_digest(),
                   batch.world().register_digest);
  ASSIGN_OR_RETURN(const uint64_t index, batch.Append(draft));
  RETURN_IF_ERROR(batch.write().PutRestriction({.restriction_id = restriction.restriction_id(),
                                                .agency = caller.agency(),
                                                .sequence = restriction.sequence(),
                                                .action = restriction.action(),
                                                .envelope = request.restriction().SerializeAsString(),
                                                .entry_index = index}));
  if (restricts) {
    for (const std::string& tag : every)
      RETURN_IF_ERROR(batch.write().InsertRestrictionTag(
          {.tag = tag, .agency = caller.agency(), .restriction_id = restriction.restriction_id()}));
    ASSIGN_OR_RETURN(const uint32_t held, HoldWaiting(caller.agency(), every, batch));
    response.set_held_deliveries(held);
  }
  response.mutable_receipt()->set_index(index);
  RETURN_IF_ERROR(
      Remember(caller, "ApplyRestriction", request.request_id(), digest, response, batch.now() + kRemembered, batch));
  return Remember(caller, "ApplyRestriction", command, digest, response, batch.now() + kRemembered, batch);
}

}  // namespace derwent::exchange
