#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

#include "broker/store/rows.h"
#include "trust/entry/opening.h"

namespace derwent::ledger {

// What somebody is to one entry; several at once are possible. As a set of bits.
enum class Viewer : uint8_t {
  kNone = 0,
  kReleasing = 1,  // of the agency that releases
  kReceiving = 2,  // of the agency that receives
  kSupplier = 4,   // of the agency that supplied the subject's references
  kAuditor = 8,    // an auditor of the consortium
  kHolder = 16,    // of the agency that holds the record and decided on it
  // A party's participant key (broker/witness): what it holds against what the agency knows itself. Nobody looks with
  // it, so it opens nothing that names a person.
  kParticipant = 32,
};
constexpr Viewer operator|(Viewer a, Viewer b) {
  return static_cast<Viewer>(static_cast<uint8_t>(a) | static_cast<uint8_t>(b));
}
constexpr bool Has(Viewer set, Viewer one) { return (static_cast<uint8_t>(set) & static_cast<uint8_t>(one)) != 0; }

// The fields `viewer` may open: the table of FORMAT.md. Any doubt denies.
trust::FieldSet Openable(Viewer viewer);

// What `agency` is to an entry. The releasing side holds the record; who supplied the references, the entry says
// itself.
Viewer ViewerOf(const store::EntryColumns& columns, absl::string_view agency);

}  // namespace derwent::ledger
