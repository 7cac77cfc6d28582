#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/command/paging.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/referral/referrals.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

void AddDue(const store::Due& due, const char* step, v1::ReferralRecipient& recipient) {
  if (!due.time.has_value()) return;
  v1::DueTime& next = *recipient.add_due_times();
  next.set_step(step);
  *next.mutable_due_time() = trust::ToTimestamp(*due.time);
  next.set_overdue(due.overdue);
}

// The later version, where the viewer is party to it.
absl::StatusOr<std::string> SupersededBy(const std::string& viewer, const store::ShareRow& share,
                                         store::Reader& reader) {
  if (share.superseded_by_share_id.empty() || viewer == share.sender_agency) return share.superseded_by_share_id;
  ASSIGN_OR_RETURN(const std::optional<store::PartRow> part,
                   reader.FindPart({.share_id = share.superseded_by_share_id, .recipient_agency = viewer}));
  return part.has_value() ? share.superseded_by_share_id : "";
}

absl::StatusOr<v1::Referral> Render(const std::string& viewer, const store::ShareRow& share, store::Reader& reader) {
  v1::Referral referral;
  referral.set_name(absl::StrCat("agencies/", viewer, "/referrals/", share.share_id));
  referral.set_share_id(share.share_id);
  referral.set_version(share.version);
  referral.set_profile(share.profile);
  referral.set_purpose(share.purpose);
  referral.set_board(share.board);
  referral.set_area(share.area);
  referral.set_sender_agency(share.sender_agency);
  *referral.mutable_create_time() = trust::ToTimestamp(share.create_time);
  referral.set_supersedes_share_id(share.supersedes_share_id);
  ASSIGN_OR_RETURN(*referral.mutable_superseded_by_share_id(), SupersededBy(viewer, share, reader));
  ASSIGN_OR_RETURN(const std::vector<store::PartRow> parts, reader.ListParts(share.share_id));
  for (const store::PartRow& part : parts) {
    if (viewer != share.sender_agency && viewer != part.key.recipient_agency) continue;
    v1::ReferralRecipient& recipient = *referral.add_recipients();
    recipient.set_agency(part.key.recipient_agency);
    recipient.set_role(part.role);
    recipient.set_state(static_cast<v1::RecipientState>(part.state));
    recipient.set_reason(part.reason);
    AddDue(part.collection, "collection", recipient);
    AddDue(part.acceptance, "acceptance", recipient);
    AddDue(part.outcome, "outcome", recipient);
    *recipient.mutable_update_time() = trust::ToTimestamp(part.update_time);
  }
  if (referral.recipients().empty())
    return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such referral of this agency");
  ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes,
                   reader.SearchEntries({.viewer_agency = viewer, .share_id = share.share_id, .limit = 200}));
  for (const uint64_t index : indexes) referral.add_ledger_indexes(index);
  return referral;
}

}  // namespace

absl::StatusOr<v1::Referral> GetReferral(const Caller& caller, const v1::GetReferralRequest& request,
                                         store::Reader& reader) {
  const std::vector<std::string> parts = absl::StrSplit(request.name(), '/');
  if (parts.size() != 4 || parts[0] != "agencies" || parts[1] != caller.agency() || parts[2] != "referrals") {
    return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such referral of this agency");
  }
  ASSIGN_OR_RETURN(const std::optional<store::ShareRow> share, reader.FindShare(parts[3]));
  if (!share.has_value() || share->kind != v1::PACKAGE_KIND_REFERRAL)
    return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such referral of this agency");
  return Render(caller.agency(), *share, reader);
}

absl::StatusOr<v1::ListReferralsResponse> ListReferrals(const Caller& caller, const v1::ListReferralsRequest& request,
                                                        store::Reader& reader) {
  if (request.parent() != absl::StrCat("agencies/", caller.agency()))
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED", "an agency lists its own referrals only");
  Violations violations;
  const Page page = PageOf(request.page_size(), request.page_token(), UINT64_MAX, violations);
  const store::ShareRole role = RoleOf(request.filter(), "role=sender", "role=recipient", violations);
  RETURN_IF_ERROR(violations.ToStatus());
  const store::ShareQuery query{.agency = caller.agency(),
                                .kind = v1::PACKAGE_KIND_REFERRAL,
                                .role = role,
                                .before = page.start,
                                .limit = page.size};
  ASSIGN_OR_RETURN(const std::vector<store::ListedShare> shares, reader.ListShares(query));
  v1::ListReferralsResponse response;
  for (const store::ListedShare& share : shares) {
    ASSIGN_OR_RETURN(*response.add_referrals(), Render(caller.agency(), share.share, reader));
  }
  if (shares.size() == query.limit) response.set_next_page_token(absl::StrCat(shares.back().position));
  return response;
}

}  // namespace derwent::exchange
