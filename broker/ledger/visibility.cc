#include "broker/ledger/visibility.h"

#include <array>
#include <utility>

#include "trust/entry/entry.h"

namespace derwent::ledger {
namespace {

using trust::Field;

constexpr Viewer kParties = Viewer::kReleasing | Viewer::kReceiving;
constexpr Viewer kPartiesAndAuditor = kParties | Viewer::kAuditor;
constexpr Viewer kPartiesAndParticipant = kParties | Viewer::kParticipant;

// Who may open which field. Fields not named here (the reserved ones) open to nobody.
constexpr std::array<std::pair<Field, Viewer>, 20> kTable = {{
    {Field::kTime, kPartiesAndAuditor},
    {Field::kReleasingAgency, kPartiesAndParticipant},
    {Field::kReleasingPerson, Viewer::kReleasing},
    {Field::kReceivingAgency, kPartiesAndParticipant},
    {Field::kReceivingPerson, Viewer::kReceiving},
    {Field::kSubjectTags, Viewer::kSupplier},
    {Field::kSubjectRole, kParties},
    {Field::kCategories, kPartiesAndAuditor | Viewer::kParticipant},
    {Field::kPurpose, kPartiesAndAuditor},
    {Field::kBases, kParties},
    {Field::kConditions, kParties},
    {Field::kAgreement, kParties},
    {Field::kIds, kPartiesAndParticipant},
    {Field::kOutcome, kPartiesAndAuditor},
    {Field::kManifestDigest, kPartiesAndParticipant},
    {Field::kGrounds, kParties},
    {Field::kRequestDigest, kParties},
    {Field::kEngine, kParties},
    {Field::kHolderCommitment, Viewer::kHolder},
    {Field::kStep, kPartiesAndParticipant},
}};

}  // namespace

trust::FieldSet Openable(Viewer viewer) {
  trust::FieldSet fields;
  for (const auto& [field, who] : kTable) {
    if ((static_cast<uint8_t>(viewer) & static_cast<uint8_t>(who)) != 0) fields.set(static_cast<size_t>(field) - 1);
  }
  return fields;
}

Viewer ViewerOf(const store::EntryColumns& columns, absl::string_view agency) {
  if (agency.empty()) return Viewer::kNone;
  Viewer viewer = Viewer::kNone;
  if (agency == columns.releasing_agency) viewer = viewer | Viewer::kReleasing | Viewer::kHolder;
  if (agency == columns.receiving_agency) viewer = viewer | Viewer::kReceiving;
  if (agency == columns.supplier_agency) viewer = viewer | Viewer::kSupplier;
  return viewer;
}

}  // namespace derwent::ledger
