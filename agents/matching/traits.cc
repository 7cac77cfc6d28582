#include "agents/matching/traits.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "agents/matching/identifier.h"
#include "agents/matching/names.h"

namespace derwent::matching {
namespace {

// The first name may be written `Maren Isolde`: what follows its first word is middle names.
PersonName NameOf(const v1::IdentityFact& fact) {
  const auto folded = [](const std::string& name) { return name.size() > kMaxNameOctets ? "" : FoldName(name); };
  const std::vector<std::string> given =
      absl::StrSplit(folded(absl::StrJoin(fact.given_names(), " ")), ' ', absl::SkipEmpty());
  PersonName name{.last = folded(fact.surname())};
  if (given.empty()) return name;
  name.first = given.front();
  name.middle = absl::StrJoin(given.begin() + 1, given.end(), " ");
  return name;
}

// Words up to the first one behind the first number; empty when there is no number or nothing behind it.
std::string DoorOf(const v1::Place& place) {
  const std::vector<std::string> words =
      absl::StrSplit(FoldName(absl::StrJoin(place.lines(), " ")), ' ', absl::SkipEmpty());
  const auto number = std::ranges::find_if(
      words, [](const std::string& word) { return absl::ascii_isdigit(static_cast<unsigned char>(word.front())); });
  if (number == words.end() || number + 1 == words.end()) return "";
  return absl::StrJoin(words.begin(), number + 2, " ");
}

PersonPlace PlaceOf(const v1::Place& place) {
  return {.uprn = CanonicalUprn(place.uprn()).value_or(""),
          .postcode = CanonicalPostcode(place.postcode()).value_or(""),
          .door = DoorOf(place)};
}

bool IsEmpty(const PersonPlace& place) { return place.uprn.empty() && place.postcode.empty() && place.door.empty(); }

// Whether knowing one would tell something of the other.
bool Touch(const PersonPlace& a, const PersonPlace& b) {
  return (!a.uprn.empty() && a.uprn == b.uprn) || (!a.postcode.empty() && a.postcode == b.postcode) ||
         (!a.door.empty() && a.door == b.door);
}

// Flags under which no address of the person may be told (brief C.2).
bool HidesAddresses(const v1::CaseRecord& record) {
  return std::ranges::any_of(record.subject_flags(), [](const std::string& flag) {
    return flag == "address_protected" || flag == "child_placement_confidential";
  });
}

// Where somebody is known to live, but for what is protected: an agreement on that would confirm it to who tries.
std::vector<PersonPlace> OpenPlacesOf(const v1::CaseRecord& record) {
  std::vector<PersonPlace> places;
  if (HidesAddresses(record)) return places;
  for (const v1::LocationCurrentFact& fact : record.location_current().facts()) places.push_back(PlaceOf(fact.place()));
  std::vector<PersonPlace> hidden;
  for (const v1::LocationProtectedFact& fact : record.location_protected().facts())
    hidden.push_back(PlaceOf(fact.place()));
  std::erase_if(places, [&](const PersonPlace& place) {
    return IsEmpty(place) || std::ranges::any_of(hidden, [&](const PersonPlace& one) { return Touch(one, place); });
  });
  return places;
}

void AddIdentity(const v1::IdentityFact& fact, Traits& traits) {
  PersonName name = NameOf(fact);
  // A nickname alone goes with the current surname.
  if (name.last.empty() && !traits.names.empty()) name.last = traits.names.front().last;
  if (!name.first.empty() || !name.last.empty()) traits.names.push_back(std::move(name));
  const auto born = CanonicalBirthDate(fact.date_of_birth());
  if (born.has_value()) traits.birth_dates.insert(*born);
  if (born.has_value() && traits.birth_date.empty()) traits.birth_date = *born;
  if (fact.sex() == v1::SEX_FEMALE || fact.sex() == v1::SEX_MALE) traits.sex = fact.sex();
}

}  // namespace

Traits TraitsOf(const v1::CaseRecord& record, int this_year) {
  Traits traits;
  for (const v1::IdentifierFact& fact : record.identifier().facts()) {
    if (fact.check() == v1::IDENTIFIER_CHECK_FAILED) continue;
    if (auto value = CanonicalIdentifier(fact.type(), fact.value(), this_year))
      traits.identifiers.emplace_back(fact.type(), *std::move(value));
  }
  std::ranges::sort(traits.identifiers);
  traits.identifiers.erase(std::unique(traits.identifiers.begin(), traits.identifiers.end()), traits.identifiers.end());
  for (const v1::IdentityFact& fact : record.identity().facts()) AddIdentity(fact, traits);
  if (const auto born = CanonicalBirthDate(record.date_of_birth())) {
    traits.birth_date = *born;
    traits.birth_dates.insert(*born);
  }
  traits.places = OpenPlacesOf(record);
  for (const v1::ContactFact& fact : record.contact().facts()) {
    if (const auto contact = CanonicalContact(fact.value())) traits.contacts.insert(*contact);
  }
  return traits;
}

}  // namespace derwent::matching
