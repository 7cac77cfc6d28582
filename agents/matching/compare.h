#pragma once

#include "agents/matching/traits.h"

namespace derwent::matching {

// How well two records' traits agree: the weight of evidence in bits (Fellegi-Sunter with the weights of the Ministry
// of Justice's core person record, formats of the agencies, 8.1), prior included, and the facts that rules ask for.
struct Comparison {
  enum class Birth { kUnknown, kExact, kAlias, kNear, kDiffers };

  double weight = 0;
  int identifiers_agree = 0;
  bool identifiers_conflict = false;  // Of one type both have one, and none in common.
  bool sex_conflicts = false;
  Birth birth = Birth::kUnknown;
  bool full_name = false;     // First and last of some name of each, also swapped.
  bool first_agrees = false;  // Some first name in common, also written another way (SameName).
  bool middle_agrees = false;
  bool first_close = false;      // Some first names differ in a letter or so.
  bool first_conflicts = false;  // Both have first names, and none is like any other.
  bool same_place = false;       // UPRN, postcode, or number and street in common.
  bool same_contact = false;     // Phone or e-mail in common.
  bool generations = false;      // Born over 12 years apart: a parent of the same name.

  // First names that differ may be twins': they share birth date, surname and address. Only an identifier tells, or a
  // middle name in common with first names that are close.
  bool possible_twins = false;
};

// How common values are in the register: an agreement on a rare one says more.
struct Rarity {
  int with_postcode = 1;  // People at the postcode in common.
  double name_share = 0;  // Share of the register's people with the name in common.
};

Comparison Compare(const Traits& a, const Traits& b, const Rarity& rarity);

}  // namespace derwent::matching
