#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agents/matching/traits.h"
#include "derwent/v1/record.pb.h"

namespace derwent::matching {

// Whom a selector is about. Outside the holder `kNone` and `kAmbiguous` are the same: no answer. Who the candidates
// were is never said.
struct Match {
  enum class Outcome { kOne, kNone, kAmbiguous };
  Outcome outcome = Outcome::kNone;
  size_t record = 0;  // Position among the records of the index; only with kOne.
};

// Finds the one person of a register that a selector is about, or nobody. README.md has the rules. A record is looked
// at only when it shares a key with the selector (an identifier; a date of birth; name and postcode), never by a scan.
// Immutable, thread-safe. Holds what it needs of the records, 1 KiB a person or so.
class PersonIndex {
 public:
  // `this_year` reads PNCs with a year of two digits.
  PersonIndex(const std::vector<v1::CaseRecord>& records, int this_year);

  // `record`: what the asker knows, in the shape of one. Never fails: what is malformed counts as missing.
  Match Find(const v1::CaseRecord& record) const;

  size_t size() const { return people_.size(); }

 private:
  using Key = uint64_t;
  // Positions of the people who share a key with the selector, each once; nullopt: too many to look at.
  std::optional<std::vector<uint32_t>> Candidates(const Traits& selector) const;
  std::pair<const std::pair<Key, uint32_t>*, size_t> Block(Key key) const;

  const int this_year_;
  std::vector<Traits> people_;
  std::vector<std::pair<Key, uint32_t>> blocks_;  // Sorted.
  std::unordered_map<std::string, int> at_postcode_;
  std::unordered_map<std::string, int> of_name_;
};

}  // namespace derwent::matching
