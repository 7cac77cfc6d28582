#include "agents/daemon/sending/originators.h"

#include <optional>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"

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
    subject.received = Received{.share_id = *shares.begin(),
                                .originator = received->sender,
                                .marking = manifest.marking(),
                                .obligations = {manifest.obligations().begin(), manifest.obligations().end()},
                                .categories = ReceivedCategories(subject.record, *shares.begin())};
  }
  return absl::OkStatus();
}

}  // namespace derwent::agents
