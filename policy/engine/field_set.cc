#include "policy/engine/field_set.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace derwent::policy {
namespace {

// ISO 3166-1 alpha-2, in the order of the standard.
constexpr absl::string_view kCountries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR "
    "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO "
    "JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR "
    "MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO "
    "RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV "
    "TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

constexpr std::array<absl::string_view, 3> kAnswers = {"yes", "no", "not_known"};
constexpr std::array<absl::string_view, 4> kGenders = {"female", "male", "other", "not_known"};
constexpr std::array<absl::string_view, 5> kIndicators = {"residential_premises", "forced_labour",
                                                          "sexual_exploitation", "offence_committed", "organ_removal"};

template <typename List>
bool Among(const List& list, absl::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool IsCountry(absl::string_view value) {
  if (value.size() != 2 || !absl::ascii_isupper(value[0]) || !absl::ascii_isupper(value[1])) return false;
  for (size_t at = 0; at + 2 < kCountries.size(); at += 3) {
    if (kCountries.substr(at, 2) == value) return true;
  }
  return false;
}

// A rare nationality is told as `non_UK` where it would identify (U09: the bar on identifying wins).
bool IsNationality(absl::string_view value) {
  return IsCountry(value) || value == "non_UK" || value == "stateless" || value == "not_known";
}

// GSS code of a police force area of England or Wales.
bool IsPoliceArea(absl::string_view value) {
  return value.size() == 9 && (absl::StartsWith(value, "E23") || absl::StartsWith(value, "W15")) &&
         std::all_of(value.begin() + 3, value.end(), [](char c) { return absl::ascii_isdigit(c); });
}

}  // namespace

const std::vector<std::string>& DutyToNotifyFields() {
  static const auto& fields =
      *new std::vector<std::string>({"authority", "gender", "nationality", "under18_at_start", "slavery", "trafficking",
                                     "country", "police_referred", "police_area", "indicators"});
  return fields;
}

bool IsFieldValue(absl::string_view field, absl::string_view value, absl::string_view authority) {
  if (field == "authority") return !value.empty() && value == authority;
  if (field == "gender") return Among(kGenders, value);
  if (field == "nationality") return IsNationality(value);
  if (field == "country") return IsCountry(value) || value == "not_known";
  if (field == "police_area") return IsPoliceArea(value) || value == "not_known";
  if (field == "indicators") return Among(kIndicators, value);
  const bool asked = field == "under18_at_start" || field == "slavery" || field == "trafficking";
  return (asked || field == "police_referred") && Among(kAnswers, value);
}

bool MayRepeat(absl::string_view field) { return field == "indicators"; }

std::set<std::string> FieldsOf(const Profile& profile, const std::string& product) {
  std::set<std::string> fields;
  for (const auto& [id, next] : profile.products) {
    if (product.empty() || product == id) fields.insert(next.fields.begin(), next.fields.end());
  }
  return fields;
}

}  // namespace derwent::policy
