#include "broker/exchange/share/onward.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "broker/exchange/share/stored.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"

namespace derwent::exchange {
namespace {

absl::Status Unknown() {
  return Refuse(absl::StatusCode::kFailedPrecondition, "SHARE_UNKNOWN",
                "what would go onward is of no share that this agency was given and may still hold");
}

// It was collected, and neither declined nor taken back since.
bool Stands(int32_t state) {
  return state == v1::RECIPIENT_STATE_COLLECTED || state == v1::RECIPIENT_STATE_ACKNOWLEDGED ||
         state == v1::RECIPIENT_STATE_ACCEPTED || state == v1::RECIPIENT_STATE_CLOSED;
}

absl::StatusOr<StoredPart> Given(const std::string& share_id, const std::string& holder, Batch& batch) {
  absl::StatusOr<StoredPart> part = LoadPart({.share_id = share_id, .recipient_agency = holder}, batch);
  if (!part.ok()) return absl::IsNotFound(part.status()) ? Unknown() : part.status();
  return part->share.kind == v1::PACKAGE_KIND_SELECTOR || !Stands(part->part.state) ? Unknown() : std::move(part);
}

bool Leaves(const v1::OnwardSource& source, const v1::Manifest& m, uint32_t subject) {
  return std::any_of(m.units().begin(), m.units().end(), [&](const v1::ManifestUnit& unit) {
    return unit.subject() == subject && std::find(source.categories().begin(), source.categories().end(),
                                                  unit.category()) != source.categories().end();
  });
}

}  // namespace

void RequireOnward(const policy::OnwardSources& sources,
                   const google::protobuf::RepeatedPtrField<std::string>& considered, const std::string& field,
                   Violations& violations) {
  if (!violations.Require(sources.size() <= 1, field, "is of one share at most")) return;
  for (const v1::OnwardSource& source : sources) {
    violations.Require(Uuid::Parse(source.share_id()).ok(), absl::StrCat(field, ".share_id"), "is a UUID in lowercase");
    const auto& categories = source.categories();
    const bool apt = !categories.empty() && categories.size() <= considered.size() &&
                     std::is_sorted(categories.begin(), categories.end()) &&
                     std::all_of(categories.begin(), categories.end(), [&](const std::string& category) {
                       return std::find(considered.begin(), considered.end(), category) != considered.end();
                     });
    violations.Require(apt, absl::StrCat(field, ".categories"), "are considered, and sorted");
  }
}

absl::StatusOr<std::string> OriginatorOf(const std::string& share_id, const std::string& holder, Batch& batch) {
  ASSIGN_OR_RETURN(const StoredPart given, Given(share_id, holder, batch));
  return given.manifest.sender_agency();
}

absl::StatusOr<std::string> CheckOnward(const CheckedPackage& package, Batch& batch) {
  const v1::Manifest& m = package.manifest;
  const policy::Policy& policy = *batch.world().bundle->policy;
  std::string originator;
  Violations violations;
  for (const v1::AskedSubject& asked : package.statement.subjects()) {
    for (const v1::OnwardSource& source : asked.onward()) {
      ASSIGN_OR_RETURN(const StoredPart given, Given(source.share_id(), m.sender_agency(), batch));
      if (!Leaves(source, m, asked.number())) continue;
      violations.Require(originator.empty() || originator == given.manifest.sender_agency(),
                         "sender_statement.subjects.onward", "is of one agency in a package");
      originator = given.manifest.sender_agency();
      violations.Require(policy.StricterMarking(m.marking(), given.manifest.marking()) == m.marking(),
                         "manifest.marking", "is at least as strict as that of what goes onward");
      const auto& bound = m.obligations();
      const bool binds = std::all_of(given.manifest.obligations().begin(), given.manifest.obligations().end(),
                                     [&](const std::string& obligation) {
                                       return std::find(bound.begin(), bound.end(), obligation) != bound.end();
                                     });
      violations.Require(binds, "manifest.obligations", "hold those of what goes onward");
    }
  }
  RETURN_IF_ERROR(violations.ToStatus());
  return originator;
}

}  // namespace derwent::exchange
