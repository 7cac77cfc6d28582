#include "agents/daemon/sending/originators.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "agents/daemon/context/under_restriction.h"
#include "agents/sdk/received.h"
#include "derwent/v1/package.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

bool Stands(const std::string& state) { return state == "RECEIVED" || state == "ACCEPTED" || state == "CLOSED"; }

}  // namespace

absl::Status FindOriginators(State& state, ReferralDraft& draft, std::vector<FieldProblem>& problems) {
  for (DraftSubject& subject : draft.subjects) {
    const std::set<std::string> shares = ReceivedBy(subject.record);
    if (shares.empty()) continue;
    const std::string field = absl::StrCat("subjects[", subject.number - 1, "].record");
    if (shares.size() > 1) {
      problems.push_back({field, "must hold what came by one share only: send what came by another apart"});
      continue;
    }
    ASSIGN_OR_RETURN(const std::optional<InboxRow> received, state.FindReceived(*shares.begin()));
    v1::Manifest manifest;
    if (!received.has_value() || !Stands(received->state) || !manifest.ParseFromString(received->manifest)) {
      problems.push_back({field, "must name by received_share_id a share that was received and still stands"});
      continue;
    }
    std::vector<std::string> categories = ReceivedCategories(subject.record, *shares.begin());
    ASSIGN_OR_RETURN(const UnderRestriction restriction, RestrictionOn(*shares.begin(), state));
    if (std::ranges::any_of(categories, [&](const std::string& one) { return restriction.categories.contains(one); })) {
      problems.push_back({field, "must not hold what its sender put under restriction: it may be stored only"});
      continue;
    }
    subject.received = Received{.share_id = *shares.begin(),
                                .originator = received->sender,
                                .marking = manifest.marking(),
                                .obligations = {manifest.obligations().begin(), manifest.obligations().end()},
                                .categories = ReceivedCategories(subject.record, *shares.begin())};
    ASSIGN_OR_RETURN(const bool stored_only, MayOnlyBeStored(subject, state));
    if (stored_only)
      problems.push_back({field, "must not hold what its sender put under restriction: it may be stored only"});
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> MayOnlyBeStored(const DraftSubject& subject, State& state) {
  if (!subject.received.has_value()) return false;
  ASSIGN_OR_RETURN(const UnderRestriction restriction, RestrictionOn(subject.received->share_id, state));
  return std::ranges::any_of(subject.received->categories,
                             [&](const std::string& category) { return restriction.categories.contains(category); });
}

}  // namespace derwent::agents
