#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace derwent::policy {

// Whether a change of a text loosens how data is handled, tightens it, or does neither.
enum class Weight { kChanged, kTighter, kLooser };
absl::string_view WeightName(Weight weight);  // `changed`, `tighter`, `looser`.

// How changes of one field of the policy's text are weighed.
enum class Weighing {
  kEveryChangeLoosens,  // It matters to who gives, and cannot be weighed. Of every field that weight.cc does not name.
  kMoreLoosens,         // A member more, a greater number, a yes; the opposite tightens.
  kLessLoosens,         // The opposite.
  kLessStrictLoosens,   // A marking.
  kDecided,             // Decisions rest on it: what it changes is among the releases, and it says nothing else.
  kSaidOnly,            // Words and dates for people.
};
Weighing WeighingOf(const google::protobuf::FieldDescriptor& field);
// What the field is about, where its name does not say it; may be empty.
absl::string_view MeaningOf(const google::protobuf::FieldDescriptor& field);
// Whether the order of its values says something.
bool IsOrdered(const google::protobuf::FieldDescriptor& field);

// A value that is more (or there now), or less (or gone).
Weight Weigh(Weighing weighing, bool more);
// `markings`: least strict first; one that is not there is not known to be strict.
Weight WeighMarking(const std::string& was, const std::string& now, const std::vector<std::string>& markings);

}  // namespace derwent::policy
