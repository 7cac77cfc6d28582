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
  static const Mapping& people = *new Mapping(*Mapping::Parse(
      R"({"from": {"record_ref": "id", "as_at": "dob"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "join": {"on": "n"}, "only": {"id": true},
          "fields": [{"from": "dob", "to": "identity.facts[1].date_of_birth", "rule": "date"}, {"from": "held", "to": "subject_flags", "needed": true, "values": {"Y": "deceased", "N": ""}}]})"));
  static const Mapping& risks = *new Mapping(*Mapping::Parse(
      R"({"from": {"record_ref": "../id"}, "provenance": {"nature": "FACT_NATURE_FACT"}, "each": "/list",
          "fields": [{"from": "/dob", "to": "identity.facts.date_of_birth", "rule": "date"}, {"from": "/uprn", "to": "location_current.facts.place.uprn", "rule": "uprn"}]})"));
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
    static_cast<void>(RejectedRows(batch->source, batch->problems));
    for (const auto& referral : batch->referrals) {
      if (referral.request.referral_ref().empty()) std::abort();
    }
  }
  // The file joined to itself by a column, and to a small one.
  for (const auto& batch :
       {ReadCsv(people, text, text), ReadCsv(people, text, "n,held\n1,Y\n1,N\n"), ReadJson(risks, text)}) {
    if (!batch.ok()) continue;
    for (const auto& row : batch->rows) {
      if (row.record.record_ref().empty()) std::abort();
    }
  }
  static_cast<void>(Mapping::Parse(text).ok());
  return 0;
}
