#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {

void CompileAgreement(absl::string_view file, const v1::Agreement& text, Policy& policy, Problems& problems) {
  const Words words(file, policy, problems);
  Agreement agreement{.id = text.id(), .revision = text.revision()};
  if (text.revision() < 1) problems.Error(file, "", "revision", "the revision is not at least 1", "number revisions from 1");
  for (const std::string& party : text.parties()) {
    if (words.Organisation(party)) agreement.parties.insert(party);
  }
  for (const std::string& profile : text.profiles()) {
    if (words.Profile(profile)) agreement.profiles.insert(profile);
  }
  for (const std::string& area : text.areas()) {
    if (words.Area(area)) agreement.areas.insert(area);
  }
  agreement.effective = words.Between(text.effective_from(), text.effective_to());
  agreement.apd_review = words.Day(text.apd_review_date(), absl::CivilDay::min());
  const auto require = [&](const std::string& value, absl::string_view what) {
    if (value.empty()) problems.Error(file, "", "agreement-contents", absl::StrCat("no ", what, " is stated"), "state it");
  };
  require(text.effective_from(), "first day");
  require(text.effective_to(), "last day");
  require(text.review_date(), "review date");
  require(text.owner(), "owner");
  require(text.dpia_reference(), "data protection impact assessment");
  require(text.apd_reference(), "appropriate policy document");
  words.Day(text.review_date(), absl::CivilDay::max());
  if (!text.owner().empty()) words.Organisation(text.owner());
  for (const std::string& overlay : text.overlays()) {
    if (absl::EndsWith(overlay, "=deny")) {
      const std::string category = overlay.substr(0, overlay.size() - 5);
      if (words.Category(category)) agreement.overlays.emplace_back(category, std::nullopt);
    } else if (const auto pair = words.CategoryForm(overlay)) {
      if (pair->second == Form::kFull) problems.Error(file, overlay, "overlay-loosens", absl::StrCat("overlay `", overlay, "` does not tighten"), "remove it");
      agreement.overlays.emplace_back(pair->first, pair->second);
    }
  }
  policy.agreements.push_back(std::move(agreement));
}

}  // namespace derwent::policy
