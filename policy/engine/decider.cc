#include <algorithm>
#include <array>
#include <utility>

#include "policy/engine/decide.h"
#include "policy/engine/index.h"
#include "trust/base/london.h"

namespace derwent::policy {
namespace {

class Linear : public Decider {
 public:
  Decision Decide(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) const override {
    return policy::Decide(request, snapshot, now);
  }
  absl::string_view engine() const override { return "linear"; }
};

class Indexed : public Decider {
 public:
  explicit Indexed(Index index) : index_(std::move(index)) {}

  Decision Decide(const DecisionRequest& request, const Snapshot& snapshot, absl::Time now) const override {
    std::array<Verdict, Interned::kMost> verdicts;
    const Interned question = index_.Intern(request);
    index_.Decide(question, snapshot, LondonDay(now), verdicts);
    Decision decision = policy::Decide(request, snapshot, now);
    for (size_t i = 0; i < decision.categories.size(); ++i) {
      // Of more categories than the index takes the rest are not decided alike.
      if (i >= question.count || !Same(verdicts[i], decision.categories[i])) Differ(decision.categories[i]);
    }
    return decision;
  }
  absl::string_view engine() const override { return "index"; }

 private:
  bool Same(const Verdict& verdict, const CategoryOutcome& outcome) const {
    if (verdict.denied || outcome.denied) return verdict.denied == outcome.denied;
    if (verdict.form != outcome.form) return false;
    const std::vector<std::string> roles = index_.RolesOf(verdict.approvers);
    return roles.size() == outcome.approvers.size() &&
           std::all_of(roles.begin(), roles.end(),
                       [&](const std::string& role) { return outcome.approvers.contains(role); });
  }

  static void Differ(CategoryOutcome& outcome) {
    outcome.denied = true;
    outcome.approvers.clear();
    outcome.reasons.push_back({.code = ReasonCode::kEnginesDiffer, .rule = "engine"});
    std::sort(outcome.reasons.begin(), outcome.reasons.end());
  }

  const Index index_;
};

}  // namespace

std::unique_ptr<const Decider> LinearDecider() { return std::make_unique<Linear>(); }

std::unique_ptr<const Decider> IndexedDecider(const Policy& policy) {
  absl::StatusOr<Index> index = Index::Of(policy);
  if (!index.ok()) return LinearDecider();
  return std::make_unique<Indexed>(*std::move(index));
}

}  // namespace derwent::policy
