#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"
#include "policy/space/view.h"

namespace derwent::policy {

// Every question that can be asked under a profile on one day, in classes of which the engine sees no difference.
//
// Two facts keep the space finite and small. Names that look alike (view.h) are taken once and counted as often as they
// occur. And what only takes away (a formality missing, a consent refused, a ground not asserted, a flag, an onward
// share, a finer table) is in order in every context: what is denied there is denied without it too. A question that
// varies one of these starts from a context that releases something (properties_test.cc shows that each only takes
// away).
//
// What a written request tells goes the other way than its answer, so that its pairs are classes of their own. Where an
// agreement is in force it is decided as any share between the two is (space_test.cc shows it), and is no context here.
struct Context {
  std::string profile;
  Route route = Route::kOrdinary;
  CaseLink case_link = CaseLink::kAsserted;  // kNone: a push, which needs no case.
  std::string area;                          // The first of `areas`.
  std::string product;
  bool child = false;
  bool says_whom = false;  // What a written request tells whoever must answer it, with no agreement in force.
  const std::vector<Parties>* parties = nullptr;       // Alike; borrowed from the space.
  const std::vector<std::string>* roles = nullptr;     // Alike.
  const std::vector<std::string>* purposes = nullptr;  // Alike.
  const std::vector<std::string>* areas = nullptr;     // Alike.
  std::vector<std::string> open;                       // Categories that some policy does not deny, sorted.

  uint64_t members() const { return areas->size() * parties->size() * roles->size() * purposes->size(); }
};

class Space {
 public:
  // Of one policy, or of several at once: names then look alike only where every policy sees them alike. The policies
  // must outlive the space; agreements count as signed. `profiles`: of these alone; nullopt: of all.
  Space(std::vector<const Policy*> policies, absl::CivilDay day,
        const std::optional<std::set<std::string>>& profiles = std::nullopt);
  Space(const Space&) = delete;
  Space& operator=(const Space&) = delete;
  ~Space() = default;

  // Contexts in which something is released, in the order of profiles.
  const std::vector<Context>& contexts() const { return contexts_; }
  // Questions that the space stands for, one category each, and those put to the engine.
  uint64_t cells() const { return cells_; }
  uint64_t asked() const { return asked_; }
  absl::CivilDay day() const { return day_; }
  const std::vector<const Policy*>& policies() const { return policies_; }

  // The question of a context, all in order, for one of its members.
  DecisionRequest Question(const Context& context, const Parties& parties, const std::string& role,
                           const std::string& purpose) const;
  DecisionRequest Question(const Context& context) const {
    return Question(context, context.parties->front(), context.roles->front(), context.purposes->front());
  }

 private:
  using Classes = std::map<std::string, std::vector<std::string>>;  // View to names.
  using Pairs = std::map<std::string, std::vector<Parties>>;        // View to asker or giver, and receiver.
  struct ProfileClasses {
    Pairs parties;
    Pairs told;  // Between which some written request may say whom it is about.
    Classes roles, purposes, areas;
    std::vector<std::string> products;
    const Pairs& Of(const Context& context) const { return context.says_whom ? told : parties; }
    bool by_organisation = false;  // Some recipient is named as an organisation: its role does not matter then.
    bool by_product = false;
    bool by_age = false;  // Some condition is of a child.
  };

  void Classify(const std::string& id, ProfileClasses& classes) const;
  void Enumerate(const std::string& id, const ProfileClasses& classes);
  void EnumeratePurposes(Context context, const ProfileClasses& classes);
  void EnumerateRoles(Context context, const ProfileClasses& classes);
  void Visit(Context context, const ProfileClasses& classes);
  void Ask(Context context);
  bool Refused(const Context& context, std::initializer_list<ReasonCode> codes) const;
  bool UnderAgreement(const DecisionRequest& question) const;
  void Count(const Context& context, const ProfileClasses& classes, uint64_t alike);
  void CountPairs(const Context& context, const ProfileClasses& classes, uint64_t roles);
  template <typename Of>
  std::string Joint(const std::string& profile, Of view) const;
  template <typename Of>
  bool Any(const std::string& profile, Of view) const;

  const std::vector<const Policy*> policies_;
  const absl::CivilDay day_;
  std::vector<std::string> categories_;
  std::map<std::string, ProfileClasses> classes_;
  std::map<std::string, std::vector<std::string>> grounds_;  // Of each profile.
  std::vector<Context> contexts_;
  uint64_t cells_ = 0;
  uint64_t asked_ = 0;
};

// Decides the categories of one question on a day, agreements taken as signed; empty: the question as a whole is
// refused.
std::vector<CategoryOutcome> DecideOpen(const DecisionRequest& question, const Policy& policy, absl::CivilDay day);

}  // namespace derwent::policy
