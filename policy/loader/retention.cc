#include "policy/loader/retention.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/text_format.h"

namespace derwent::policy {

int LedgerMonths(const v1::Profile& profile) {
  return profile.ledger_months() > 0 ? profile.ledger_months() : kLedgerMonths;
}

Retention RetentionOf(const Files& files, const std::string& profile) {
  const auto file = files.find(absl::StrCat("profiles/", profile, ".txtpb"));
  v1::Profile text;
  if (file == files.end() || !google::protobuf::TextFormat::ParseFromString(file->second, &text)) return {};
  return {.words = text.retention(), .ledger_months = LedgerMonths(text)};
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
