#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

#include "derwent/v1/ledger.pb.h"

namespace derwent::cli {

// `key=value` pairs with a space between, as a ledger field holds them. A word without `=` is left out.
std::map<std::string, std::string> ParsePairs(absl::string_view value);

// A ledger entry as a person reads it. Fields the caller may not open are empty.
class EntryView {
 public:
  explicit EntryView(const v1::LedgerEntry& entry);

  // What a field holds, empty when it is not opened: `time`, `releasing_agency`, …
  const std::string& Field(absl::string_view name) const;
  // One pair of a field of pairs, for instance ("outcome", "reasons").
  std::string Pair(absl::string_view field, absl::string_view key) const;
  std::string Time() const;

  // What happened and why, one sentence each: who, about whom, what for, what was decided for each category and why, on
  // which gateways, bases, regimes, conditions and agreement. Says only what the entry says.
  std::vector<std::string> Sentences() const;

 private:
  std::vector<std::string> Decision() const;
  std::vector<std::string> Law() const;

  uint64_t index_;
  std::map<std::string, std::string, std::less<>> fields_;
};

}  // namespace derwent::cli
