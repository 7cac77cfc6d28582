#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/sdk/project.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/record.pb.h"
#include "policy/engine/decision.h"
#include "policy/engine/model.h"
#include "policy/engine/request.h"
#include "trust/base/digest.h"
#include "trust/secret/random.h"

namespace derwent::agents {

// A case-data request as its holder verified and opened it.
struct Inquiry {
  v1::Manifest selector;
  std::string justification;
};

// The engine's question of a request: may its recipient release what is asked to its sender? Without facts: the
// broker's own. A case that is named counts as verified: the broker did.
policy::DecisionRequest AskedBy(const v1::Manifest& selector);

// Why a category is withheld that would be released: its unit would be over its size, or more than its label or an
// enactment's field set says.
inline constexpr char kNotSendable[] = "NOT_SENDABLE";

// What is decided for one category asked.
struct AnswerLine {
  std::string category;
  std::string asked_form;   // In which the asker's side alone may have it; empty: not at all.
  std::string form;         // In which it is released once all agreed; empty: withheld.
  v1::UnitContent content;  // Of that form; without content when withheld.
  std::set<std::string> approvers;
  // Deciding first; beside the policy's `NO_RECORD`, `NOT_HELD`, `SUMMARY_MISSING` and kNotSendable.
  std::vector<std::string> reasons;
  std::vector<std::string> rules;  // In the order of the reasons.
  std::string next_step;
};

// What the holder decides about a request.
struct AnswerDecision {
  std::vector<AnswerLine> lines;      // One a category asked, in the order asked.
  policy::Decision asker_side;        // Without facts: the same whatever is held here.
  std::set<std::string> obligations;  // With the facts' own.
  std::string marking;
  std::vector<std::string> excluded_persons, only_persons;
  Sha256Digest commitment;
};

// Decides with the facts of `record`; null: nobody matched. A record that the asking person may not see counts as none.
// Error: kInternal a unit does not project.
absl::StatusOr<AnswerDecision> DecideAnswer(const Inquiry& inquiry, const v1::CaseRecord* record,
                                            const policy::Snapshot& snapshot, absl::Time now,
                                            const HolderContact& contact, trust::Random& random);

// Withholds whatever would be released: the holder's own officer restricted the person. `decision` was made without the
// record, so that where existence is secret nothing tells a veto from nobody.
void Veto(AnswerDecision& decision);
// Nothing may be answered, whatever was decided, for this reason.
void WithholdAll(AnswerDecision& decision, absl::string_view reason);

// Whether a limited-access record may be seen by a person: on its list, where there is one, and not excluded.
bool MaySee(const v1::CaseRecord& record, const std::string& person);

// Errors: kInvalidArgument why an answer or supplement is not one to this request: other parties, purpose or grounds, a
// category that was not asked, or in an existence-sensitive answer anything but the asked set in the fixed sizes.
absl::Status CheckAnswer(const v1::Manifest& answer, const v1::Manifest& selector, const policy::Snapshot& snapshot,
                         absl::Time now);

}  // namespace derwent::agents
