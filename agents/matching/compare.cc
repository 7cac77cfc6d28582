#include "agents/matching/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "agents/matching/names.h"

namespace derwent::matching {
namespace {

constexpr double kPrior = -21.8;     // Two people drawn at random are the same one.
constexpr double kNameExact = 17.1;  // Falls with how common the name is.
constexpr double kNameExactChance = 6.44e-6;
constexpr double kNameSwapped = 14.0;
constexpr double kNameOneLike =
    13.0;  // One exact, the other like it: in 6.5 of 100 true pairs, by chance 6e-6 (public sets).
constexpr double kNameFirstDistant = 6.5;
constexpr double kNameLike = 7.3;
constexpr double kNameDistant = 3.3;
constexpr double kNameLastOnly = 2.8;
constexpr double kNameDiffers = -7.9;
constexpr double kLike = 0.9;
constexpr double kDistant = 0.7;

constexpr double kBirthExact = 13.9;
constexpr double kBirthAlias = 9.7;
constexpr double kBirthNear = 3.3;
constexpr double kBirthWithinFiveYears = -4.4;
constexpr double kBirthDiffers = -8.6;
constexpr int kGeneration = 12;  // Years.

constexpr double kPlaceRare = 15.1;
constexpr double kPlaceMiddling = 12.0;
constexpr double kPlaceCommon = 7.1;
constexpr double kPlaceOutward = 5.3;
constexpr double kPlaceDiffers = -2.3;
constexpr double kDoor = 3.9;        // One household of about fifteen at a postcode.
constexpr double kDoorAlone = 12.0;  // Number and street without the postcode: there are more streets of the name.
constexpr int kRarePostcode = 30;
constexpr int kMiddlingPostcode = 300;

constexpr double kMiddleExact = 6.2;
constexpr double kMiddleLike = 3.6;
constexpr double kMiddleDiffers = -4.6;
constexpr double kContact = 12.0;  // Shared within a household: less than an own number would say.
constexpr double kSexDiffers = -5.0;
constexpr double kIdentifier = 21.6;
constexpr double kIdentifierDiffers = -10.0;

void CompareIdentifiers(const Traits& a, const Traits& b, Comparison& result) {
  for (const auto& [type, value] : a.identifiers) {
    bool same_type = false;
    bool same = false;
    for (const auto& [other_type, other] : b.identifiers) {
      same_type = same_type || other_type == type;
      same = same || (other_type == type && other == value);
    }
    if (same) ++result.identifiers_agree;
    result.identifiers_conflict = result.identifiers_conflict || (same_type && !same);
  }
  result.weight += kIdentifier * std::min(result.identifiers_agree, 2);
  if (result.identifiers_conflict) result.weight += kIdentifierDiffers;
}

double MiddleWeight(const std::string& a, const std::string& b, Comparison& result) {
  if (a.empty() || b.empty()) return 0;
  if (a == b) {
    result.middle_agrees = true;
    return kMiddleExact;
  }
  return a.front() == b.front() && std::min(a.size(), b.size()) == 1 ? 0
         : Likeness(a, b) >= 0.85                                    ? kMiddleLike
                                                                     : kMiddleDiffers;
}

// Of two names of which one lacks its forename or surname.
double PartialNameWeight(const PersonName& a, const PersonName& b) {
  if (!a.last.empty() && a.last == b.last) return kNameLastOnly;
  if (!a.first.empty() && a.first == b.first) return 0;
  return a.last.empty() || b.last.empty() ? 0 : kNameDiffers;
}

double NameWeight(const PersonName& a, const PersonName& b, double share) {
  if (a.first.empty() || b.first.empty() || a.last.empty() || b.last.empty()) return PartialNameWeight(a, b);
  if (a.first == b.first && a.last == b.last)
    return kNameExact - std::log2(std::max(share, kNameExactChance) / kNameExactChance);
  if (a.first == b.last && a.last == b.first) return kNameSwapped;
  const double last = Likeness(a.last, b.last);
  if ((a.first == b.first && last >= kLike) || (a.last == b.last && SameName(a.first, b.first))) return kNameOneLike;
  if (a.first == b.first && last >= kDistant) return kNameFirstDistant;
  if (Likeness(a.first + " " + a.last, b.first + " " + b.last) >= kLike) return kNameLike;
  if (last >= kDistant && Likeness(a.first, b.first) >= kDistant) return kNameDistant;
  return a.last == b.last ? kNameLastOnly : a.first == b.first ? 0 : kNameDiffers;
}

// What two names have and share, part by part.
struct NameParts {
  bool both_first = false;
  bool straight = false;
  bool swapped = false;
};

NameParts PartsOf(const PersonName& mine, const PersonName& theirs) {
  const bool whole = !mine.first.empty() && !mine.last.empty();
  return {.both_first = !mine.first.empty() && !theirs.first.empty(),
          .straight = whole && mine.first == theirs.first && mine.last == theirs.last,
          .swapped = whole && mine.first == theirs.last && mine.last == theirs.first};
}

void CompareNames(const Traits& a, const Traits& b, const Rarity& rarity, Comparison& result) {
  double best = a.names.empty() || b.names.empty() ? 0 : kNameDiffers;
  double middle = 0;
  bool firsts = false;
  bool first_like = false;
  for (const PersonName& mine : a.names) {
    for (const PersonName& theirs : b.names) {
      const double weight = NameWeight(mine, theirs, rarity.name_share);
      const auto [both_first, straight, swapped] = PartsOf(mine, theirs);
      result.full_name = result.full_name || straight || swapped;
      result.first_agrees = result.first_agrees || SameName(mine.first, theirs.first) || swapped;
      firsts = firsts || both_first;
      result.first_close = result.first_close || (both_first && Likeness(mine.first, theirs.first) >= kLike);
      first_like = first_like || (both_first && Likeness(mine.first, theirs.first) >= 0.8) || swapped;
      if (weight < best) continue;
      best = weight;
      middle = MiddleWeight(mine.middle, theirs.middle, result);
    }
  }
  result.first_conflicts = firsts && !first_like;
  result.weight += best + middle;
}

// One character written wrong or two swapped, within a decade.
bool NearDates(const std::string& a, const std::string& b) {
  if (a.compare(0, 3, b, 0, 3) != 0) return false;
  const auto [first, other] = std::mismatch(a.begin(), a.end(), b.begin());
  if (first == a.end()) return true;
  if (std::equal(first + 1, a.end(), other + 1)) return true;
  return first + 1 != a.end() && *first == *(other + 1) && *(first + 1) == *other &&
         std::equal(first + 2, a.end(), other + 2);
}

int YearOf(const std::string& date) { return std::atoi(date.substr(0, 4).c_str()); }

void CompareBirth(const Traits& a, const Traits& b, Comparison& result) {
  if (a.birth_dates.empty() || b.birth_dates.empty()) return;
  using Birth = Comparison::Birth;
  const auto common =
      std::ranges::find_if(a.birth_dates, [&](const std::string& date) { return b.birth_dates.contains(date); });
  if (a.birth_date == b.birth_date) {
    result.birth = Birth::kExact;
    result.weight += kBirthExact;
  } else if (common != a.birth_dates.end()) {
    result.birth = Birth::kAlias;
    result.weight += kBirthAlias;
  } else if (NearDates(a.birth_date, b.birth_date)) {
    result.birth = Birth::kNear;
    result.weight += kBirthNear;
  } else {
    result.birth = Birth::kDiffers;
    const int years = std::abs(YearOf(a.birth_date) - YearOf(b.birth_date));
    result.generations = years > kGeneration;
    result.weight += years <= 5 ? kBirthWithinFiveYears : kBirthDiffers;
  }
}

std::string Outward(const std::string& postcode) { return postcode.substr(0, postcode.find(' ')); }

// Weight of two places; `shared` is that of a postcode in common.
double PlaceWeight(const PersonPlace& mine, const PersonPlace& theirs, double shared, Comparison& result) {
  const bool uprn = !mine.uprn.empty() && mine.uprn == theirs.uprn;
  const bool postcode = !mine.postcode.empty() && mine.postcode == theirs.postcode;
  const bool door = !mine.door.empty() && mine.door == theirs.door;
  result.same_place = result.same_place || uprn || postcode || door;
  if (uprn || (postcode && door)) return shared + kDoor;
  if (postcode) return shared;
  if (door) return kDoorAlone;
  const bool outward =
      !mine.postcode.empty() && !theirs.postcode.empty() && Outward(mine.postcode) == Outward(theirs.postcode);
  return outward ? kPlaceOutward : kPlaceDiffers;
}

void ComparePlaces(const Traits& a, const Traits& b, const Rarity& rarity, Comparison& result) {
  if (a.places.empty() || b.places.empty()) return;
  const double shared = rarity.with_postcode <= kRarePostcode       ? kPlaceRare
                        : rarity.with_postcode <= kMiddlingPostcode ? kPlaceMiddling
                                                                    : kPlaceCommon;
  double best = kPlaceDiffers;
  for (const PersonPlace& mine : a.places) {
    for (const PersonPlace& theirs : b.places) best = std::max(best, PlaceWeight(mine, theirs, shared, result));
  }
  result.weight += best;
}

}  // namespace

Comparison Compare(const Traits& a, const Traits& b, const Rarity& rarity) {
  Comparison result{.weight = kPrior};
  CompareIdentifiers(a, b, result);
  CompareNames(a, b, rarity, result);
  CompareBirth(a, b, result);
  ComparePlaces(a, b, rarity, result);
  result.same_contact =
      std::ranges::any_of(a.contacts, [&](const std::string& contact) { return b.contacts.contains(contact); });
  if (result.same_contact) result.weight += kContact;
  result.sex_conflicts = a.sex != b.sex && a.sex != v1::SEX_UNSPECIFIED && b.sex != v1::SEX_UNSPECIFIED;
  if (result.sex_conflicts) result.weight += kSexDiffers;
  result.possible_twins = !result.first_agrees && !(result.middle_agrees && result.first_close);
  return result;
}

}  // namespace derwent::matching
