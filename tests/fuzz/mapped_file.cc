// An agency's export, whatever its octets, under a mapping that is right.
#include <cstdlib>
#include <string>

#include "agents/connectors/csv/csv.h"
#include "agents/connectors/json/json.h"
#include "agents/connectors/mapping.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent::connectors;
  static const Mapping& csv = *new Mapping(*Mapping::Parse(
      R"({"subject_role": "resident", "from": {"referral_ref": "id"}, "fields": [{"from": "dob", "to": "identity.facts.date_of_birth", "rule": "date"},
          {"from": "nhs", "to": "identifier.facts.value", "rule": "nhs"}, {"from": "n", "to": "household.facts.composition.occupants_total"}]})"));
  static const Mapping& json = *new Mapping(*Mapping::Parse(
      R"({"subject_role": "resident", "from": {"referral_ref": "/id"}, "fields": [{"from": "/dob", "to": "identity.facts.date_of_birth", "rule": "date"}]})"));
  const absl::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto rows = ParseCsv(text); rows.ok()) {
    // Whatever was read is written so that it reads the same.
    for (const CsvRow& row : *rows) {
      const auto again = ParseCsv(FormatCsvRow(row));
      if (!again.ok() || again->size() > 1 || (again->size() == 1 && again->front() != row)) std::abort();
    }
  }
  for (const auto& batch : {ReadCsv(csv, text), ReadJson(json, text)}) {
    if (!batch.ok()) continue;
    for (const auto& referral : batch->referrals) {
      if (referral.referral_ref().empty()) std::abort();
    }
  }
  static_cast<void>(Mapping::Parse(text).ok());
  return 0;
}
