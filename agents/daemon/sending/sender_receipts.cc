// Sender's receipts of what it submitted, and its complaints of them.
#include <vector>

#include "agents/daemon/sending/sender.h"
#include "agents/sdk/open.h"
#include "trust/base/status_macros.h"
#include "trust/secret/sha256.h"

namespace derwent::agents {

absl::Status Sender::TakeReceipts(const v1::SubmitReferralRequest& request,
                                  const v1::SubmitReferralResponse& response) {
  std::vector<Evidence::Shown> shown;
  for (const v1::Submission& submission : request.submissions()) {
    ASSIGN_OR_RETURN(const v1::Manifest manifest, PeekManifest(submission.package()));
    for (const v1::ManifestSubject& subject : manifest.subjects()) {
      const int next = static_cast<int>(shown.size());
      if (next >= response.receipts_size()) {
        context_.Alarm("RECEIPT_MISSING", manifest.share_id(), "");
        RETURN_IF_ERROR(postman_.QueueComplaints(request.submissions(), v1::NOTICE_KIND_RECEIPT_MISSING));
        return absl::DataLossError("RECEIPT_MISSING: the broker answered without the receipt of a subject");
      }
      const ExpectedEntry expected{.releasing_agency = manifest.sender_agency(),
                                   .receiving_agency = manifest.recipient_agency(),
                                   .share_id = manifest.share_id(),
                                   .profile = manifest.profile(),
                                   .purpose = manifest.purpose(),
                                   .subject = subject.number(),
                                   .manifest_digest = trust::Sha256(submission.package().manifest().payload())};
      shown.push_back({.receipt = response.receipts(next), .expected = expected});
    }
  }
  absl::Status taken = evidence_.Take(shown);
  if (IsFaultOfReceipts(taken))
    RETURN_IF_ERROR(postman_.QueueComplaints(request.submissions(), v1::NOTICE_KIND_RECEIPT_INVALID));
  return taken;
}

}  // namespace derwent::agents
