#pragma once

#include <set>
#include <string>

#include "policy/engine/decision.h"
#include "policy/engine/model.h"

namespace derwent::cli {

// Which rules of a policy decided something in the worked decisions, and which conditions were seen both ways. A rule
// is one line a reviewer reads: a purpose, sender, scope, category, ceiling, product, gateway, flag or overlay. A
// condition is a side of it: the ground asserted and not, the consent given and not, somebody beyond the list refused.
class Coverage {
 public:
  explicit Coverage(const policy::Policy& policy);

  // Counts what decided one question.
  void See(const policy::DecisionRequest& question, const policy::Decision& decision);

  struct Tally {
    std::set<std::string> all, seen;
    std::set<std::string> unseen() const;
    int percent() const { return all.empty() ? 100 : static_cast<int>(100 * seen.size() / all.size()); }
  };
  const Tally& rules() const { return rules_; }
  const Tally& conditions() const { return conditions_; }

 private:
  void List(const policy::Profile& profile);
  void SeeCategory(const policy::DecisionRequest& question, const policy::Profile& profile,
                   const policy::CategoryOutcome& outcome);
  void SeeReleased(const policy::DecisionRequest& question, const policy::Profile& profile,
                   const policy::CategoryOutcome& outcome);
  void SeeFlags(const policy::DecisionRequest& question, const policy::Profile& profile);
  void SeeConsents(const policy::DecisionRequest& question, const policy::Decision& decision);

  // Only what is a rule of the policy is seen; reasons have places of their own too.
  static void Hit(Tally& tally, const std::string& what) {
    if (tally.all.contains(what)) tally.seen.insert(what);
  }

  const policy::Policy& policy_;
  Tally rules_, conditions_;
};

}  // namespace derwent::cli
