#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/connectors/batch.h"
#include "agents/connectors/rules.h"
#include "derwent/v1/agent.pb.h"

namespace derwent::connectors {

// How an agency's export becomes referrals, or rows of a register: configuration, not code (README.md). Names are
// checked against the case record when it is read, values when it is applied. Immutable, thread-safe.
class Mapping {
 public:
  // The value of a source (a column, a JSON pointer); nullopt: not there. An empty value counts as not given.
  using Lookup = std::function<std::optional<std::string>(const std::string& source)>;

  // Errors: kInvalidArgument naming every member and target that is wrong, at once.
  static absl::StatusOr<Mapping> Parse(absl::string_view json);

  // Adds what one item says to the batch: a referral, a row of a register, or its problems. An item that `only` leaves
  // out adds nothing.
  void Apply(const Lookup& lookup, int64_t row, Batch& batch) const;

  // Marks the person of an item that is bad as a whole; its problem is the caller's to add.
  void Refuse(const Lookup& lookup, int64_t row, Batch& batch) const;

  // The sources that a table must have as columns, whether or not a row gives them: all but those of optional fields.
  std::set<std::string> NeededSources() const;

  // True when its items are people of the agency's own system, false when they are referrals.
  bool is_register() const { return is_register_; }
  // A CSV that is not UTF-8 is Windows-1252; else it is refused.
  bool windows_1252() const { return windows_1252_; }
  // Where the items of a JSON file are; empty: the file itself is the list, or the one item.
  const std::string& items() const { return items_; }
  // Where within an item the list is whose elements are the items; empty: the item itself.
  const std::string& each() const { return each_; }
  // Column by which rows are joined to those of a second CSV; empty: not joined.
  const std::string& join_on() const { return join_on_; }
  // A row without a partner is passed over instead of being a problem.
  bool join_optional() const { return join_optional_; }

 private:
  struct Field {
    std::string from;                           // Source; empty for a constant.
    std::string constant;                       // With `when`.
    std::string when;                           // Source that must be given for a constant to be set.
    std::vector<std::string> to;                // Path in CaseRecord, `name` or `name[index]` each.
    std::map<std::string, std::string> values;  // Source's word to the record's; empty: taken as it is.
    Rule rule = Rule::kText;
    bool needed = false;    // Not given is a problem.
    bool optional = false;  // A table may lack its column.
  };

  // Which items count: those whose source is given or not, or is one of these words.
  struct Only {
    std::string source;
    std::optional<bool> given;
    std::set<std::string> words;
  };

  Mapping() = default;
  bool Wanted(const Lookup& lookup) const;
  void FillHead(const Lookup& lookup, int64_t row, v1::PushReferralRequest& referral,
                std::vector<Problem>& problems) const;
  void FillRecord(const Lookup& lookup, int64_t row, v1::CaseRecord& record, std::vector<Problem>& problems) const;
  static absl::Status FillField(const Field& field, const Lookup& lookup, v1::CaseRecord& record);

  bool is_register_ = false;
  bool windows_1252_ = false;
  std::string items_;
  std::string each_;
  std::string join_on_;
  bool join_optional_ = false;
  v1::PushReferralRequest fixed_;  // Profile, purpose, board, area, acting person, recipients, the subject's role.
  std::map<std::string, std::string>
      head_;                // Member to its source: `referral_ref`, `justification`, …, or `record_ref`.
  std::vector<Only> only_;  // All must hold.
  std::optional<v1::Provenance> provenance_;  // What is common to all facts.
  std::vector<Field> fields_;
  friend class MappingReader;
};

}  // namespace derwent::connectors
