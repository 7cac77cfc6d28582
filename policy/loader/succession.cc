#include "policy/loader/succession.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "trust/base/london.h"

namespace derwent::policy {
namespace {

const Agreement* Find(const Policy& policy, const std::string& id) {
  const auto found = std::find_if(policy.agreements.begin(), policy.agreements.end(),
                                  [&](const Agreement& agreement) { return agreement.id == id; });
  return found == policy.agreements.end() ? nullptr : &*found;
}

bool Honours(const Agreement& agreement, const Notice& notice) {
  return std::any_of(agreement.notices.begin(), agreement.notices.end(),
                     [&](const Notice& other) { return other.removes == notice.removes && other.from <= notice.from; });
}

bool Waited(const Agreement* before, const std::string& party) {
  return before != nullptr && before->parties.contains(party) && !before->signed_by.contains(party);
}

}  // namespace

std::vector<std::string> StrippedNotices(const Policy& before, const Policy& after) {
  std::vector<std::string> stripped;
  for (const Agreement& agreement : before.agreements) {
    const Agreement* const next = Find(after, agreement.id);
    if (next == nullptr) continue;
    for (const Notice& notice : agreement.notices) {
      if (next->revision > notice.revision || Honours(*next, notice)) continue;
      stripped.push_back(
          absl::StrCat("agreement `", agreement.id, "`: the notice from ", FormatDay(notice.from), " on",
                       notice.removes.empty() ? "" : absl::StrCat(", which removes `", notice.removes, "`,"),
                       " is gone; only a new revision of the agreement ends it"));
    }
  }
  return stripped;
}

std::vector<std::string> MissingSignatures(const Policy& before, const Policy& after, absl::CivilDay day,
                                           const std::map<std::string, std::set<std::string>>& signatories) {
  std::vector<std::string> missing;
  for (const Agreement& agreement : after.agreements) {
    if (agreement.effective.last < day) continue;
    const Agreement* const was = Find(before, agreement.id);
    for (const std::string& party : agreement.parties) {
      if (!agreement.signed_by.contains(party) && !Waited(was, party) && signatories.contains(party))
        missing.push_back(absl::StrCat("agreement `", agreement.id, "`, revision ", agreement.revision,
                                       ", is not signed by `", party, "`"));
    }
  }
  return missing;
}

}  // namespace derwent::policy
