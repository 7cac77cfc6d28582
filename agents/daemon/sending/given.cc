#include "agents/daemon/sending/given.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "agents/daemon/context/known_by.h"
#include "agents/sdk/open.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

GivenRow RowOf(const v1::Manifest& manifest, const DraftSubject& subject) {
  std::set<std::string> categories;
  for (const v1::ManifestUnit& unit : manifest.units()) {
    if (unit.subject() == subject.number) categories.insert(unit.category());
  }
  GivenRow row{.share_id = manifest.share_id(),
               .request_id = "",
               .recipient = manifest.recipient_agency(),
               .subject = subject.number,
               .categories = {categories.begin(), categories.end()},
               .source_share_id = "",
               .onward = {}};
  if (!subject.received.has_value()) return row;
  const std::vector<std::string>& came = subject.received->categories;
  std::ranges::set_intersection(row.categories, came, std::back_inserter(row.onward));
  if (!row.onward.empty()) row.source_share_id = subject.received->share_id;
  return row;
}

}  // namespace

absl::Status KeepGiven(const ReferralDraft& draft, const v1::SubmitReferralRequest& submit,
                       const AgentContext& context) {
  std::vector<GivenRow> rows;
  std::vector<GivenPerson> persons;
  for (const v1::Submission& submission : submit.submissions()) {
    ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(submission.package()));
    for (const DraftSubject& subject : draft.subjects) {
      GivenRow row = RowOf(manifest, subject);
      if (row.categories.empty()) continue;
      for (std::string& digest : KnownBy(subject.record, context))
        persons.push_back({.digest = std::move(digest), .share_id = row.share_id, .subject = row.subject});
      rows.push_back(std::move(row));
    }
  }
  return context.state.KeepGiven(rows, persons);
}

}  // namespace derwent::agents
