#pragma once

#include <string>
#include <vector>

#include "absl/time/civil_time.h"

#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// One question under evaluation: its names resolved, and what holds for every category of it.
struct Evaluation {
  const DecisionRequest& request;
  const Snapshot& snapshot;
  const Policy& policy;
  absl::CivilDay day;
  const Profile* profile = nullptr;
  const Purpose* purpose = nullptr;
  const Organisation* holder = nullptr;
  const Organisation* receiver = nullptr;
  const OrganisationType* holder_type = nullptr;
  const OrganisationType* receiver_type = nullptr;
  std::vector<const Agreement*>
      agreements;  // In force between the two, each with its overlays; none inside one agency.
  Route route = Route::kOrdinary;
  ReceiverScope scope;  // What the recipient may have at most.
  bool scope_found = false;
  bool by_product = false;
  std::vector<Reason> refusals;  // Each denies every category.
  std::set<std::string> open;    // Each stays open for every category.

  // Decided by the profile's matrix, with consents (step 8): not break-glass, rights events and audits (domain decision
  // 20).
  bool matrix_route() const {
    return route == Route::kOrdinary || route == Route::kStatistics || route == Route::kStatutoryRequest;
  }
  // Rests on what the law compels by a document, in place of an agreement: where one is in force every gateway counts
  // that counts for any share between the two (domain decision 30).
  bool compelled() const { return route == Route::kStatutoryRequest && agreements.empty(); }
  // What says whom it is about goes the other way than the answer that is compelled.
  bool says_whom() const { return compelled() && request.says_whom; }
  // The side that answers, and what it is.
  const Organisation* answerer() const { return says_whom() ? receiver : holder; }
  bool inside_route() const { return route == Route::kRightsEvent || route == Route::kAudit; }
  std::string Rule(absl::string_view place) const;
};

// Resolves names, scope and route (domain brief H, steps 0 to 1).
void Resolve(Evaluation& evaluation);
// Checks what concerns the whole request: steps 0 to 3, 5, 5b and 8.
void CheckRequest(Evaluation& evaluation);
// Decides one category: steps 4, 6 and 7.
CategoryOutcome DecideCategory(const Evaluation& evaluation, const std::string& id);
// Whether a share hangs on the step of consent.
bool Binds(const ConsentStep& step, const DecisionRequest& request);
// Whether whoever's consent the step takes gave it and nobody withdrew. Who is not known to be adult may be a child, so
// that both must give.
bool Consented(const ConsentStep& step, const SubjectFacts& facts);
// Whether `type` acts under Part 3 DPA 2018: by organisation, purpose and, where the purpose is of mixed regime,
// profile; never by organisation alone (domain brief C.8).
bool UnderPart3(const Profile& profile, const OrganisationType& type, const Purpose* purpose);
// Whether one side acts under Part 3 and the other under UK GDPR.
bool RegimesDiffer(const Evaluation& evaluation);
// The gateways that carry `category` in `form` between these parties.
std::vector<std::string> GatewaysFor(const Evaluation& evaluation, const Category& category, Form form);

}  // namespace derwent::policy
