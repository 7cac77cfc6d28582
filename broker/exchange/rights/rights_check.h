#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "broker/exchange/command/batch.h"
#include "derwent/v1/rights.pb.h"
#include "derwent/v1/rights_service.pb.h"
#include "trust/base/digest.h"

namespace derwent::exchange {

// A signed message about a rights event: its form is right, and who it names signed it. Borrows the envelope.
template <typename Message>
struct CheckedRights {
  Message message;
  const v1::DsseEnvelope* envelope = nullptr;
  Sha256Digest digest;  // SHA-256 of the exact payload.
};

struct CheckedNotices {
  std::vector<CheckedRights<v1::RightsNotice>> notices;
  Sha256Digest digest;  // Of all of them: a repeated call brings the same.
};

// Done on a worker: form, with all violations at once, then signatures; neither roles nor state. Both borrow the
// request. Errors: kInvalidArgument; kFailedPrecondition `KEY_NOT_CERTIFIED`, `SIGNATURE_INVALID`.
absl::StatusOr<CheckedNotices> CheckNotices(const Caller& caller, const v1::NotifyRightsRequest& request,
                                            const World& world, absl::Time now);
absl::StatusOr<CheckedRights<v1::RightsAnswer>> CheckRightsAnswer(const Caller& caller,
                                                                  const v1::AnswerRightsRequest& request,
                                                                  const World& world, absl::Time now);

}  // namespace derwent::exchange
