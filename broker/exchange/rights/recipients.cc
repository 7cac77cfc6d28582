#include "broker/exchange/rights/recipients.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "broker/exchange/command/refusal.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

constexpr size_t kMostNamed = 16;

using Categories = google::protobuf::RepeatedPtrField<std::string>;
using Subjects = std::set<uint32_t>;

// It waits to be collected, or was.
absl::StatusOr<bool> Had(const StoredPart& part, Batch& batch) {
  if (part.part.state == v1::RECIPIENT_STATE_WAITING) return true;
  ASSIGN_OR_RETURN(const std::vector<uint64_t> collected,
                   batch.read().SearchEntries({.viewer_agency = part.share.sender_agency,
                                               .other_agency = part.part.key.recipient_agency,
                                               .share_id = part.share.share_id,
                                               .step = "collection",
                                               .limit = 1}));
  return !collected.empty();
}

// The part of a share of `sender` that its recipient had; nullopt: there is none.
absl::StatusOr<std::optional<StoredPart>> FindGiven(const store::PartKey& key, const std::string& sender,
                                                    Batch& batch) {
  absl::StatusOr<StoredPart> part = LoadPart(key, batch);
  if (!part.ok() && !absl::IsNotFound(part.status())) return part.status();
  if (!part.ok() || part->share.sender_agency != sender || part->share.kind == v1::PACKAGE_KIND_SELECTOR)
    return std::optional<StoredPart>();
  ASSIGN_OR_RETURN(const bool had, Had(*part, batch));
  return had ? std::optional<StoredPart>(*std::move(part)) : std::nullopt;
}

// What of these subjects the share holds.
std::set<std::string> Held(const StoredPart& part, const Subjects& subjects) {
  std::set<std::string> held;
  for (const v1::ManifestUnit& unit : part.manifest.units()) {
    if (subjects.contains(unit.subject())) held.insert(unit.category());
  }
  return held;
}

// An empty list concerns them all.
std::set<std::string> Concerned(std::set<std::string> held, const Categories& categories) {
  if (categories.empty()) return held;
  std::erase_if(held, [&](const std::string& category) {
    return std::find(categories.begin(), categories.end(), category) == categories.end();
  });
  return held;
}

void CheckAgainstShare(const Told& told, const std::string& field, Violations& violations) {
  const v1::RightsNotice& notice = told.notice();
  const Subjects subjects(notice.subjects().begin(), notice.subjects().end());
  const auto& known = told.part.manifest.subjects();
  const bool knows_all = std::all_of(subjects.begin(), subjects.end(), [&](uint32_t number) {
    return std::any_of(known.begin(), known.end(),
                       [&](const v1::ManifestSubject& subject) { return subject.number() == number; });
  });
  const std::set<std::string> held = Held(told.part, subjects);
  violations.Require(knows_all, absl::StrCat(field, ".subjects"), "are of the share");
  violations.Require(std::includes(held.begin(), held.end(), notice.categories().begin(), notice.categories().end()),
                     absl::StrCat(field, ".categories"), "are of the share");
  violations.Require(notice.request_id() == told.part.share.reply_to_share_id, absl::StrCat(field, ".request_id"),
                     "is the request that the share answers");
}

// By what the ledger finds the person, under every index key that was ever used.
absl::StatusOr<std::vector<std::string>> TagsOfPerson(const v1::NotifyRightsRequest& request,
                                                      const std::vector<Told>& told, Batch& batch) {
  std::set<std::string> tags;
  for (const std::string& reference : request.references()) {
    ASSIGN_OR_RETURN(const std::vector<std::string> every, batch.tagger().EveryTag(reference));
    tags.insert(every.begin(), every.end());
  }
  for (const Told& one : told) {
    const auto& subjects = one.notice().subjects();
    for (const store::SubjectTag& tag : one.part.part.tags) {
      if (std::find(subjects.begin(), subjects.end(), tag.subject) != subjects.end()) tags.insert(tag.tag);
    }
  }
  return std::vector<std::string>(tags.begin(), tags.end());
}

// Who of a share is the person, and of whom it passes on what `sources` brought; nullopt sources: whatever it holds.
Subjects WhoConcerns(const StoredPart& part, const std::vector<std::string>& tags,
                     const std::optional<std::set<std::string>>& sources) {
  Subjects who;
  for (const store::SubjectTag& tag : part.part.tags) {
    if (std::find(tags.begin(), tags.end(), tag.tag) != tags.end()) who.insert(tag.subject);
  }
  if (!sources.has_value()) return who;
  Subjects passed_on;
  for (const v1::AskedSubject& asked : part.statement.subjects()) {
    for (const v1::OnwardSource& source : asked.onward()) {
      if (who.contains(asked.number()) && sources->contains(source.share_id())) passed_on.insert(asked.number());
    }
  }
  return passed_on;
}

// The shares that the event told to the caller's agency was about; nullopt: the event is its own.
absl::StatusOr<std::optional<std::set<std::string>>> SourcesOf(const v1::NotifyRightsRequest& request,
                                                               const std::string& agency, Batch& batch) {
  if (request.because_event_id().empty()) return std::optional<std::set<std::string>>();
  ASSIGN_OR_RETURN(const std::vector<store::RightsNoticeRow> rows,
                   batch.read().ListRightsNotices(request.because_event_id()));
  std::set<std::string> shares;
  for (const store::RightsNoticeRow& row : rows) {
    if (row.key.recipient_agency == agency) shares.insert(row.key.share_id);
  }
  if (!shares.empty()) return std::optional<std::set<std::string>>(std::move(shares));
  return Refuse(absl::StatusCode::kFailedPrecondition, "EVENT_UNKNOWN", "no such rights event was told to this agency");
}

bool Covers(const std::vector<Told>& told, const StoredPart& part, const Subjects& who) {
  return std::any_of(told.begin(), told.end(), [&](const Told& one) {
    const auto& subjects = one.notice().subjects();
    return one.part.part.key == part.part.key &&
           std::includes(subjects.begin(), subjects.end(), who.begin(), who.end());
  });
}

}  // namespace

absl::StatusOr<std::vector<Told>> FindTold(const CheckedNotices& checked, Batch& batch) {
  std::vector<Told> told;
  Violations violations;
  for (size_t i = 0; i < checked.notices.size(); ++i) {
    const v1::RightsNotice& notice = checked.notices[i].message;
    const std::string field = absl::StrCat("notices[", i, "]");
    ASSIGN_OR_RETURN(std::optional<StoredPart> part,
                     FindGiven({.share_id = notice.share_id(), .recipient_agency = notice.to_agency()},
                               notice.from_agency(), batch));
    violations.Require(part.has_value(), absl::StrCat(field, ".share_id"),
                       "is a share that its recipient was given by the caller's agency, and may still have");
    if (!part.has_value()) continue;
    told.push_back({.checked = &checked.notices[i], .part = *std::move(part)});
    CheckAgainstShare(told.back(), field, violations);
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return told;
}

absl::Status RequireEveryRecipient(const v1::NotifyRightsRequest& request, const std::vector<Told>& told,
                                   Batch& batch) {
  const std::string& sender = told.front().notice().from_agency();
  ASSIGN_OR_RETURN(const std::vector<std::string> tags, TagsOfPerson(request, told, batch));
  ASSIGN_OR_RETURN(const std::optional<std::set<std::string>> sources, SourcesOf(request, sender, batch));
  ASSIGN_OR_RETURN(const std::vector<store::PartKey> keys, batch.read().PartsWithTags(tags));
  std::vector<std::string> left_out;
  for (const store::PartKey& key : keys) {
    ASSIGN_OR_RETURN(const std::optional<StoredPart> part, FindGiven(key, sender, batch));
    if (!part.has_value() || (part->replies() && part->share.existence_sensitive)) continue;
    const Subjects who = WhoConcerns(*part, tags, sources);
    if (Concerned(Held(*part, who), request.categories()).empty() || Covers(told, *part, who)) continue;
    left_out.push_back(absl::StrCat("`", key.share_id, "` to `", key.recipient_agency, "`"));
  }
  if (left_out.empty()) return absl::OkStatus();
  std::sort(left_out.begin(), left_out.end());
  left_out.resize(std::min(left_out.size(), kMostNamed));
  return Refuse(
      absl::StatusCode::kFailedPrecondition, "RECIPIENT_LEFT_OUT",
      absl::StrCat("no notice is about these shares, or not about everybody in them: ", absl::StrJoin(left_out, ", ")));
}

}  // namespace derwent::exchange
