#include "broker/exchange/rights/rights_entries.h"

#include "absl/strings/str_cat.h"

#include "policy/loader/canonical_request.h"
#include "policy/loader/record.h"

namespace derwent::exchange {
namespace {

constexpr char kEveryRecipient[] = "all_recipients_in_ledger";

// As the policy's rules name them. That a restriction ends goes to whom it was told.
std::string EventOf(v1::RightsEventType type) {
  switch (type) {
    case v1::RIGHTS_EVENT_TYPE_RECTIFICATION:
      return "rectification";
    case v1::RIGHTS_EVENT_TYPE_ERASURE:
      return "erasure";
    case v1::RIGHTS_EVENT_TYPE_RESTRICTION:
    case v1::RIGHTS_EVENT_TYPE_RESTRICTION_LIFTED:
      return "restriction";
    default:
      return "";
  }
}

std::string RoleOf(const v1::Manifest& manifest, uint32_t number) {
  for (const v1::ManifestSubject& subject : manifest.subjects()) {
    if (subject.number() == number) return subject.role();
  }
  return "";
}

// The note that the share went out with, of a reply that which its request came with: the person's right needs no
// other.
bool WasJustified(const StoredPart& part, uint32_t number) {
  if (part.replies()) return !part.selector.subjects(0).justification_digest().empty();
  for (const v1::ManifestSubject& subject : part.manifest.subjects()) {
    if (subject.number() == number) return !subject.justification_digest().empty();
  }
  return false;
}

std::vector<std::string> TagsOf(const store::PartRow& part, uint32_t number) {
  std::vector<std::string> tags;
  for (const store::SubjectTag& tag : part.tags) {
    if (tag.subject == number) tags.push_back(tag.tag);
  }
  return tags;
}

void SetDecided(const DecidedSubject& decided, const std::vector<std::string>& codes, const Batch& batch,
                ledger::EntryDraft& draft) {
  for (const policy::CategoryOutcome& outcome : decided.decision.categories) {
    draft.AddCategory(
        {.category = outcome.category, .asked = "full", .outcome = std::string(outcome.Shown()), .form = ""});
  }
  draft.SetOutcome(codes.empty() ? decided.decision.Overall() : "DENY", codes, batch.world().policy_digest(),
                   batch.world().register_digest);
  draft.SetDecisionRequest(policy::CanonicalBytes(decided.request, batch.now()));
  SetDecidedUnder(batch.world(), draft);
}

}  // namespace

std::vector<DecidedSubject> DecideNotice(const v1::RightsNotice& notice, const StoredPart& part,
                                         const std::string& role, const World& world, absl::Time now) {
  std::vector<DecidedSubject> decided;
  for (const uint32_t number : notice.subjects()) {
    DecidedSubject next{.number = number, .request = {}, .decision = {}};
    policy::DecisionRequest& q = next.request;
    q.releasing_agency = notice.from_agency();
    q.receiving_agency = notice.from_agency();
    q.receiving_role = role;
    q.profile = part.share.profile;
    q.purpose = kRightsPurpose;
    q.board = part.share.board;
    q.route = policy::Route::kRightsEvent;
    q.justification = WasJustified(part, number);
    q.subject_role = RoleOf(part.manifest, number);
    q.categories.assign(notice.categories().begin(), notice.categories().end());
    q.event =
        policy::RightsEvent{.type = EventOf(notice.type()), .own = {}, .mixed = {}, .fan_out_to = kEveryRecipient};
    next.decision = world.Decide(q, now);
    decided.push_back(std::move(next));
  }
  return decided;
}

std::vector<ledger::EntryDraft> DraftsOf(const RightsStep& step, const std::vector<DecidedSubject>* decided,
                                         const Batch& batch) {
  const v1::RightsNotice& notice = step.notice;
  const store::ShareRow& share = step.part.share;
  std::vector<ledger::EntryDraft> drafts;
  for (int i = 0; i < notice.subjects_size(); ++i) {
    const uint32_t number = notice.subjects(i);
    ledger::EntryDraft& draft = drafts.emplace_back(step.name, step.actor);
    draft.SetReleasing(notice.from_agency(), step.releasing_person)
        .SetReceiving(notice.to_agency(), step.receiving_person)
        .SetSubject(number, RoleOf(step.part.manifest, number), TagsOf(step.part.part, number))
        .SetPurpose(kRightsPurpose, share.profile, share.board, share.area)
        .SetRoute(policy::RouteName(policy::Route::kRightsEvent), "")
        .SetIds(notice.share_id(), notice.event_id(), "")
        .SetManifestDigest(step.digest);
    if (step.count > 0) draft.SetCount(step.count);
    if (decided != nullptr) {
      SetDecided((*decided)[static_cast<size_t>(i)], step.codes, batch, draft);
    } else {
      draft.SetOutcome("", step.codes, batch.world().policy_digest(), batch.world().register_digest);
    }
  }
  return drafts;
}

}  // namespace derwent::exchange
