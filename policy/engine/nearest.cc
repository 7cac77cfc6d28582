#include "policy/engine/nearest.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>

#include "absl/strings/str_cat.h"

#include "policy/engine/decide.h"

namespace derwent::policy {
namespace {

using Changes = std::vector<Change>;

template <typename Map>
const typename Map::mapped_type* Find(const Map& map, const std::string& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

void Make(const Change& change, DecisionRequest& q) {
  const auto& [field, value] = change;
  if (field == "grounds") q.grounds.push_back(value);
  if (field == "caseLink") q.case_link = CaseLink::kAsserted;
  if (field == "justification") q.justification = true;
  if (field == "documentReference") q.document_reference = value;
  if (field == "product") q.product = value;
  if (field == "purpose") q.purpose = value;
  if (field == "receivingRole") q.receiving_role = value;
  if (field == "categories") q.categories = {value};
  if (field == "route") q.route.reset();
  if (field == "onward") q.onward.reset();
}

// What would answer one reason of a refusal; nullopt: nothing that the asker can add.
std::optional<Change> Completing(ReasonCode code, const DecisionRequest& q, const std::string& category) {
  switch (code) {
    case ReasonCode::kGroundNotAsserted:
      return Change{.field = "grounds", .value = absl::StrCat(q.profile, ".", category)};
    case ReasonCode::kCaseLinkRequired:
      return Change{.field = "caseLink", .value = "ASSERTED"};
    case ReasonCode::kJustificationRequired:
      return Change{.field = "justification", .value = "true"};
    case ReasonCode::kDocumentRequired:
      return Change{.field = "documentReference", .value = "the written request"};
    case ReasonCode::kOnwardNotPermitted:
    case ReasonCode::kOriginatorRefused:
      return Change{.field = "onward", .value = ""};
    case ReasonCode::kBreakGlassNotEntitled:
      return Change{.field = "route", .value = ""};
    default:
      return std::nullopt;
  }
}

// The search for one category.
class Search {
 public:
  Search(const DecisionRequest& request, std::string category, size_t most_tries, const Snapshot& snapshot,
         absl::Time now)
      : q_(request),
        category_(std::move(category)),
        most_tries_(most_tries),
        snapshot_(snapshot),
        policy_(*snapshot.policy),
        now_(now) {}

  std::vector<Alternative> Run() {
    const Purpose* const purpose = Find(policy_.purposes, q_.purpose);
    const Profile* const profile = Find(policy_.profiles, q_.profile);
    if (profile == nullptr || purpose == nullptr || purpose->excluded) return {};
    AsAsked(*profile);
    if (found_.empty()) OtherPurposes(*profile, {});
    if (found_.empty() && category_ != "aggregate") Aggregate(*profile);
    if (found_.empty()) OtherRoles(*profile);
    std::stable_sort(found_.begin(), found_.end(), Nearer);
    if (found_.size() > kMostAlternatives) found_.resize(kMostAlternatives);
    return std::move(found_);
  }
  size_t tries() const { return tries_; }

 private:
  static bool Nearer(const Alternative& a, const Alternative& b) {
    const auto rank = [](const Alternative& next) {
      return std::make_tuple(next.changes.size(), next.outcome.approvers.size(), next.outcome.form);
    };
    return rank(a) < rank(b);
  }

  // What the changed question is answered. Of the other categories asked only those matter for which a note is needed.
  CategoryOutcome Ask(const Changes& changes) {
    ++tries_;
    DecisionRequest changed = With(q_, changes);
    if (changed.categories.size() > 1) {
      std::erase_if(changed.categories, [&](const std::string& id) {
        const Category* const category = policy_.FindCategory(id);
        return id == category_ || changed.justification || (category != nullptr && category->harm < 4);
      });
      changed.categories.resize(std::min<size_t>(changed.categories.size(), 1));
      changed.categories.insert(changed.categories.begin(), category_);
    }
    return Decide(changed, snapshot_, now_).categories.front();
  }

  // Adds what the question lacks to `changes` until it is not refused any more, or nothing can be added.
  void Try(Changes changes) {
    if (tries_ >= most_tries_) return;
    CategoryOutcome outcome = Ask(changes);
    while (outcome.denied) {
      if (tries_ >= most_tries_) return;
      const size_t before = changes.size();
      const DecisionRequest changed = With(q_, changes);
      for (const Reason& reason : outcome.reasons) {
        std::optional<Change> next =
            Completing(reason.code, changed, changed.categories.size() == 1 ? changed.categories.front() : category_);
        if (next.has_value() && std::find(changes.begin(), changes.end(), *next) == changes.end())
          changes.push_back(*std::move(next));
      }
      if (changes.size() == before) return;
      outcome = Ask(changes);
    }
    found_.push_back({.category = category_, .changes = std::move(changes), .outcome = std::move(outcome)});
  }

  void AsAsked(const Profile& profile) {
    Try({});
    if (!found_.empty()) return;
    for (const auto& [product, allowed] : profile.products) {
      if (product != q_.product) Try({{.field = "product", .value = product}});
    }
  }

  // Of a purpose that the profile refuses by name the profile offers no other.
  void OtherPurposes(const Profile& profile, const Changes& first) {
    if (profile.denied_purposes.contains(q_.purpose)) return;
    for (const std::string& purpose : profile.purposes) {
      Changes changes = first;
      if (purpose != q_.purpose) changes.push_back({.field = "purpose", .value = purpose});
      if (!changes.empty()) Try(std::move(changes));
    }
  }

  void Aggregate(const Profile& profile) {
    const Change instead{.field = "categories", .value = "aggregate"};
    Try({instead});
    if (found_.empty()) OtherPurposes(profile, {instead});
  }

  void OtherRoles(const Profile& profile) {
    for (const auto& [role, scope] : profile.receivers) {
      if (role != q_.receiving_role) Try({{.field = "receivingRole", .value = role}});
    }
  }

  const DecisionRequest& q_;
  const std::string category_;
  const size_t most_tries_;
  const Snapshot& snapshot_;
  const Policy& policy_;
  const absl::Time now_;
  size_t tries_ = 0;
  std::vector<Alternative> found_;
};

}  // namespace

DecisionRequest With(DecisionRequest request, const std::vector<Change>& changes) {
  for (const Change& change : changes) Make(change, request);
  return request;
}

DecisionRequest WithoutFacts(DecisionRequest request) {
  request.facts.reset();
  return request;
}

std::vector<Alternative> Nearest(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) {
  std::vector<Alternative> all;
  std::set<std::string> seen;
  size_t left = kMostTriesInAll;
  for (const CategoryOutcome& outcome : Decide(request, snapshot, now).categories) {
    if (!outcome.denied || !seen.insert(outcome.category).second) continue;
    Search search(request, outcome.category, std::min(kMostTries, left), snapshot, now);
    for (Alternative& next : search.Run()) all.push_back(std::move(next));
    left -= std::min(left, search.tries());
  }
  return all;
}

}  // namespace derwent::policy
