#include "agents/daemon/context/restrictions.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/sdk/channel/rpc_error.h"
#include "agents/sdk/messages.h"
#include "agents/sdk/references.h"
#include "derwent/v1/register.pb.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/secret/hmac.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr char kEnclave[] = "general";
constexpr int kMostRecords = 8;
constexpr size_t kLongestRecordRef = 200;

// How a record is known among those restricted: never one of the references that others compute too.
std::string DigestOf(const std::string& record_ref, const AgentContext& context) {
  return trust::HmacSha256(context.identity.storage_key, absl::StrCat("restricted record\n", record_ref)).bytes();
}

// Identifiers under every key held: each profile's shares carry references under its own enclave's.
std::vector<std::string> EveryReference(const google::protobuf::RepeatedPtrField<std::string>& identifiers,
                                        const AgentContext& context, std::vector<FieldProblem>& problems) {
  std::vector<std::string> references;
  const auto& keys = context.identity.reference_keys;
  if (keys.empty()) problems.push_back({"identifiers", "must be left out: this agency holds no key of references"});
  for (auto key = keys.begin(); key != keys.end(); ++key) {
    std::vector<FieldProblem> same;  // What is wrong with them is so under each key.
    const std::vector<std::string> under =
        ReferencesFor(identifiers, key->first, context, key == keys.begin() ? problems : same);
    references.insert(references.end(), under.begin(), under.end());
  }
  return references;
}

struct Restricted {
  std::vector<std::string> references;  // Of identifiers.
  std::vector<std::string> records;     // Digests.
};

absl::StatusOr<Restricted> Read(const v1::RestrictRequest& request, const std::string& id,
                                const AgentContext& context) {
  Restricted restricted;
  std::vector<FieldProblem> problems;
  if (!Uuid::Parse(id).ok()) problems.push_back({"restriction_id", "must be a UUID in lowercase, or empty"});
  if (!request.lift() && request.identifiers().empty() && request.record_refs().empty())
    problems.push_back({"identifiers", "must say whom to restrict, or `record_refs` must"});
  if (!request.identifiers().empty()) restricted.references = EveryReference(request.identifiers(), context, problems);
  if (request.record_refs_size() > kMostRecords) problems.push_back({"record_refs", "must be 8 at most"});
  for (int i = 0; i < request.record_refs_size() && i < kMostRecords; ++i) {
    const std::string& record_ref = request.record_refs(i);
    if (record_ref.empty() || record_ref.size() > kLongestRecordRef)
      problems.push_back({absl::StrCat("record_refs[", i, "]"), "must have 1 to 200 octets"});
    restricted.records.push_back(DigestOf(record_ref, context));
  }
  if (problems.empty()) return restricted;
  return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
               problems);
}

// What the broker is told: the same octets until it answers.
absl::StatusOr<std::string> SignedRequest(const std::string& id, bool lift, uint32_t sequence,
                                          const std::vector<std::string>& references, const AgentContext& context) {
  v1::Restriction restriction;
  restriction.set_restriction_id(id);
  restriction.set_agency(context.identity.agency);
  restriction.set_action(lift ? v1::RESTRICTION_ACTION_LIFT : v1::RESTRICTION_ACTION_RESTRICT);
  *restriction.mutable_create_time() = trust::ToTimestamp(context.clock.Now());
  restriction.set_sequence(sequence);
  v1::ApplyRestrictionRequest apply;
  apply.set_request_id(context.random.NewUuid().text());
  apply.mutable_references()->Assign(references.begin(), references.end());
  ASSIGN_OR_RETURN(*apply.mutable_restriction(),
                   trust::SignMessage(trust::kRestrictionType, restriction, context.identity.keys->signing()->key));
  return apply.SerializeAsString();
}

// In force here, and to be told to the broker, whatever happens next.
absl::Status Keep(const std::string& id, bool lift, const Restricted& restricted, const AgentContext& context) {
  // The broker stops what goes to it; this agent must not even make it, for what the broker stops is missed by the
  // asker.
  std::vector<std::string> all = restricted.references;
  all.insert(all.end(), restricted.records.begin(), restricted.records.end());
  return context.state.Together([&](Changes& changes) {
    return changes.QueueRestriction({.restriction_id = id, .lifts = lift}, all, [&](uint32_t sequence) {
      return SignedRequest(id, lift, sequence, restricted.references, context);
    });
  });
}

// The deliveries that the broker stopped. Errors: of the broker.
absl::StatusOr<uint32_t> Tell(const RestrictionRow& row, const AgentContext& context) {
  v1::ApplyRestrictionRequest apply;
  if (!apply.ParseFromString(row.request)) return absl::DataLossError("a kept restriction does not parse");
  const absl::StatusOr<v1::ApplyRestrictionResponse> applied = context.broker.ApplyRestriction(apply);
  if (applied.ok()) {
    RETURN_IF_ERROR(context.state.Together([&](Changes& changes) { return changes.RestrictionTaken(row); }));
    return applied->held_deliveries();
  }
  if (WorthRetrying(applied.status())) return applied.status();
  context.Alarm("RESTRICTION_NOT_TAKEN", row.restriction_id, "");
  context.log.Failure("the broker does not take a restriction", applied.status(), {{"share", row.restriction_id}});
  RETURN_IF_ERROR(context.state.Together([&](Changes& changes) -> absl::Status {
    RETURN_IF_ERROR(changes.DropRestriction(row));
    // It has an event of that number, which this agent forgot: the next one is numbered after it.
    if (ReasonOf(applied.status()) != "SEQUENCE_BROKEN") return absl::OkStatus();
    return changes.SkipRestriction(row);
  }));
  return applied.status();
}

// Of one restriction, or of every one; the deliveries stopped.
absl::StatusOr<uint32_t> TellDue(const std::string& only, const AgentContext& context) {
  ASSIGN_OR_RETURN(const std::vector<RestrictionRow> due, context.state.RestrictionsDue(only));
  uint32_t held = 0;
  absl::Status refused;
  for (const RestrictionRow& row : due) {
    const absl::StatusOr<uint32_t> told = Tell(row, context);
    if (WorthRetrying(told.status())) return told;
    refused.Update(told.status());
    if (told.ok()) held += *told;
  }
  if (!refused.ok()) return refused;
  return held;
}

void AddReferences(const v1::CaseRecord& record, const trust::SecretBytes& key, bool at_broker,
                   std::vector<KnownAs>& about) {
  for (std::string& reference : ReferencesOf(record, key))
    about.push_back({.reference = std::move(reference), .at_broker = at_broker});
}

void AddRecord(const v1::CaseRecord& record, const AgentContext& context, std::vector<KnownAs>& about) {
  if (!record.record_ref().empty()) about.push_back({.reference = DigestOf(record.record_ref(), context)});
}

}  // namespace

absl::StatusOr<v1::RestrictResponse> Restrict(const v1::RestrictRequest& request, const AgentContext& context) {
  const std::string id = request.restriction_id().empty() ? context.random.NewUuid().text() : request.restriction_id();
  ASSIGN_OR_RETURN(const Restricted restricted, Read(request, id, context));
  RETURN_IF_ERROR(Keep(id, request.lift(), restricted, context));
  const absl::StatusOr<uint32_t> told = TellDue(id, context);
  const bool waits = !request.lift() && WorthRetrying(told.status());  // It is in force here all the same.
  if (!told.ok() && !waits) return told.status();
  v1::RestrictResponse response;
  response.set_restriction_id(id);
  response.set_held_deliveries(told.value_or(0));
  if (request.lift()) return response;
  response.set_identifiers_in_force(waits ? 0 : static_cast<uint32_t>(request.identifiers_size()));
  response.set_record_refs_in_force(static_cast<uint32_t>(restricted.records.size()));
  return response;
}

absl::Status TellRestrictions(const AgentContext& context) { return TellDue(/*only=*/"", context).status(); }

std::vector<KnownAs> AboutWhom(const v1::CaseRecord& record, const std::string& enclave, const AgentContext& context) {
  std::vector<KnownAs> about;
  AddRecord(record, context, about);
  const auto& keys = context.identity.reference_keys;
  const auto told = keys.find(enclave);
  if (told != keys.end()) {
    AddReferences(record, told->second, /*at_broker=*/true, about);
    return about;
  }
  for (const auto& [name, key] : keys) AddReferences(record, key, /*at_broker=*/false, about);
  return about;
}

std::vector<KnownAs> AboutWhom(const v1::CaseRecord& record, const v1::CaseRecord& told, const AgentContext& context) {
  std::vector<KnownAs> about;
  AddRecord(record, context, about);
  for (const auto& [name, key] : context.identity.reference_keys) {
    AddReferences(record, key, /*at_broker=*/false, about);
    AddReferences(told, key, /*at_broker=*/false, about);
  }
  return about;
}

std::vector<std::string> ReferencesFor(const google::protobuf::RepeatedPtrField<std::string>& identifiers,
                                       const std::string& enclave, const AgentContext& context,
                                       std::vector<FieldProblem>& problems) {
  std::vector<std::string> references;
  const auto key = context.identity.reference_keys.find(enclave.empty() ? kEnclave : enclave);
  const bool known = key != context.identity.reference_keys.end();
  if (!known) problems.push_back({"enclave", "must be one whose key this agency holds"});
  if (identifiers.empty() || identifiers.size() > static_cast<int>(kMaxReferences))
    problems.push_back({"identifiers", "must be 1 to 8"});
  for (int i = 0; i < identifiers.size() && i < static_cast<int>(kMaxReferences); ++i) {
    const absl::StatusOr<CanonicalIdentifier> identifier = ParseIdentifier(identifiers[i]);
    if (!identifier.ok())
      problems.push_back({absl::StrCat("identifiers[", i, "]"), std::string(identifier.status().message())});
    if (identifier.ok() && known) references.push_back(SubjectReference(key->second, *identifier));
  }
  return references;
}

}  // namespace derwent::agents
