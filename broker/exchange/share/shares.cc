#include "broker/exchange/share/shares.h"

#include <algorithm>
#include <iterator>

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/stored.h"
#include "trust/base/status_macros.h"
#include "trust/identity/key_event.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

// The sealing key is one of the recipient's that counts today.
bool SealedToCurrentKey(const v1::Manifest& m, const World& world, absl::Time now) {
  const trust::KeyHistory* const keys = world.KeysOf(m.recipient_agency());
  const trust::AgencyKey* const key =
      keys == nullptr ? nullptr : keys->Find(trust::KeyUse::kSealing, m.sealing_key_id(), now);
  return key != nullptr && !world.revoked->BreaksChain(key->chain);
}

}  // namespace

absl::StatusOr<Tags> TagsOf(const CheckedShare& share, const ledger::Tagger& tagger) {
  Tags tags;
  for (const v1::SubjectReferences* subject : share.references) {
    for (const std::string& reference : subject->references()) {
      ASSIGN_OR_RETURN(std::vector<std::string> of, tagger.EnteredTags(reference));
      std::ranges::move(of, std::back_inserter(tags[subject->subject()]));
    }
  }
  return tags;
}

std::vector<std::string> TagsOfSubject(const Tags& tags, uint32_t subject) {
  const auto of = tags.find(subject);
  return of == tags.end() ? std::vector<std::string>() : of->second;
}

const policy::Profile* ProfileOf(const v1::Manifest& m, const World& world) {
  const auto found = world.bundle->policy->profiles.find(m.profile());
  return found == world.bundle->policy->profiles.end() ? nullptr : &found->second;
}

void RequireProfilesSilence(const v1::Manifest& m, const World& world, Violations& violations) {
  const policy::Profile* const profile = ProfileOf(m, world);
  violations.Require(profile == nullptr || m.existence_sensitive() == profile->existence_sensitive,
                     "submissions.package.manifest.existence_sensitive", "is the profile's");
}

absl::Status CheckKeys(const CheckedPackage& package, const World& world, absl::Time now) {
  RETURN_IF_ERROR(
      CheckKeyCounts(world, package.manifest.sender_agency(), package.submission->package().manifest(), now));
  if (SealedToCurrentKey(package.manifest, world, now)) return absl::OkStatus();
  return Refuse(absl::StatusCode::kFailedPrecondition, "KEY_NOT_CERTIFIED",
                "the package is not sealed to a key of the recipient that counts today");
}

absl::StatusOr<bool> Restricted(const std::string& agency, const Tags& tags, Batch& batch) {
  std::vector<std::string> all;
  for (const auto& [subject, of] : tags) all.insert(all.end(), of.begin(), of.end());
  ASSIGN_OR_RETURN(const std::vector<store::RestrictionTag> found, batch.read().RestrictionsOfTags(all));
  return std::any_of(found.begin(), found.end(),
                     [&](const store::RestrictionTag& tag) { return tag.agency == agency; });
}

absl::StatusOr<bool> RestrictsSubject(const std::string& agency, const CheckedShare& share, Batch& batch) {
  Tags every;
  for (const v1::SubjectReferences* subject : share.references) {
    for (const std::string& reference : subject->references()) {
      ASSIGN_OR_RETURN(std::vector<std::string> tags, batch.tagger().EveryTag(reference));
      std::ranges::move(tags, std::back_inserter(every[subject->subject()]));
    }
  }
  return Restricted(agency, every, batch);
}

absl::Status StoreShare(const CheckedShare& share, Batch& batch) {
  const v1::Manifest& m = share.packages.front().manifest;
  const store::ShareRow row{.share_id = m.share_id(),
                            .version = m.version(),
                            .kind = m.kind(),
                            .sender_agency = m.sender_agency(),
                            .profile = m.profile(),
                            .purpose = m.purpose(),
                            .board = m.board(),
                            .area = m.area(),
                            .case_id = m.case_id(),
                            .existence_sensitive = m.existence_sensitive(),
                            .create_time = batch.now(),
                            .expire_time = trust::FromTimestamp(m.expire_time()),
                            .supersedes_share_id = m.supersedes_share_id(),
                            .reply_to_share_id = m.reply_to_share_id()};
  const absl::Status stored = batch.write().InsertShare(row);
  if (absl::IsAlreadyExists(stored))
    return Refuse(absl::StatusCode::kAborted, "REQUEST_ID_REUSED", "the share id is taken");
  return stored;
}

PackageStep StepOf(const CheckedPackage& package, absl::string_view name, const Objections& refused) {
  return {.name = name,
          .by = By::kSender,
          .manifest = package.manifest,
          .statement = package.statement,
          .manifest_digest = package.manifest_digest,
          .refused = refused};
}

v1::SubmitReferralRequest ContextOf(const CheckedPackage& package, const std::vector<CheckedApproval>& approvals) {
  v1::SubmitReferralRequest context;
  v1::Submission& kept = *context.add_submissions();
  *kept.mutable_package()->mutable_manifest() = package.submission->package().manifest();
  kept.set_sender_statement(package.submission->sender_statement());
  for (const CheckedApproval& approval : approvals) *context.add_approvals() = *approval.approval;
  return context;
}

store::Due CollectionDue(const policy::Decision& decision, const v1::Manifest& manifest, absl::Time now) {
  const absl::Time expires = trust::FromTimestamp(manifest.expire_time());
  const auto hours = decision.clock_hours.find("collection");
  return {.time = hours == decision.clock_hours.end() ? expires : std::min(expires, now + absl::Hours(hours->second)),
          .overdue = false};
}

absl::StatusOr<store::PartRow> StorePart(const CheckedPackage& package, const PartTerms& terms, const Tags& tags,
                                         Batch& batch) {
  const v1::Manifest& m = package.manifest;
  std::vector<store::SubjectTag> tags_of_part;
  for (const v1::ManifestSubject& subject : m.subjects()) {
    for (std::string& tag : TagsOfSubject(tags, subject.number()))
      tags_of_part.push_back({.subject = subject.number(), .tag = std::move(tag)});
  }
  const store::PartRow part{.key = {.share_id = m.share_id(), .recipient_agency = m.recipient_agency()},
                            .role = m.recipient_role(),
                            .person = m.recipient_person(),
                            .state = v1::RECIPIENT_STATE_WAITING,
                            .manifest_digest = package.manifest_digest,
                            .collection = terms.collection,
                            .acceptance = terms.acceptance,
                            .outcome = terms.outcome,
                            .update_time = batch.now(),
                            .tags = std::move(tags_of_part),
                            .context = terms.context};
  RETURN_IF_ERROR(batch.write().InsertPart(part));
  return part;
}

absl::Status DeliverPackage(const CheckedPackage& package, absl::Time not_before, std::vector<uint64_t> entries,
                            Batch& batch) {
  const v1::Manifest& m = package.manifest;
  return batch.Deliver({.mailbox_agency = m.recipient_agency(),
                        .share_id = m.share_id(),
                        .kind = kPackageDelivery,
                        .payload = package.submission->package().SerializeAsString(),
                        .entry_indexes = std::move(entries),
                        .create_time = std::max(batch.now(), not_before),
                        .not_before = not_before});
}

}  // namespace derwent::exchange
