#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agents/connectors/batch.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::connectors {

// How an agency's export becomes referrals: configuration, not code (README.md). Names are checked against the case record
// when it is read, values when it is applied. Immutable, thread-safe.
class Mapping {
 public:
  // The value of a source (a column, a JSON pointer); nullopt: not there. An empty value counts as not given.
  using Lookup = std::function<std::optional<std::string>(const std::string& source)>;

  // Errors: kInvalidArgument naming every member and target that is wrong, at once.
  static absl::StatusOr<Mapping> Parse(absl::string_view json);

  // Makes the referral of one item. Problems are appended; with any, the item must not be used.
  v1::PushReferralRequest Apply(const Lookup& lookup, int64_t row, std::vector<Problem>& problems) const;

  // Where the items of a JSON file are; empty: the file itself is the list, or the one item.
  const std::string& items() const { return items_; }

 private:
  // What one value must look like.
  enum class Rule { kText, kDate, kNhsNumber, kPostcode };
  struct Field {
    std::string from;                           // Source; empty for a constant.
    std::string constant;                       // With `when`.
    std::string when;                           // Source that must be given for a constant to be set.
    std::vector<std::string> to;                // Path in CaseRecord, `name` or `name[index]` each.
    std::map<std::string, std::string> values;  // Source's word to the record's; empty: taken as it is.
    Rule rule = Rule::kText;
  };

  Mapping() = default;
  static std::optional<Rule> RuleNamed(absl::string_view name);

  std::string items_;
  v1::PushReferralRequest fixed_;           // Profile, purpose, board, area, acting person, recipients, the subject's role.
  std::map<std::string, std::string> head_;  // Member of the request to its source: `referral_ref`, `justification`, …
  std::vector<Field> fields_;
  friend class MappingReader;
};

}  // namespace derwent::connectors
