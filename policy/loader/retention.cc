#include "policy/loader/retention.h"

#include "absl/strings/match.h"
#include "google/protobuf/text_format.h"

namespace derwent::policy {

int LedgerMonths(const v1::Profile& profile) {
  return profile.ledger_months() > 0 ? profile.ledger_months() : kLedgerMonths;
}

std::map<std::string, int> LedgerMonths(const Files& files) {
  std::map<std::string, int> months;
  for (const auto& [path, text] : files) {
    v1::Profile profile;
    if (!absl::StartsWith(path, "profiles/") || !google::protobuf::TextFormat::ParseFromString(text, &profile))
      continue;
    months[profile.id()] = LedgerMonths(profile);
  }
  return months;
}

}  // namespace derwent::policy
