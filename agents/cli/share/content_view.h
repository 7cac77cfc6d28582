#pragma once

#include <string>
#include <vector>

#include "derwent/v1/record.pb.h"

namespace derwent::cli {

// One fact of an opened unit as a person reads it, and where it comes from.
struct FactLine {
  std::string text;        // `given names Maren Isolde; surname Oakshott`
  std::string provenance;  // `fact, rms (police), 2026-11-20`; `DISPUTED` first when it is.
};

// The facts of a unit in order; for a summary, an owner's contact, a relay route or the neutral text one line without
// provenance. Field names and enum values are those of the contract, in words.
std::vector<FactLine> FactLines(const v1::UnitContent& content);

}  // namespace derwent::cli
