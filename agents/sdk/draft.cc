#include "agents/sdk/draft.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "agents/sdk/field_set.h"
#include "agents/sdk/package.h"
#include "agents/sdk/project.h"
#include "agents/sdk/record_check.h"
#include "policy/engine/agreements.h"
#include "trust/base/london.h"

namespace derwent::agents {
namespace {

constexpr size_t kMaxRecordOctets = 4 << 20;

// Collects what is wrong with a request, field by field.
class DraftReader {
 public:
  DraftReader(const policy::Snapshot& snapshot, absl::Time now, std::vector<FieldProblem>& problems)
      : snapshot_(snapshot), policy_(*snapshot.policy), day_(LondonDay(now)), problems_(problems) {}

  void Problem(std::string field, std::string rule) { problems_.push_back({std::move(field), std::move(rule)}); }

  const policy::Profile* ReadHead(const v1::PushReferralRequest& request, ReferralDraft& draft) {
    if (request.referral_ref().empty() || request.referral_ref().size() > 200)
      Problem("referral_ref", "must have 1 to 200 characters");
    if (request.justification().size() > kMaxJustification) Problem("justification", "must have 16 KiB at most");
    if (!request.area().empty() && !policy_.areas.contains(request.area()))
      Problem("area", "must be an area of the policy");
    const auto profile = policy_.profiles.find(request.profile());
    if (profile == policy_.profiles.end()) {
      Problem("profile", "must be a profile of the policy");
      return nullptr;
    }
    if (draft.purpose.empty() && profile->second.purposes.size() == 1)
      draft.purpose = *profile->second.purposes.begin();
    if (!policy_.purposes.contains(draft.purpose))
      Problem("purpose", absl::StrCat("must be one of ", absl::StrJoin(profile->second.purposes, ", ")));
    return &profile->second;
  }

  void ReadSubject(const v1::ReferralSubject& subject, uint32_t number, ReferralDraft& draft) {
    const std::string field = absl::StrCat("subjects[", number - 1, "]");
    if (!policy_.subject_roles.contains(subject.role()))
      Problem(absl::StrCat(field, ".role"), "must be a subject role of the policy");
    for (const std::string& flag : subject.record().subject_flags()) {
      if (!policy_.flags.contains(flag))
        Problem(absl::StrCat(field, ".record.subject_flags"), "must be flags of the policy");
    }
    if (subject.record().ByteSizeLong() > kMaxRecordOctets)
      Problem(absl::StrCat(field, ".record"), "must have 4 MiB at most");
    for (const FieldProblem& broken : CheckRecord(subject.record(), day_))
      Problem(absl::StrCat(field, ".record.", broken.field), broken.rule);
    for (const FieldProblem& broken : CheckFieldSets(subject.record().statutory_fieldset(), draft.sender_agency,
                                                     FieldsListed(policy_, draft.profile, "")))
      Problem(absl::StrCat(field, ".record.", broken.field), broken.rule);
    if (subject.record().has_aggregate())
      Problem(absl::StrCat(field, ".record.aggregate"), "must be empty: counts answer a request for them");
    DraftSubject added{.number = number, .role = subject.role(), .record = subject.record()};
    MoveProtectedAddresses(added.record);
    if (HeldCategories(added.record).empty())
      Problem(absl::StrCat(field, ".record"), "must hold at least one category");
    draft.subjects.push_back(std::move(added));
  }

  void ReadRecipient(const v1::ReferralRecipientChoice& choice, int index, const policy::Profile* profile,
                     ReferralDraft& draft) {
    const std::string field = absl::StrCat("recipients[", index, "]");
    if (!policy_.organisations.contains(choice.agency()))
      Problem(absl::StrCat(field, ".agency"), "must be an agency of the policy");
    if (choice.agency() == draft.sender_agency) Problem(absl::StrCat(field, ".agency"), "must be another agency");
    for (const DraftRecipient& other : draft.recipients) {
      if (other.agency == choice.agency()) Problem(absl::StrCat(field, ".agency"), "must be named once");
    }
    for (int i = 0; i < choice.categories_size(); ++i) {
      if (policy_.FindCategory(choice.categories(i)) == nullptr)
        Problem(absl::StrCat(field, ".categories[", i, "]"), "must be a category of the policy");
    }
    DraftRecipient added{.agency = choice.agency(),
                         .role = choice.role(),
                         .person = choice.person(),
                         .grounds = {choice.grounds().begin(), choice.grounds().end()},
                         .categories = {choice.categories().begin(), choice.categories().end()}};
    if (added.role.empty() && profile != nullptr) added.role = DefaultRole(*profile, added.agency, draft.area);
    if (added.role.empty())
      Problem(absl::StrCat(field, ".role"), "must be named: the agency holds no role that the profile names");
    if (!added.role.empty() && !policy_.roles.contains(added.role))
      Problem(absl::StrCat(field, ".role"), "must be a role of the policy");
    CheckGrounds(added, field, draft.subjects.size());
    draft.recipients.push_back(std::move(added));
  }

 private:
  void CheckGrounds(const DraftRecipient& recipient, const std::string& field, size_t subjects) {
    for (const std::string& ground : recipient.grounds) {
      const std::vector<std::string> parts = absl::StrSplit(ground, absl::MaxSplits(':', 1));
      uint32_t number = 0;
      const bool numbered = parts.size() == 2;
      if (numbered && (!absl::SimpleAtoi(parts[0], &number) || number == 0 || number > subjects)) {
        Problem(absl::StrCat(field, ".grounds"), "must name a subject of the referral");
      }
      const std::string& name = numbered ? parts[1] : parts[0];
      if (!IsGround(name)) Problem(absl::StrCat(field, ".grounds"), "must be `<profile>.<category>` of the policy");
    }
  }

  // Both parts may hold dots.
  bool IsGround(absl::string_view name) const {
    for (size_t dot = name.find('.'); dot != absl::string_view::npos; dot = name.find('.', dot + 1)) {
      if (policy_.profiles.contains(std::string(name.substr(0, dot))) &&
          policy_.FindCategory(std::string(name.substr(dot + 1))) != nullptr)
        return true;
    }
    return false;
  }

  // The profile's role that somebody of the agency holds: a specific one first, then its SPOC, then a practitioner.
  std::string DefaultRole(const policy::Profile& profile, const std::string& agency, const std::string& area) const {
    std::vector<std::string> roles;
    for (const auto& [role, scope] : profile.receivers) {
      if (role != "spoc" && role != "practitioner" && scope.case_scope) roles.push_back(role);
    }
    for (const char* role : {"spoc", "practitioner"}) {
      if (profile.receivers.contains(role) || profile.recipient_organisations.contains(agency)) roles.push_back(role);
    }
    for (const std::string& role : roles) {
      if (policy::RoleHeld(snapshot_, {.agency = agency, .role = role, .board = profile.board(), .area = area}, day_))
        return role;
    }
    return "";
  }

  const policy::Snapshot& snapshot_;
  const policy::Policy& policy_;
  const absl::CivilDay day_;
  std::vector<FieldProblem>& problems_;
};

}  // namespace

ReferralDraft MakeDraft(const v1::PushReferralRequest& request, const std::string& own_agency,
                        const policy::Snapshot& snapshot, absl::Time now, std::vector<FieldProblem>& problems) {
  ReferralDraft draft{.sender_agency = own_agency,
                      .acting_person = request.acting_person(),
                      .profile = request.profile(),
                      .purpose = request.purpose(),
                      .board = request.board(),
                      .area = request.area(),
                      .justification = request.justification()};
  DraftReader reader(snapshot, now, problems);
  const policy::Profile* profile = reader.ReadHead(request, draft);
  if (request.subjects().empty() || static_cast<size_t>(request.subjects_size()) > kMaxSubjects)
    reader.Problem("subjects", "must be 1 to 30");
  if (request.recipients().empty() || static_cast<size_t>(request.recipients_size()) > kMaxRecipients)
    reader.Problem("recipients", "must be 1 to 20");
  if (!problems.empty() && (static_cast<size_t>(request.subjects_size()) > kMaxSubjects ||
                            static_cast<size_t>(request.recipients_size()) > kMaxRecipients))
    return draft;
  for (int i = 0; i < request.subjects_size(); ++i)
    reader.ReadSubject(request.subjects(i), static_cast<uint32_t>(i) + 1, draft);
  for (int i = 0; i < request.recipients_size(); ++i) reader.ReadRecipient(request.recipients(i), i, profile, draft);
  return draft;
}

std::vector<std::string> ConsideredCategories(const DraftRecipient& recipient, const DraftSubject& subject) {
  std::vector<std::string> held = HeldCategories(subject.record);
  const auto considered = [&](const std::string& category) {
    if (recipient.told_apart.contains({subject.number, category})) return false;
    // A protected place is named to the broker only when somebody chose to: the category alone would tell that there is
    // one.
    if (recipient.categories.empty()) return category != "location.protected";
    return std::ranges::find(recipient.categories, category) != recipient.categories.end();
  };
  std::erase_if(held, [&](const std::string& category) { return !considered(category); });
  return held;
}

std::vector<std::string> AssertedGrounds(const DraftRecipient& recipient, uint32_t subject) {
  std::set<std::string> grounds;
  const std::string prefix = absl::StrCat(subject, ":");
  for (const std::string& ground : recipient.grounds) {
    const size_t colon = ground.find(':');
    if (colon == std::string::npos) grounds.insert(ground);
    if (colon != std::string::npos && ground.compare(0, prefix.size(), prefix) == 0)
      grounds.insert(ground.substr(prefix.size()));
  }
  return {grounds.begin(), grounds.end()};
}

}  // namespace derwent::agents
