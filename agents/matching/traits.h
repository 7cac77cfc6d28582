#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "derwent/v1/record.pb.h"

namespace derwent::matching {

// A surname, or the given names of one name together, with more octets is no name: comparing would cost more than it
// tells.
inline constexpr size_t kMaxNameOctets = 100;

// One name somebody goes or went by, folded (names.h).
struct PersonName {
  std::string first;
  std::string middle;
  std::string last;
};

// Where somebody lives or lived. `door` is the address up to the first word of the street, `FLAT 3 QUILLFEATHER`; any
// part may be empty.
struct PersonPlace {
  std::string uprn;
  std::string postcode;
  std::string door;
};

// What one record says that a person can be told by. Everything is canonical; what is malformed, a placeholder or
// marked as failed is missing.
struct Traits {
  std::vector<std::pair<v1::IdentifierType, std::string>> identifiers;  // Sorted, each once.
  std::vector<PersonName> names;
  std::string birth_date;             // The record's own; empty: not known.
  std::set<std::string> birth_dates;  // All of them, aliases' too.
  v1::Sex sex = v1::SEX_UNSPECIFIED;  // Female or male; else not known.
  std::vector<PersonPlace> places;    // None that is protected.
  std::set<std::string> contacts;     // Phones and e-mail addresses.
};

// Reads a record, one of a register or one made of what an asker knows. `this_year` reads short PNCs.
Traits TraitsOf(const v1::CaseRecord& record, int this_year);

}  // namespace derwent::matching
