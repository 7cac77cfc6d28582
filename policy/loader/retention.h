#pragma once

#include <map>
#include <string>

#include "derwent/v1/profile.pb.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// How long an entry keeps its fields in the ledger where no profile says otherwise: seven years (domain brief, C).
inline constexpr int kLedgerMonths = 84;

int LedgerMonths(const v1::Profile& profile);
// How long what a profile releases is kept.
struct Retention {
  std::string words;  // At the holder, as the profile says it.
  int ledger_months = kLedgerMonths;
};
// Of one profile of a bundle that was compiled.
Retention RetentionOf(const Files& files, const std::string& profile);

// Of every profile of a bundle that was compiled, by profile id.
std::map<std::string, int> LedgerMonths(const Files& files);

}  // namespace derwent::policy
