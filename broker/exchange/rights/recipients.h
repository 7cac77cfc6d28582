#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/rights/rights_check.h"
#include "broker/exchange/share/stored.h"

// Who had a person's data from one agency, as the ledger knows it (UK GDPR Article 19; brief I7).

namespace derwent::exchange {

// A notice with the part of the share that it is about.
struct Told {
  const CheckedRights<v1::RightsNotice>* checked = nullptr;
  StoredPart part;

  const v1::RightsNotice& notice() const { return checked->message; }
};

// What each notice is about: a share of its sender that its recipient collected, or may still collect. Borrows the
// notices. Error: kInvalidArgument naming each notice that is about no such share, or names a subject or category that
// the share does not have, or another request.
absl::StatusOr<std::vector<Told>> FindTold(const CheckedNotices& checked, Batch& batch);

// Refuses when somebody who had the person's data is told of too little: every share of the sender's to whomever, of
// anyone whom the references or the shares told of are about, that holds a category concerned, needs its notice. Of an
// event that passes another on: every share by which what that one was about went onward. An answer where existence
// is secret is left to its sender, who alone knows whether it told anything. Errors: kFailedPrecondition
// `RECIPIENT_LEFT_OUT` naming shares and recipients, never a person; `EVENT_UNKNOWN`.
absl::Status RequireEveryRecipient(const v1::NotifyRightsRequest& request, const std::vector<Told>& told, Batch& batch);

}  // namespace derwent::exchange
