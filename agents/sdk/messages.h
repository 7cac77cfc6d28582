#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "derwent/v1/dsse.pb.h"
#include "derwent/v1/message.pb.h"
#include "trust/identity/key_event.h"
#include "trust/signature/signing_key.h"

namespace derwent::agents {

// Longest note to the other party, in octets: sealed, it has 16 KiB at most (message.proto).
inline constexpr size_t kMaxNote = 16 * 1024 - 128;  // Sealing adds 81.

// A signed message of another agency, read but not yet verified.
struct IncomingMessage {
  std::string type;  // Payload type.
  v1::MessageHead head;
  v1::Acknowledgement acknowledgement;  // The one of `type` is set.
  v1::Progress progress;
  v1::Withdrawal withdrawal;
  v1::Notice notice;
};

// Error: kInvalidArgument another type, malformed, or a head without share, parties or sequence.
absl::StatusOr<IncomingMessage> ReadMessage(const v1::DsseEnvelope& envelope);

// Signed by the agency that its head names, for this one, within a mailbox's lifetime. Error: kUnauthenticated.
absl::Status VerifyMessage(const v1::DsseEnvelope& envelope, const IncomingMessage& message,
                           absl::string_view own_agency, const trust::KeyHistory& sender, absl::Time now);

// How a message's number follows the last one of its share and direction.
enum class SequenceVerdict {
  kNext,    // Take it.
  kReplay,  // Drop it and raise an alarm.
  kGap,     // Hold it and raise an alarm.
};
SequenceVerdict JudgeSequence(uint32_t last, uint32_t sequence);

// Seals and opens the note of a Progress, bound to its head.
absl::StatusOr<std::string> SealNote(const v1::MessageHead& head, absl::string_view note, const trust::PublicKey& to);
// Error: kDataLoss when anything differs by a bit.
absl::StatusOr<std::string> OpenNote(const v1::MessageHead& head, absl::string_view sealed,
                                     const trust::SigningKey& own);

// The closed list for DECLINED or CLOSED (message.proto); empty for other states, which have none.
absl::Span<const absl::string_view> ProgressReasons(v1::ProgressState state);
// True for a reason code of that list, for other states for any code; ACCEPTED needs none.
bool IsProgressReason(v1::ProgressState state, absl::string_view reason);
// What a person may give as reason of a withdrawal.
absl::Span<const absl::string_view> WithdrawalReasons();
// True for one of them, and for `SUPERSEDED`, which a later version sets.
bool IsWithdrawalReason(absl::string_view reason);

}  // namespace derwent::agents
