#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/command/paging.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/request/requests.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

// Requests as their parties see them. The asker of an existence-sensitive one sees nothing that may hang on the person.

namespace derwent::exchange {
namespace {

v1::HolderState StateOf(int32_t state) {
  switch (state) {
    case v1::RECIPIENT_STATE_AWAITING_APPROVAL:
      return v1::HOLDER_STATE_AWAITING_APPROVAL;
    case v1::RECIPIENT_STATE_ANSWERED:
      return v1::HOLDER_STATE_ANSWERED;
    case v1::RECIPIENT_STATE_EXPIRED:
      return v1::HOLDER_STATE_EXPIRED;
    case v1::RECIPIENT_STATE_WITHDRAWN:
      return v1::HOLDER_STATE_CANCELLED;
    case v1::RECIPIENT_STATE_HELD:
      return v1::HOLDER_STATE_HELD;
    case v1::RECIPIENT_STATE_REFUSED:
      return v1::HOLDER_STATE_REFUSED;
    default:
      return v1::HOLDER_STATE_WAITING;
  }
}

// Waiting until the slot, answered from then on; cancelled is the asker's own doing.
v1::HolderState NeutralState(const store::PartRow& part, absl::Time now) {
  if (part.state == v1::RECIPIENT_STATE_WITHDRAWN) return v1::HOLDER_STATE_CANCELLED;
  return part.state == v1::RECIPIENT_STATE_ANSWERED && part.update_time <= now ? v1::HOLDER_STATE_ANSWERED
                                                                               : v1::HOLDER_STATE_WAITING;
}

// What a viewer is shown of a holder.
enum class Shown {
  kAll,
  kNeutral,      // Nothing that hangs on the person, but for what was released.
  kFirstAnswer,  // Nor that either: whoever sits at the asker's console may not be one who may open it.
};

Shown ShownTo(const Caller& caller, const store::ShareRow& share) {
  if (caller.agency() != share.sender_agency || !share.existence_sensitive) return Shown::kAll;
  return caller.id.kind == trust::CallerKind::kConsole ? Shown::kFirstAnswer : Shown::kNeutral;
}

absl::Status AddHolder(const store::ShareRow& share, const store::PartRow& part, Shown shown, absl::Time now,
                       store::Reader& reader, v1::CaseRequest& request) {
  const bool neutral = shown != Shown::kAll;
  v1::RequestHolder& holder = *request.add_holders();
  holder.set_agency(part.key.recipient_agency);
  holder.set_state(neutral ? NeutralState(part, now) : StateOf(part.state));
  if (!neutral) holder.set_reason(part.reason);
  const bool still_waits = holder.state() == v1::HOLDER_STATE_WAITING;
  *holder.mutable_update_time() = trust::ToTimestamp(neutral && still_waits ? share.create_time : part.update_time);
  if (neutral && still_waits) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<store::ShareRow> replies,
                   reader.ListReplies(share.share_id, part.key.recipient_agency));
  for (const store::ShareRow& reply : replies) {
    holder.add_answer_share_ids(reply.share_id);
    if (shown == Shown::kFirstAnswer) break;
  }
  return absl::OkStatus();
}

absl::Status Unknown() {
  return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such request of this agency");
}

absl::StatusOr<v1::CaseRequest> Render(const Caller& caller, const store::ShareRow& share, absl::Time now,
                                       store::Reader& reader) {
  const std::string& viewer = caller.agency();
  v1::CaseRequest request;
  request.set_name(absl::StrCat("agencies/", viewer, "/caseRequests/", share.share_id));
  request.set_request_id(share.share_id);
  request.set_profile(share.profile);
  request.set_purpose(share.purpose);
  request.set_board(share.board);
  request.set_area(share.area);
  request.set_case_id(share.case_id);
  request.set_asker_agency(share.sender_agency);
  *request.mutable_create_time() = trust::ToTimestamp(share.create_time);
  *request.mutable_expire_time() = trust::ToTimestamp(share.expire_time);
  request.set_existence_sensitive(share.existence_sensitive);
  ASSIGN_OR_RETURN(const std::vector<store::PartRow> parts, reader.ListParts(share.share_id));
  const bool asks = viewer == share.sender_agency;
  for (const store::PartRow& part : parts) {
    if (asks || viewer == part.key.recipient_agency)
      RETURN_IF_ERROR(AddHolder(share, part, ShownTo(caller, share), now, reader, request));
  }
  return request.holders().empty() ? absl::StatusOr<v1::CaseRequest>(Unknown()) : request;
}

}  // namespace

absl::StatusOr<v1::CaseRequest> GetCaseRequest(const Caller& caller, const v1::GetCaseRequestRequest& request,
                                               absl::Time now, store::Reader& reader) {
  const std::vector<std::string> parts = absl::StrSplit(request.name(), '/');
  if (parts.size() != 4 || parts[0] != "agencies" || parts[1] != caller.agency() || parts[2] != "caseRequests")
    return Unknown();
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, reader.FindShare(parts[3]));
  if (!share.has_value() || share->kind != v1::PACKAGE_KIND_SELECTOR) return Unknown();
  return Render(caller, *share, now, reader);
}

absl::StatusOr<v1::ListCaseRequestsResponse> ListCaseRequests(const Caller& caller,
                                                              const v1::ListCaseRequestsRequest& request,
                                                              absl::Time now, store::Reader& reader) {
  if (request.parent() != absl::StrCat("agencies/", caller.agency()))
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "an agency lists its own requests only");
  Violations violations;
  const Page page = PageOf(request.page_size(), request.page_token(), UINT64_MAX, violations);
  const store::ShareRole role = RoleOf(request.filter(), "role=asker", "role=holder", violations);
  RETURN_IF_ERROR(violations.ToStatus());
  const store::ShareQuery query{.agency = caller.agency(),
                                .kind = v1::PACKAGE_KIND_SELECTOR,
                                .role = role,
                                .before = page.start,
                                .limit = page.size};
  ASSIGN_OR_RETURN(const std::vector<store::ListedShare> shares, reader.ListShares(query));
  v1::ListCaseRequestsResponse response;
  for (const store::ListedShare& share : shares) {
    ASSIGN_OR_RETURN(*response.add_requests(), Render(caller, share.share, now, reader));
  }
  if (shares.size() == page.size) response.set_next_page_token(absl::StrCat(shares.back().position));
  return response;
}

}  // namespace derwent::exchange
