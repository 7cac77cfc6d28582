// Messages of other agencies, as the broker delivers them: read, and never believed without a key.
#include <cstdlib>
#include <string>

#include "google/protobuf/stubs/logging.h"

#include "agents/sdk/keys.h"
#include "agents/sdk/messages.h"
#include "trust/message/key_event_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  static_cast<void>(quiet);
  v1::DsseEnvelope envelope;
  if (!envelope.ParseFromArray(bytes, static_cast<int>(size))) return 0;
  static_cast<void>(trust::ParseKeyEvent(envelope).ok());
  const absl::StatusOr<agents::IncomingMessage> message = agents::ReadMessage(envelope);
  if (!message.ok()) return 0;
  if (message->head.sequence() == 0 || message->head.share_id().size() != 36) std::abort();
  static const trust::KeyHistory& nobody = *new trust::KeyHistory("police.derbys", std::string(64, '0'));
  if (agents::VerifyMessage(envelope, *message, message->head.to_agency(), nobody, absl::UnixEpoch()).ok())
    std::abort();
  return 0;
}
