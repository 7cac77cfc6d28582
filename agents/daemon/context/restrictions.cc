#include "agents/daemon/context/restrictions.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/sdk/envelope.h"
#include "agents/sdk/messages.h"
#include "agents/sdk/references.h"
#include "derwent/v1/register.pb.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/secret/hmac.h"

namespace derwent::agents {
namespace {

constexpr char kEnclave[] = "general";
constexpr int kMostRecords = 8;
constexpr size_t kLongestRecordRef = 200;

// How a record is known among those restricted: never one of the references that others compute too.
std::string DigestOf(const std::string& record_ref, const AgentContext& context) {
  return trust::HmacSha256(context.identity.storage_key, absl::StrCat("restricted record\n", record_ref)).bytes();
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
  if (!request.identifiers().empty())
    restricted.references = ReferencesFor(request.identifiers(), kEnclave, context, problems);
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

// Tells the broker, under the next number of this restriction.
absl::StatusOr<v1::ApplyRestrictionResponse> TellBroker(const std::string& id, bool lift,
                                                        const std::vector<std::string>& references,
                                                        const AgentContext& context) {
  const std::string kept_as = absl::StrCat("restriction/", id);
  ASSIGN_OR_RETURN(const std::string kept, context.state.Kept(kept_as));
  uint32_t last = 0;
  static_cast<void>(absl::SimpleAtoi(kept, &last));
  v1::Restriction restriction;
  restriction.set_restriction_id(id);
  restriction.set_agency(context.identity.agency);
  restriction.set_action(lift ? v1::RESTRICTION_ACTION_LIFT : v1::RESTRICTION_ACTION_RESTRICT);
  *restriction.mutable_create_time() = ToTimestamp(context.clock.Now());
  restriction.set_sequence(last + 1);
  v1::ApplyRestrictionRequest apply;
  apply.set_request_id(context.random.NewUuid().text());
  apply.mutable_references()->Assign(references.begin(), references.end());
  ASSIGN_OR_RETURN(*apply.mutable_restriction(),
                   SignMessage(kRestrictionType, restriction, context.identity.keys->signing()->key));
  ASSIGN_OR_RETURN(v1::ApplyRestrictionResponse applied, context.broker.ApplyRestriction(apply));
  RETURN_IF_ERROR(context.state.Keep(kept_as, absl::StrCat(last + 1)));
  return applied;
}

}  // namespace

absl::StatusOr<v1::RestrictResponse> Restrict(const v1::RestrictRequest& request, const AgentContext& context) {
  const std::string id = request.restriction_id().empty() ? context.random.NewUuid().text() : request.restriction_id();
  ASSIGN_OR_RETURN(const Restricted restricted, Read(request, id, context));
  ASSIGN_OR_RETURN(const v1::ApplyRestrictionResponse applied,
                   TellBroker(id, request.lift(), restricted.references, context));
  v1::RestrictResponse response;
  response.set_restriction_id(id);
  response.set_held_deliveries(applied.held_deliveries());
  if (request.lift()) {
    RETURN_IF_ERROR(context.state.LiftVeto(id));
    return response;
  }
  // The broker stops what goes to it; this agent must not even make it, for what the broker stops is missed by the
  // asker.
  std::vector<std::string> all = restricted.references;
  all.insert(all.end(), restricted.records.begin(), restricted.records.end());
  RETURN_IF_ERROR(context.state.SaveVeto(id, all));
  response.set_identifiers_in_force(static_cast<uint32_t>(restricted.references.size()));
  response.set_record_refs_in_force(static_cast<uint32_t>(restricted.records.size()));
  return response;
}

absl::StatusOr<bool> IsRestricted(const v1::CaseRecord& record, const v1::CaseRecord& told,
                                  const AgentContext& context) {
  std::vector<std::string> known;
  if (!record.record_ref().empty()) known.push_back(DigestOf(record.record_ref(), context));
  const auto key = context.identity.reference_keys.find(kEnclave);
  for (const v1::CaseRecord* of : {&record, &told}) {
    if (key == context.identity.reference_keys.end()) break;
    for (std::string& reference : ReferencesOf(*of, key->second)) known.push_back(std::move(reference));
  }
  return context.state.Vetoed(known);
}

absl::StatusOr<bool> IsRecordRestricted(const v1::CaseRecord& record, const AgentContext& context) {
  if (record.record_ref().empty()) return false;
  return context.state.Vetoed({DigestOf(record.record_ref(), context)});
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
