#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "broker/exchange/decide.h"
#include "broker/exchange/envelope.h"
#include "broker/exchange/refusal.h"
#include "broker/exchange/rules.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "SubmitReferral";

using Tags = std::map<uint32_t, std::vector<std::string>>;

// The first answer when this share was sent before; nothing when it is new.
absl::StatusOr<bool> AnsweredBefore(const Caller& caller, const v1::SubmitReferralRequest& request, const CheckedShare& share, v1::SubmitReferralResponse& response, Batch& batch) {
  const store::IdempotencyKey key{.caller_agency = caller.agency(), .method = kMethod, .request_id = request.request_id()};
  ASSIGN_OR_RETURN(const std::optional<store::IdempotencyRow> row, batch.read().FindIdempotency(key));
  if (!row.has_value()) return false;
  if (row->request_digest != share.digest) return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the share id was used for another share");
  if (!response.ParseFromString(row->response)) return absl::DataLossError("a stored answer does not parse");
  return true;
}

absl::StatusOr<Tags> TagsOf(const v1::SubmitReferralRequest& request, const ledger::Tagger& tagger) {
  Tags tags;
  for (const v1::SubjectReferences& subject : request.references()) {
    for (const std::string& reference : subject.references()) {
      ASSIGN_OR_RETURN(std::string tag, tagger.Tag(reference));
      tags[subject.subject()].push_back(std::move(tag));
    }
  }
  return tags;
}

// What the broker keeps to decide a part again: the signed manifest and the statement, without ring and units.
std::string ContextOf(const CheckedPackage& package) {
  v1::Submission context;
  *context.mutable_package()->mutable_manifest() = package.submission->package().manifest();
  context.set_sender_statement(package.submission->sender_statement());
  return context.SerializeAsString();
}

store::Due DueIn(const policy::Decision& decision, const char* step, absl::Time now) {
  const auto hours = decision.clock_hours.find(step);
  if (hours == decision.clock_hours.end()) return {};
  return {.time = now + absl::Hours(hours->second), .overdue = false};
}

absl::Status StoreShare(const CheckedShare& share, Batch& batch) {
  const v1::Manifest& m = share.packages.front().manifest;
  store::ShareRow row{.share_id = m.share_id(), .version = m.version(), .kind = m.kind(), .sender_agency = m.sender_agency(), .profile = m.profile(), .purpose = m.purpose(),
                      .board = m.board(), .area = m.area(), .case_id = m.case_id(), .existence_sensitive = m.existence_sensitive(), .create_time = batch.now(),
                      .expire_time = FromTimestamp(m.expire_time()), .supersedes_share_id = m.supersedes_share_id()};
  const absl::Status stored = batch.write().InsertShare(row);
  if (absl::IsAlreadyExists(stored)) return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the share id is taken");
  RETURN_IF_ERROR(stored);
  if (row.supersedes_share_id.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> older, batch.read().FindShare(row.supersedes_share_id));
  if (!older.has_value() || older->sender_agency != row.sender_agency) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "SHARE_UNKNOWN", "the share to be superseded is not one that this agency sent");
  }
  return batch.write().SetSuperseded(older->share_id, row.share_id);
}

absl::Status StorePart(const CheckedPackage& package, const std::vector<DecidedSubject>& decided, const Tags& tags, std::vector<uint64_t> entries, Batch& batch) {
  const v1::Manifest& m = package.manifest;
  const policy::Decision& decision = decided.front().decision;
  store::PartRow part{.key = {.share_id = m.share_id(), .recipient_agency = m.recipient_agency()}, .role = m.recipient_role(), .person = m.recipient_person(),
                      .state = v1::RECIPIENT_STATE_WAITING, .manifest_digest = package.manifest_digest, .collection = DueIn(decision, "collection", batch.now()),
                      .acceptance = DueIn(decision, "acceptance", batch.now()), .outcome = DueIn(decision, "outcome", batch.now()), .update_time = batch.now(), .context = ContextOf(package)};
  if (part.collection.time.has_value()) part.collection.time = std::min(*part.collection.time, FromTimestamp(m.expire_time()));
  RETURN_IF_ERROR(batch.write().InsertPart(part));
  for (const v1::ManifestSubject& subject : m.subjects()) {
    const auto of = tags.find(subject.number());
    if (of == tags.end()) continue;
    for (const std::string& tag : of->second) RETURN_IF_ERROR(batch.write().InsertPartTag({.part = part.key, .subject = subject.number(), .tag = tag}));
  }
  return batch.Deliver({.delivery_id = batch.NewId(), .mailbox_agency = m.recipient_agency(), .share_id = m.share_id(), .kind = kPackageDelivery,
                        .payload = package.submission->package().SerializeAsString(), .entry_indexes = std::move(entries), .create_time = batch.now()});
}

// The sealing key is one of the recipient's that counts today.
bool SealedToCurrentKey(const v1::Manifest& m, const World& world, absl::Time now) {
  const trust::KeyHistory* const keys = world.KeysOf(m.recipient_agency());
  const trust::AgencyKey* const key = keys == nullptr ? nullptr : keys->Find(trust::KeyUse::kSealing, m.sealing_key_id(), now);
  return key != nullptr && !world.revoked->IsRevoked(key->certificate.serial());
}

// Restricted by the sender itself since it prepared the share.
absl::StatusOr<bool> Restricted(const v1::Manifest& m, const Tags& tags, Batch& batch) {
  std::vector<std::string> all;
  for (const auto& [subject, of] : tags) all.insert(all.end(), of.begin(), of.end());
  ASSIGN_OR_RETURN(const std::vector<store::RestrictionTag> found, batch.read().RestrictionsOfTags(all));
  return std::any_of(found.begin(), found.end(), [&](const store::RestrictionTag& tag) { return tag.agency == m.sender_agency(); });
}

struct PackageDecision {
  std::vector<DecidedSubject> subjects;
  std::vector<policy::Reason> why_not;
};

absl::StatusOr<PackageDecision> DecideOne(const CheckedPackage& package, const Tags& tags, Batch& batch) {
  const World& world = batch.world();
  RETURN_IF_ERROR(CheckKeyCounts(world, package.manifest.sender_agency(), package.submission->package().manifest(), batch.now()));
  if (!SealedToCurrentKey(package.manifest, world, batch.now())) {
    return Refuse(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED", "the package is not sealed to a key of the recipient that counts today");
  }
  PackageDecision decided{.subjects = DecidePackage(package.manifest, package.statement, world, batch.now()), .why_not = {}};
  decided.why_not = WhyNot(package.manifest, package.statement, decided.subjects, world, batch.now());
  ASSIGN_OR_RETURN(const bool restricted, Restricted(package.manifest, tags, batch));
  if (restricted) decided.why_not.push_back({.code = policy::ReasonCode::kSubjectRestricted, .rule = "restrictions"});
  return decided;
}

void AddDecisions(const CheckedPackage& package, const PackageDecision& decided, const World& world, v1::SubmitReferralResponse& response) {
  for (const DecidedSubject& subject : decided.subjects) {
    v1::PlannedDecision& planned = *response.add_decisions();
    planned.set_recipient_agency(package.manifest.recipient_agency());
    planned.set_subject(subject.number);
    *planned.mutable_decision() = policy::ToProto(subject.decision, world.bundle->policy->digest);
  }
}

std::string LeadingReason(const CheckedShare& share, const std::vector<PackageDecision>& decided, const World& world) {
  if (share.packages.front().manifest.policy_digest() != world.bundle->policy_digest) return "POLICY_CHANGED";
  for (const PackageDecision& one : decided) {
    if (!one.why_not.empty()) return std::string(policy::Describe(one.why_not.front().code).name);
  }
  return "";
}

}  // namespace

absl::Status SubmitReferral(const Caller& caller, const v1::SubmitReferralRequest& request, const CheckedShare& share, v1::SubmitReferralResponse& response, Batch& batch) {
  ASSIGN_OR_RETURN(const bool before, AnsweredBefore(caller, request, share, response, batch));
  if (before) return absl::OkStatus();
  const World& world = batch.world();
  RETURN_IF_ERROR(CheckTimes(share, world.limits, batch.now()));
  ASSIGN_OR_RETURN(const Tags tags, TagsOf(request, batch.tagger()));
  std::vector<PackageDecision> decided;
  bool refused = false;
  for (const CheckedPackage& package : share.packages) {
    ASSIGN_OR_RETURN(PackageDecision one, DecideOne(package, tags, batch));
    refused = refused || !one.why_not.empty();
    decided.push_back(std::move(one));
  }
  const bool keep = !refused && !request.validate_only();
  if (keep) RETURN_IF_ERROR(StoreShare(share, batch));
  for (size_t i = 0; i < share.packages.size(); ++i) {
    const CheckedPackage& package = share.packages[i];
    // A share is refused whole: a recipient whose own part would have passed is told so too.
    std::vector<policy::Reason> why = decided[i].why_not;
    if (refused && why.empty()) why.push_back({.code = policy::ReasonCode::kPolicyChanged, .rule = "share"});
    std::vector<ledger::EntryDraft> drafts;
    for (const DecidedSubject& subject : decided[i].subjects) {
      const auto of = tags.find(subject.number);
      drafts.push_back(DraftFor(request.validate_only() ? "check" : "referral", ledger::Actor::kReleasing, package.manifest, package.statement, subject,
                                of == tags.end() ? std::vector<std::string>() : of->second, package.manifest_digest, batch, why));
    }
    ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, batch.Append(drafts));
    for (const uint64_t index : indexes) response.add_receipts()->set_index(index);
    AddDecisions(package, decided[i], world, response);
    if (keep) RETURN_IF_ERROR(StorePart(package, decided[i].subjects, tags, indexes, batch));
  }
  response.set_outcome(refused ? v1::SUBMIT_OUTCOME_REFUSED : keep ? v1::SUBMIT_OUTCOME_STORED : v1::SUBMIT_OUTCOME_VALID);
  response.set_policy_digest(world.bundle->policy_digest);
  if (refused) response.set_reason(LeadingReason(share, decided, world));
  if (!keep) return absl::OkStatus();  // Only what took effect is remembered.
  return batch.write().InsertIdempotency({.key = {.caller_agency = caller.agency(), .method = kMethod, .request_id = request.request_id()},
                                          .request_digest = share.digest, .response = response.SerializeAsString(),
                                          .expire_time = FromTimestamp(share.packages.front().manifest.expire_time()) + absl::Hours(24 * 30)});
}

}  // namespace derwent::exchange
