#include "agents/daemon/receiving/rights_taker.h"

#include <algorithm>
#include <optional>

#include "agents/sdk/agency_signature.h"
#include "agents/sdk/rights.h"
#include "derwent/v1/package.pb.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

// Of the agency that it names, for this one.
template <typename Message>
absl::Status Verify(const v1::DsseEnvelope& envelope, absl::string_view type, const Message& message,
                    const AgentContext& context) {
  if (message.to_agency() != context.identity.agency)
    return absl::UnauthenticatedError("the message is for another agency");
  return VerifySigned(envelope, type, *context.keys.Find(message.from_agency()),
                      trust::FromTimestamp(message.create_time()), context.clock.Now());
}

bool IsGivenBy(const std::string& agency, const InboxRow& share) {
  v1::Manifest manifest;
  return share.sender == agency && manifest.ParseFromString(share.manifest) &&
         manifest.kind() != v1::PACKAGE_KIND_SELECTOR;
}

}  // namespace

bool RightsTaker::IsAboutRights(const v1::DsseEnvelope& message) {
  return message.payload_type() == trust::kRightsNoticeType || message.payload_type() == trust::kRightsAnswerType;
}

std::string RightsTaker::SaidBy(const v1::DsseEnvelope& message) {
  if (message.payload_type() == trust::kRightsNoticeType) {
    const auto notice = ReadRightsNotice(message);
    return notice.ok() ? notice->from_agency() : "";
  }
  const auto answer = ReadRightsAnswer(message);
  return answer.ok() ? answer->from_agency() : "";
}

absl::Status RightsTaker::Take(const v1::DsseEnvelope& message) {
  return message.payload_type() == trust::kRightsNoticeType ? TakeNotice(message) : TakeAnswer(message);
}

absl::Status RightsTaker::TakeNotice(const v1::DsseEnvelope& message) {
  ASSIGN_OR_RETURN(const v1::RightsNotice notice, ReadRightsNotice(message));
  RETURN_IF_ERROR(Verify(message, trust::kRightsNoticeType, notice, context_));
  ASSIGN_OR_RETURN(const std::optional<InboxRow> share, context_.state.FindReceived(notice.share_id()));
  // Of one that never came here, for instance because its package was rejected, the officer says so.
  if (share.has_value() && !IsGivenBy(notice.from_agency(), *share))
    return absl::InvalidArgumentError("the notice is about no share that its sender gave to this agency");
  return context_.state.TakeRights({.event_id = notice.event_id(),
                                    .share_id = notice.share_id(),
                                    .peer = notice.from_agency(),
                                    .own = false,
                                    .state = "RECEIVED",
                                    .notice = message.SerializeAsString(),
                                    .create_time = context_.clock.Now()});
}

absl::Status RightsTaker::TakeAnswer(const v1::DsseEnvelope& message) {
  ASSIGN_OR_RETURN(const v1::RightsAnswer answer, ReadRightsAnswer(message));
  RETURN_IF_ERROR(Verify(message, trust::kRightsAnswerType, answer, context_));
  ASSIGN_OR_RETURN(const std::vector<RightsRow> rows, context_.state.RightsOf(answer.event_id()));
  const auto row = std::ranges::find_if(rows, [&](const RightsRow& one) {
    return one.own && one.share_id == answer.share_id() && one.peer == answer.from_agency();
  });
  if (row == rows.end()) return absl::InvalidArgumentError("the answer is to no notice of this agency");
  RightsRow answered = *row;
  answered.answer = message.SerializeAsString();
  return context_.state.TakeRightsAnswer(answered);
}

}  // namespace derwent::agents
