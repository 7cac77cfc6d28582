#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "derwent/v1/assertion.pb.h"
#include "policy/space/space.h"

namespace derwent::policy {

// One member of a context: where, who gives, who receives, in which role and for which purpose.
struct Member {
  const std::string* area;
  const Parties* parties;
  const std::string* role;
  const std::string* purpose;
};

// What `where` and `except` of an assertion select; a stand-in only where `where` names its type. Borrows assertion and
// policy.
class Selection {
 public:
  Selection(const v1::Assertion& assertion, const Policy& policy);

  // Some member of the context for which the category is selected; nullopt: none.
  std::optional<Member> Find(const Context& context, const Category& category);

 private:
  struct Names {
    std::set<std::string> profiles, routes, givers, receivers, roles, areas;
    std::vector<std::string> purposes;
    CategoryPattern categories;
    const v1::Cells* cells;
  };

  Names Read(const v1::Cells& cells) const;
  bool InContext(const Names& names, const Context& context) const;
  static bool OfCategory(const Names& names, const Category& category);
  static bool For(const Names& names, const std::string& purpose);
  bool Excepted(const Member& member, const Context& context, const Category& category) const;
  static bool Between(const Names& names, const Parties& parties);
  const std::vector<const Parties*>& Matching(const std::vector<Parties>& parties);

  const Policy& policy_;
  Names where_;
  std::vector<Names> except_;
  bool by_area_ = false;  // Some area is named.
  std::map<const std::vector<Parties>*, std::vector<const Parties*>> matching_;
};

// One value of each list of facts that `cells` names; one that names none is all in order.
struct Variation {
  std::string flag, subject_role, age, consents, step, missing, exception, onward, table, event;
};
std::vector<Variation> VariationsOf(const v1::Cells& cells);
// Puts the facts into a question that is all in order.
void Vary(const Variation& variation, DecisionRequest& question);

}  // namespace derwent::policy
