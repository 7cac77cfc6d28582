#include "policy/loader/emergency.h"

#include <algorithm>
#include <string>

#include "policy/engine/agreements.h"
#include "policy/engine/emergency.h"
#include "trust/base/london.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/identity/certificate.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/dsse.h"
#include "trust/signature/payload_types.h"

namespace derwent::policy {
namespace {

constexpr absl::Duration kClockSkew = absl::Seconds(30);
constexpr int kMostHolders = 20;
constexpr int kSigners = 2;
constexpr size_t kLargest = size_t{16} << 10;  // Octets of a declaration.

template <typename List>
bool Ascends(const List& list) {
  return !list.empty() && std::adjacent_find(list.begin(), list.end(), std::greater_equal<>()) == list.end();
}

absl::Status CheckForm(const v1::EmergencyCommand& command) {
  if (!Uuid::Parse(command.emergency_id()).ok()) return absl::InvalidArgumentError("its id is not a UUID in lowercase");
  if (command.agency().empty() || command.officer().empty() || command.second_person().empty() ||
      command.officer() == command.second_person())
    return absl::InvalidArgumentError("it does not name an agency and two persons of it");
  if (command.profile().empty() || command.area().empty() || command.subject_role().empty())
    return absl::InvalidArgumentError("it does not say profile, area and role of the subject");
  if (command.holders_size() > kMostHolders) return absl::InvalidArgumentError("it names over 20 holders");
  if (!Ascends(command.holders()) || !Ascends(command.categories()))
    return absl::InvalidArgumentError("holders and categories are not sorted, each once");
  if (!std::all_of(command.categories().begin(), command.categories().end(),
                   [](const std::string& category) { return EmergencyForm(category).has_value(); }))
    return absl::InvalidArgumentError("it asks for more than an emergency may");
  return absl::OkStatus();
}

// Signed by now, not over, and over within 24 hours of its signature. An absl::Duration does not wrap round.
absl::Status CheckTimes(const v1::EmergencyCommand& command, absl::Time now) {
  const absl::Time made = trust::FromTimestamp(command.create_time());
  const absl::Time ends = trust::FromTimestamp(command.expire_time());
  if (made > now + kClockSkew) return absl::InvalidArgumentError("it is dated ahead");
  if (ends <= now) return absl::InvalidArgumentError("it is over");
  if (ends - made > kEmergencyLasts) return absl::InvalidArgumentError("it does not end within 24 hours");
  return absl::OkStatus();
}

// Whether one of the certificates is the person's, counts, and signed.
bool SignedBy(const std::string& person, const v1::EmergencyCommand& command, const trust::Envelope& envelope,
              const std::vector<trust::Certificate>& certificates) {
  return std::any_of(certificates.begin(), certificates.end(), [&](const trust::Certificate& certificate) {
    const trust::SpiffeId& id = certificate.id();
    return id.kind == trust::CallerKind::kPerson && id.agency == command.agency() && id.name == person &&
           trust::VerifyEnvelope(envelope, trust::kEmergencyType, certificate.public_key()).ok();
  });
}

}  // namespace

absl::StatusOr<v1::EmergencyCommand> VerifyEmergency(const v1::SignedEmergency& declaration,
                                                     const trust::Authority& authority,
                                                     const trust::RevocationSet& revoked, absl::Time now) {
  if (declaration.ByteSizeLong() > kLargest) return absl::InvalidArgumentError("it is over 16 KiB");
  if (declaration.certificates_size() > kSigners) return absl::InvalidArgumentError("it carries over two certificates");
  v1::EmergencyCommand command;
  if (!command.ParseFromString(declaration.command().payload()))
    return absl::InvalidArgumentError("it is no emergency's command");
  RETURN_IF_ERROR(CheckForm(command));
  RETURN_IF_ERROR(CheckTimes(command, now));
  std::vector<trust::Certificate> certificates;
  for (const std::string& der : declaration.certificates()) {
    absl::StatusOr<trust::Certificate> certificate = trust::Certificate::FromDer(der);
    if (!certificate.ok() || !revoked.Verify(*certificate, authority, now).ok())
      return absl::UnauthenticatedError("a signer's certificate does not count");
    certificates.push_back(*std::move(certificate));
  }
  const trust::Envelope envelope = trust::FromProto(declaration.command());
  if (!SignedBy(command.officer(), command, envelope, certificates))
    return absl::UnauthenticatedError("the duty officer has not signed it");
  if (!SignedBy(command.second_person(), command, envelope, certificates))
    return absl::UnauthenticatedError("the second person has not signed it");
  return command;
}

bool MayDeclare(const v1::EmergencyCommand& command, const Snapshot& snapshot, absl::Time now) {
  const auto holds = [&](const std::string& person, absl::string_view role) {
    return RoleHeld(snapshot, {.agency = command.agency(), .person = person, .role = role, .area = command.area()},
                    LondonDay(now));
  };
  return holds(command.officer(), kDutyOfficer) &&
         (holds(command.second_person(), kDutyOfficer) || holds(command.second_person(), "spoc"));
}

bool Asks(const v1::Manifest& selector, const v1::EmergencyCommand& declared) {
  const v1::Question& question = selector.question();
  const auto& holders = declared.holders();
  return declared.emergency_id() == selector.document_reference() && declared.agency() == selector.sender_agency() &&
         declared.officer() == question.acting_person() && question.role() == kDutyOfficer &&
         declared.profile() == selector.profile() && declared.area() == selector.area() &&
         selector.subjects_size() == 1 && declared.subject_role() == selector.subjects(0).role() &&
         std::ranges::equal(declared.categories(), question.categories()) &&
         std::ranges::find(holders, selector.recipient_agency()) != holders.end() &&
         trust::FromTimestamp(selector.expire_time()) <= trust::FromTimestamp(declared.expire_time());
}

}  // namespace derwent::policy
