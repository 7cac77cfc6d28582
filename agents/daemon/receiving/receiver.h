#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "agents/daemon/asking/asker.h"
#include "agents/daemon/context/context.h"
#include "agents/daemon/context/keyed_lock.h"
#include "agents/daemon/evidence/evidence.h"
#include "agents/daemon/evidence/upkeep.h"
#include "agents/daemon/holding/approver.h"
#include "agents/daemon/holding/holder.h"
#include "agents/daemon/receiving/handover.h"
#include "agents/daemon/receiving/rights_taker.h"
#include "agents/daemon/sending/postman.h"
#include "agents/sdk/messages.h"
#include "agents/sdk/open.h"
#include "derwent/v1/mailbox.pb.h"

namespace derwent::agents {

// What alarms and metrics call a notice of this kind.
std::string NoticeCode(v1::NoticeKind kind);

// Takes what waits in the agency's mailbox. CollectOnce is the collecting thread's alone; it handles at once what is
// about different shares, in order what one agency sends about one.
class Receiver {
 public:
  struct Parts {
    Evidence& evidence;
    Upkeep& upkeep;
    Handover& handover;
    Postman& postman;
    Asker& asker;
    Holder& holder;
    Approver& approver;
    RightsTaker& rights;
  };
  // Borrows everything.
  Receiver(const AgentContext& context, const Parts& parts) : context_(context), parts_(parts) {}

  // Collects once, waiting at most `wait`, and handles what came. Returns how many deliveries were taken for good.
  // Error: kUnavailable when the broker does not answer.
  absl::StatusOr<int> CollectOnce(absl::Duration wait);

  // Handles one delivery: true when it is taken for good, false when it stays at the broker.
  absl::StatusOr<bool> Handle(const v1::Delivery& delivery);

 private:
  absl::StatusOr<bool> HandlePackage(const v1::Delivery& delivery);
  absl::StatusOr<OpenResult> Open(const v1::Package& package, const v1::Manifest& manifest);
  // Believes the receipts that came with a package, or complains of them to its sender, in the ledger, once a delivery.
  absl::StatusOr<Evidence::Verified> VerifyEvidence(const v1::Delivery& delivery, const v1::Manifest& manifest,
                                                    const Sha256Digest& digest);
  // Whether an opened package is one that this agency waits for, or may come to it: else why not (kInvalidArgument).
  absl::Status Fits(const v1::Manifest& manifest);
  absl::StatusOr<bool> Refuse(const v1::Delivery& delivery, const v1::Manifest& manifest, const Rejection& rejection);
  absl::StatusOr<bool> ContinuesOwn(const v1::Manifest& later) const;
  absl::StatusOr<bool> Keep(const v1::Delivery& delivery, const OpenedPackage& opened,
                            const Evidence::Verified& receipts);
  // Hands over what was kept, then says so.
  absl::Status HandOver(const std::string& share_id);
  absl::StatusOr<bool> HandleApproval(const v1::Delivery& delivery);
  absl::StatusOr<bool> HandleQuestion(const v1::Delivery& delivery);
  absl::StatusOr<bool> HandleRights(const v1::Delivery& delivery);
  absl::StatusOr<bool> HandleMessage(const v1::Delivery& delivery);
  // Applies a message and accepts its number.
  absl::Status Accept(const IncomingMessage& message);
  // What is still to be done of a message, in the transaction that accepts its number; null: nothing.
  using Effect = std::function<absl::Status(Changes&)>;
  absl::StatusOr<Effect> Apply(const IncomingMessage& message);
  absl::StatusOr<Effect> ApplyAcknowledgement(const v1::MessageHead& head, const v1::Acknowledgement& acknowledgement);
  absl::StatusOr<Effect> ApplyProgress(const v1::MessageHead& head, const v1::Progress& progress);
  absl::Status ApplyWithdrawal(const v1::MessageHead& head, const v1::Withdrawal& withdrawal);
  // Messages held behind a gap follow once it is filled, or what was missing was rejected. Returns the last number
  // that was taken of the share and its sender.
  absl::StatusOr<uint32_t> ApplyHeld(const v1::MessageHead& head);
  // What follows a rejected message waits for it no more. Itself it may still come as it was signed, until then.
  absl::Status PassOver(const v1::MessageHead& head);
  absl::StatusOr<bool> HandleNotice(const v1::Delivery& delivery);
  absl::StatusOr<bool> End(const std::string& delivery_id);
  // Reads the agency's keys again unless they were just read and hold the one that signed: it may be a moment old.
  absl::Status FreshKeys(const std::string& agency, const v1::DsseEnvelope& signed_by_it);

  const AgentContext& context_;
  const Parts parts_;
  KeyedLock reading_keys_;
  Mutex mutex_;
  std::map<std::string, absl::Time> keys_read_ GUARDED_BY(mutex_);
};

}  // namespace derwent::agents
