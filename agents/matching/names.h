#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace derwent::matching {

// A name to compare by: capitals A to Z and single spaces; accents are dropped, apostrophes too, a hyphen is a space,
// `MC X` is `MCX`. Letters beyond Latin stay as they are.
std::string FoldName(absl::string_view name);

// Jaro-Winkler likeness, 0 to 1, of two folded names (prefix 4, weight 0.1).
double Likeness(absl::string_view a, absl::string_view b);

// One name written in another way that nobody else at the same address would be called by: letters doubled, two
// neighbours before the last letter swapped, or a short form of one name only (`ROB`). A beginning in common is not
// enough: Daniel and Danielle, Christian and Christina may be twins, and `SAM` is either of two.
bool SameName(absl::string_view a, absl::string_view b);

// American Soundex of a folded name, four characters; empty for an empty one.
std::string Soundex(absl::string_view name);

}  // namespace derwent::matching
