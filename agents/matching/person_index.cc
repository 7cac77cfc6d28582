#include "agents/matching/person_index.h"

#include <algorithm>
#include <functional>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"

#include "agents/matching/compare.h"
#include "agents/matching/names.h"

namespace derwent::matching {
namespace {

constexpr double kJoin = 20;            // Evidence that joins.
constexpr double kDoubt = 14;           // Evidence that leaves it open.
constexpr double kLead = 6;             // How far the next one must lie behind.
constexpr size_t kLargestBlock = 1000;  // A key more people share tells nobody apart.
constexpr size_t kMostCandidates = 5000;
constexpr int kLargeRegister = 10'000;  // Below, how often a name occurs says nothing of how common it is.

std::string FullName(const PersonName& name) { return absl::StrCat(name.first, "|", name.last); }

// The keys by which a person is found. A narrower key goes with each that many may share.
std::vector<uint64_t> KeysOf(const Traits& traits) {
  std::vector<uint64_t> keys;
  const auto add = [&](absl::string_view kind, absl::string_view one, absl::string_view two = "",
                       absl::string_view three = "") { keys.push_back(absl::HashOf(kind, one, two, three)); };
  for (const auto& [type, value] : traits.identifiers) add("id", absl::StrCat(type), value);
  for (const std::string& born : traits.birth_dates) {
    add("born", born);
    for (const PersonName& name : traits.names) {
      if (!name.last.empty()) add("born+last", born, Soundex(name.last));
      if (!name.first.empty()) add("born+first", born, name.first);
    }
    for (const PersonPlace& place : traits.places) add("born+place", born, place.postcode);
  }
  for (const PersonName& name : traits.names) {
    for (const PersonPlace& place : traits.places) add("name+place", name.first, name.last, place.postcode);
  }
  std::ranges::sort(keys);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

// Nobody has so many: names and dates put together to hit somebody.
bool IsFishing(const Traits& selector) {
  return selector.birth_dates.size() > 3 || selector.names.size() > 8 || selector.places.size() > 8 ||
         selector.contacts.size() > 8 || selector.identifiers.size() > 16;
}

// Whether what two records share is enough to say that they are about one person. Twins have birth date, surname and
// address in common, father and son the name and address.
bool Joins(const Comparison& found) {
  if (found.identifiers_conflict || found.sex_conflicts || found.generations) return false;
  const bool born = found.birth == Comparison::Birth::kExact || found.birth == Comparison::Birth::kAlias;
  const bool near = found.birth == Comparison::Birth::kNear;
  if (found.identifiers_agree >= 2) return !found.first_conflicts;
  if (found.identifiers_agree == 1) {
    if (found.first_conflicts || found.birth == Comparison::Birth::kDiffers) return false;
    return born || ((near || found.birth == Comparison::Birth::kUnknown) && found.full_name);
  }
  if (found.possible_twins || found.weight < kJoin) return false;
  if (born) return found.same_place || found.same_contact || found.middle_agrees;
  return near && found.full_name && found.same_place;
}

}  // namespace

PersonIndex::PersonIndex(const std::vector<v1::CaseRecord>& records, int this_year) : this_year_(this_year) {
  people_.reserve(records.size());
  for (const v1::CaseRecord& record : records) {
    const auto position = static_cast<uint32_t>(people_.size());
    const Traits& person = people_.emplace_back(TraitsOf(record, this_year));
    for (const Key key : KeysOf(person)) blocks_.emplace_back(key, position);
    for (const PersonPlace& place : person.places) ++at_postcode_[place.postcode];
    for (const PersonName& name : person.names) ++of_name_[FullName(name)];
  }
  std::ranges::sort(blocks_);
}

std::pair<const std::pair<PersonIndex::Key, uint32_t>*, size_t> PersonIndex::Block(Key key) const {
  const auto begin = std::ranges::lower_bound(blocks_, std::pair<Key, uint32_t>(key, 0));
  auto end = begin;
  while (end != blocks_.end() && end->first == key && static_cast<size_t>(end - begin) <= kLargestBlock) ++end;
  return {blocks_.data() + (begin - blocks_.begin()), static_cast<size_t>(end - begin)};
}

std::optional<std::vector<uint32_t>> PersonIndex::Candidates(const Traits& selector) const {
  std::vector<uint32_t> found;
  for (const Key key : KeysOf(selector)) {
    const auto [first, size] = Block(key);
    if (size > kLargestBlock) continue;
    for (size_t i = 0; i < size; ++i) found.push_back(first[i].second);
    if (found.size() > kMostCandidates) return std::nullopt;
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Match PersonIndex::Find(const v1::CaseRecord& record) const {
  const Traits selector = TraitsOf(record, this_year_);
  if (IsFishing(selector)) return {};
  const std::optional<std::vector<uint32_t>> candidates = Candidates(selector);
  if (!candidates.has_value()) return {.outcome = Match::Outcome::kAmbiguous};
  Rarity rarity;
  for (const PersonPlace& place : selector.places) {
    if (const auto found = at_postcode_.find(place.postcode); found != at_postcode_.end())
      rarity.with_postcode = std::max(rarity.with_postcode, found->second);
  }
  for (const PersonName& name : selector.names) {
    const auto found = of_name_.find(FullName(name));
    if (found == of_name_.end() || people_.size() < kLargeRegister) continue;
    rarity.name_share = std::max(rarity.name_share, (found->second - 1) / static_cast<double>(people_.size()));
  }
  std::optional<uint32_t> best;
  double best_weight = 0;
  bool best_joins = false;
  double next_weight = -100;
  for (const uint32_t position : *candidates) {
    const Comparison found = Compare(selector, people_[position], rarity);
    if (best.has_value() && found.weight <= best_weight) {
      next_weight = std::max(next_weight, found.weight);
      continue;
    }
    if (best.has_value()) next_weight = best_weight;
    best = position;
    best_weight = found.weight;
    best_joins = Joins(found);
  }
  if (best_joins && best_weight - next_weight >= kLead) return {.outcome = Match::Outcome::kOne, .record = *best};
  return {.outcome = best.has_value() && best_weight >= kDoubt ? Match::Outcome::kAmbiguous : Match::Outcome::kNone};
}

}  // namespace derwent::matching
