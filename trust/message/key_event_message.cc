#include "trust/message/key_event_message.h"

#include "derwent/v1/key.pb.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"

namespace derwent::trust {

absl::StatusOr<KeyEvent> ParseKeyEvent(const v1::DsseEnvelope& envelope) {
  v1::KeyEvent message;
  if (!message.ParseFromString(envelope.payload())) return absl::InvalidArgumentError("a key event is malformed");
  const bool known = (message.action() == v1::KEY_ACTION_PUBLISH || message.action() == v1::KEY_ACTION_REVOKE) &&
                     (message.purpose() == v1::KEY_PURPOSE_SIGNING || message.purpose() == v1::KEY_PURPOSE_SEALING);
  if (!known) return absl::InvalidArgumentError("a key event's action or purpose is not known");
  return KeyEvent{.agency = message.agency(),
                  .sequence = message.sequence(),
                  .step = message.action() == v1::KEY_ACTION_PUBLISH ? KeyStep::kPublish : KeyStep::kRevoke,
                  .use = message.purpose() == v1::KEY_PURPOSE_SIGNING ? KeyUse::kSigning : KeyUse::kSealing,
                  .certificate_der = message.certificate(),
                  .key_id = message.key_id(),
                  .previous_event_digest = message.previous_event_digest(),
                  .valid_from = FromTimestamp(message.valid_from()),
                  .valid_until = FromTimestamp(message.valid_until()),
                  .envelope = FromProto(envelope)};
}

}  // namespace derwent::trust
