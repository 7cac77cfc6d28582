#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "broker/exchange/command/batch.h"
#include "broker/exchange/share/decide.h"
#include "broker/exchange/share/package_check.h"
#include "broker/store/store.h"
#include "derwent/v1/mailbox.pb.h"

// A stored part: decided again, entered step by step, told about.

namespace derwent::exchange {

struct StoredPart {
  store::ShareRow share;
  store::PartRow part;
  v1::Manifest manifest;
  v1::SenderStatement statement;
  v1::Manifest selector;  // Of a request its own manifest, of an answer that of the request it replies to.
  Approved approved;      // What its units rest on.

  bool replies() const { return !share.reply_to_share_id.empty(); }
};
// A part with its manifest. Errors: kNotFound.
absl::StatusOr<StoredPart> LoadPart(const store::PartKey& key, Batch& batch);
// What the broker decides about a part under the world as it is: of a request and its answers, what was asked.
absl::StatusOr<std::vector<DecidedSubject>> DecideStored(const StoredPart& stored, Batch& batch);
// Enters one step for every subject of a part. Returns the indexes. `code`: what the step itself says, for instance a
// notice's kind, in place of the decision. `overridden`: what stood against the step and was overridden.
absl::StatusOr<std::vector<uint64_t>> EnterStep(absl::string_view step, By by, const StoredPart& stored,
                                                const Objections& refused, Batch& batch, absl::string_view code = "",
                                                absl::string_view overridden = "");
// Puts a notice of the broker into an agency's mailbox.
absl::Status DeliverNotice(const std::string& agency, v1::BrokerNoticeKind kind, const StoredPart& stored,
                           const std::string& reason, const std::string& role, const std::vector<uint64_t>& entries,
                           Batch& batch);
inline constexpr int32_t kPackageDelivery = 1;
inline constexpr int32_t kMessageDelivery = 2;
inline constexpr int32_t kNoticeDelivery = 3;
inline constexpr int32_t kApprovalDelivery = 4;

}  // namespace derwent::exchange
