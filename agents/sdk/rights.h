#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "derwent/v1/dsse.pb.h"
#include "derwent/v1/rights.pb.h"
#include "trust/identity/key_event.h"

// What agencies sign about a person's rights.
namespace derwent::agents {

// How long a recipient has to answer a notice before it is asked again.
inline constexpr absl::Duration kAnswerRightsWithin = absl::Hours(24 * 7);

// A notice or answer of another agency. Error: kInvalidArgument malformed, of another type, or with a part missing.
absl::StatusOr<v1::RightsNotice> ReadRightsNotice(const v1::DsseEnvelope& envelope);
absl::StatusOr<v1::RightsAnswer> ReadRightsAnswer(const v1::DsseEnvelope& envelope);
// One that is kept, serialised. Error: kDataLoss.
absl::StatusOr<v1::RightsNotice> KeptNotice(const std::string& envelope);
absl::StatusOr<v1::RightsAnswer> KeptAnswer(const std::string& envelope);
// SHA-256 of the payload of a kept envelope, as its ledger entries name it; empty when there is none.
std::string KeptDigest(const std::string& envelope);

// Codes of a DECLINED (rights.proto), and the grounds of Article 18(2).
absl::Span<const absl::string_view> DecliningReasons();
absl::Span<const absl::string_view> RestrictionGrounds();
// A reason that goes with the outcome: one of them where it was declined, else none.
bool IsRightsReason(v1::RightsOutcome outcome, absl::string_view reason);
bool IsRestrictionGround(absl::string_view ground);

}  // namespace derwent::agents
