#include "broker/exchange/governance/policy_change.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "broker/exchange/command/idempotency.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/governance/in_force.h"
#include "broker/exchange/governance/past.h"
#include "policy/loader/activation.h"
#include "policy/loader/carried.h"
#include "trust/base/status_macros.h"
#include "trust/identity/certificate.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

constexpr char kPropose[] = "ProposePolicy";
constexpr char kActivate[] = "ActivatePolicy";
constexpr size_t kMostDrafts = 32;

// The content of the revision before the one in force, with the notices given since: what one party's word stopped
// stays stopped.
absl::StatusOr<policy::Files> RolledBack(const World& world, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<store::PolicyRow> now, reader.PolicyInForce());
  std::optional<store::PolicyRow> before;
  if (now.has_value()) {
    ASSIGN_OR_RETURN(before, reader.FindPolicy(now->base_revision));
  }
  if (!before.has_value())
    return Refuse(absl::StatusCode::kFailedPrecondition, "NOTHING_BEFORE", "no revision was in force before this one");
  ASSIGN_OR_RETURN(policy::Files files, FilesOfRevision(*before));
  for (const auto& [path, content] : world.bundle->files) {
    if (absl::StartsWith(path, "notices/")) files[path] = content;
    if (absl::StartsWith(path, "signatures/certificates/")) files.emplace(path, content);
  }
  return files;
}

v1::PolicyState StateOf(store::PolicyRowState state) {
  switch (state) {
    case store::PolicyRowState::kDraft:
      return v1::POLICY_STATE_DRAFT;
    case store::PolicyRowState::kInForce:
      return v1::POLICY_STATE_IN_FORCE;
    case store::PolicyRowState::kSuperseded:
      return v1::POLICY_STATE_SUPERSEDED;
  }
  return v1::POLICY_STATE_UNSPECIFIED;
}

v1::PolicyChange Render(const store::PolicyRow& row) {
  v1::PolicyChange change;
  change.set_revision(static_cast<int64_t>(row.revision));
  change.set_state(StateOf(row.state));
  change.set_content_digest(row.content_digest.bytes());
  change.set_policy_digest(row.policy_digest.bytes());
  change.set_governance_digest(row.governance_digest.bytes());
  change.set_base_revision(static_cast<int64_t>(row.base_revision));
  change.set_action(static_cast<v1::PolicyAction>(row.action));
  change.set_proposer_agency(row.proposer_agency);
  for (const std::string& giver : row.opening_givers) change.add_opening_givers(giver);
  *change.mutable_create_time() = trust::ToTimestamp(row.create_time);
  if (row.activate_time.has_value()) *change.mutable_activate_time() = trust::ToTimestamp(*row.activate_time);
  return change;
}

// The row of a bundle that is good.
store::PolicyRow RowOf(const policy::Bundle& bundle, absl::Time now) {
  store::PolicyRow row{.content_digest = *Sha256Digest::FromBytes(bundle.content_digest),
                       .policy_digest = *Sha256Digest::FromBytes(bundle.policy_digest),
                       .governance_digest = *Sha256Digest::FromBytes(bundle.governance_digest),
                       .create_time = now};
  v1::GetPolicyBundleResponse kept;
  policy::Carry(bundle.files, *kept.mutable_files());
  row.files = kept.SerializeAsString();
  return row;
}

// The public entry of a step: numbers, digests and codes, the agency that acted, and nobody's name.
absl::StatusOr<uint64_t> EnterChange(const Caller& caller, absl::string_view step, uint64_t revision,
                                     const CheckedPolicy& checked, Batch& batch) {
  std::string body = absl::StrCat("step ", step, "\nrevision ", revision, "\nbase ", checked.base_revision,
                                  "\ncontent ", checked.content_digest.hex(), "\n");
  std::set<std::string> codes;
  for (const v1::PolicyObjection& objection : checked.objections) codes.insert(objection.code());
  for (const std::string& code : codes) absl::StrAppend(&body, "objection ", code, "\n");
  for (const std::string& giver : checked.opening_givers) absl::StrAppend(&body, "opens ", giver, "\n");
  return batch.Append(
      ledger::EntryDraft::Public(trust::EntryKind::kGovernance, std::move(body), step, caller.agency()));
}

absl::Status Reject(const Caller& caller, uint64_t revision, const CheckedPolicy& checked, v1::PolicyChange& response,
                    Batch& batch) {
  ASSIGN_OR_RETURN(const uint64_t index, EnterChange(caller, "policy_rejected", revision, checked, batch));
  response.set_state(v1::POLICY_STATE_REJECTED);
  for (const v1::PolicyObjection& objection : checked.objections) *response.add_objections() = objection;
  response.mutable_receipt()->set_index(index);
  return absl::OkStatus();
}

// What it was compared with is still what is in force, and who signed it is judged by what still counts.
absl::Status CheckBase(const CheckedPolicy& checked, const World& world) {
  if (checked.base_content.view() != world.bundle->content_digest || checked.base_revision != world.bundle->revision)
    return Refuse(absl::StatusCode::kAborted, "POLICY_CHANGED",
                  "another policy came into force meanwhile: propose again");
  if (checked.revoked != world.revoked || checked.signatories != world.signatories)
    return Refuse(absl::StatusCode::kAborted, "POLICY_CHANGED",
                  "who may sign, or a revocation list, changed meanwhile: try again");
  return absl::OkStatus();
}

// Of the one that gives way. The bundle that an operator put in place is kept as revision 0, to go back to.
absl::Status Supersede(Batch& batch) {
  ASSIGN_OR_RETURN(std::optional<store::PolicyRow> before, batch.read().PolicyInForce());
  if (!before.has_value()) {
    before = RowOf(*batch.world().bundle, batch.world().policy_time);
    before->activate_time = batch.world().policy_time;
  }
  before->state = store::PolicyRowState::kSuperseded;
  return batch.write().PutPolicy(*before);
}

}  // namespace

absl::StatusOr<ReadProposal> ReadProposalOf(const v1::ProposePolicyRequest& request, const World& world, absl::Time now,
                                            store::Reader& reader) {
  absl::StatusOr<policy::Files> files = policy::FilesOf(request.files());
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(request.roll_back() == request.files().empty(), "files", "are the bundle's; none to roll back");
  if (!files.ok()) violations.Add("files", std::string(files.status().message()));
  RETURN_IF_ERROR(violations.ToStatus());
  ReadProposal proposal;
  if (request.roll_back()) {
    proposal.action = v1::POLICY_ACTION_ROLL_BACK;
    ASSIGN_OR_RETURN(*files, RolledBack(world, reader));
  }
  files->erase(policy::kActivationPath);  // Of the revision it was made from.
  files->erase(policy::kActivatorPath);
  ASSIGN_OR_RETURN(const std::set<Sha256Digest> earlier, PoliciesEverInForce(reader));
  proposal.checked = CheckPolicy(*std::move(files), earlier, world, now);
  return proposal;
}

absl::Status ProposePolicy(const Caller& caller, const v1::ProposePolicyRequest& request, const ReadProposal& proposal,
                           v1::PolicyChange& response, Batch& batch) {
  const CheckedPolicy& checked = proposal.checked;
  ASSIGN_OR_RETURN(const bool before,
                   Answered(caller, kPropose, request.request_id(), checked.content_digest, response, batch));
  if (before) return absl::OkStatus();
  RETURN_IF_ERROR(CheckBase(checked, batch.world()));
  if (!checked.objections.empty()) return Reject(caller, 0, checked, response, batch);
  ASSIGN_OR_RETURN(const std::vector<store::PolicyRow> rows, batch.read().ListPolicies());
  const auto drafts = static_cast<size_t>(std::count_if(rows.begin(), rows.end(), [](const store::PolicyRow& row) {
    return row.state == store::PolicyRowState::kDraft;
  }));
  if (drafts >= kMostDrafts)
    return Refuse(absl::StatusCode::kResourceExhausted, "TOO_MANY_DRAFTS",
                  "32 drafts wait already: the next activation clears them");
  store::PolicyRow row = RowOf(*checked.bundle, batch.now());
  row.revision = rows.empty() ? 1 : rows.front().revision + 1;
  row.base_revision = static_cast<uint64_t>(checked.base_revision);
  row.action = proposal.action;
  row.proposer_agency = caller.agency();
  row.opening_givers = checked.opening_givers;
  ASSIGN_OR_RETURN(row.entry_index, EnterChange(caller, "policy_proposed", row.revision, checked, batch));
  RETURN_IF_ERROR(batch.write().PutPolicy(row));
  response = Render(row);
  response.mutable_receipt()->set_index(row.entry_index);
  return Remember(caller, kPropose, request.request_id(), checked.content_digest, response, batch.now() + kRemembered,
                  batch);
}

absl::StatusOr<ReadActivation> ReadActivationOf(const Caller& caller, const v1::ActivatePolicyRequest& request,
                                                const World& world, absl::Time now, store::Reader& reader) {
  v1::PolicyActivation said;
  const bool parses = said.ParseFromString(request.activation().payload()) && said.revision() >= 1;
  const auto certificate = trust::Certificate::FromPem(request.certificate());
  Violations violations;
  violations.Require(Uuid::Parse(request.request_id()).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(parses, "activation", "is a signed PolicyActivation with a revision");
  violations.Require(certificate.ok(), "certificate", "is a certificate in PEM");
  RETURN_IF_ERROR(violations.ToStatus());
  if (certificate->id() != caller.id)
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "a signatory activates as themselves");
  ASSIGN_OR_RETURN(const std::optional<store::PolicyRow> row,
                   reader.FindPolicy(static_cast<uint64_t>(said.revision())));
  if (!row.has_value() || row->action == v1::POLICY_ACTION_UNSPECIFIED)
    return Refuse(absl::StatusCode::kNotFound, "REVISION_UNKNOWN", "no draft has this number");
  violations.Require(said.action() == row->action, "activation.action", "is what the draft was proposed for");
  RETURN_IF_ERROR(violations.ToStatus());
  ReadActivation activation{.revision = row->revision, .checked = {}};
  ASSIGN_OR_RETURN(policy::Files files, FilesOfRevision(*row));
  ASSIGN_OR_RETURN(files[policy::kActivationPath], policy::PrintEnvelope(request.activation()));
  files[policy::kActivatorPath] = request.certificate();
  ASSIGN_OR_RETURN(const std::set<Sha256Digest> earlier, PoliciesEverInForce(reader));
  activation.checked = CheckPolicy(std::move(files), earlier, world, now);
  return activation;
}

absl::Status ActivatePolicy(const Caller& caller, const v1::ActivatePolicyRequest& request,
                            const ReadActivation& activation, v1::PolicyChange& response, Batch& batch) {
  const Sha256Digest digest = trust::Sha256(request.activation().payload());
  ASSIGN_OR_RETURN(const bool before, Answered(caller, kActivate, request.request_id(), digest, response, batch));
  if (before) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::optional<store::PolicyRow> row, batch.read().FindPolicy(activation.revision));
  if (!row.has_value() || row->state == store::PolicyRowState::kSuperseded)
    return Refuse(absl::StatusCode::kAborted, "POLICY_CHANGED", "the draft is no longer there: propose again");
  const CheckedPolicy& checked = activation.checked;
  if (row->state == store::PolicyRowState::kInForce) {  // Once more, because the first answer was lost.
    response = Render(*row);
    response.mutable_receipt()->set_index(row->entry_index);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckBase(checked, batch.world()));
  if (!checked.objections.empty()) return Reject(caller, row->revision, checked, response, batch);
  const bool back = row->action == v1::POLICY_ACTION_ROLL_BACK;
  ASSIGN_OR_RETURN(const uint64_t index, EnterChange(caller, back ? "policy_rolled_back" : "policy_activated",
                                                     row->revision, checked, batch));
  RETURN_IF_ERROR(Supersede(batch));
  const store::PolicyRow good = RowOf(*checked.bundle, row->create_time);
  row->governance_digest = good.governance_digest;
  row->files = good.files;
  row->state = store::PolicyRowState::kInForce;
  row->activate_time = batch.now();
  row->opening_givers = checked.opening_givers;
  row->entry_index = index;
  RETURN_IF_ERROR(batch.write().PutPolicy(*row));
  RETURN_IF_ERROR(batch.write().DeletePolicyDrafts());
  RETURN_IF_ERROR(EnterInForce(*checked.bundle, batch));
  auto world = std::make_shared<World>(batch.world());
  world->bundle = checked.bundle;
  world->policy_time = batch.now();
  world->reload_error.clear();
  batch.Enact(std::move(world));
  response = Render(*row);
  response.mutable_receipt()->set_index(index);
  return Remember(caller, kActivate, request.request_id(), digest, response, batch.now() + kRemembered, batch);
}

absl::StatusOr<v1::ListPolicyRevisionsResponse> ListPolicyRevisions(store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::vector<store::PolicyRow> rows, reader.ListPolicies());
  v1::ListPolicyRevisionsResponse response;
  for (const store::PolicyRow& row : rows) *response.add_revisions() = Render(row);
  return response;
}

}  // namespace derwent::exchange
