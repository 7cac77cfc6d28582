#include "broker/exchange/reads.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/envelope.h"
#include "broker/exchange/paging.h"
#include "broker/exchange/refusal.h"
#include "broker/ledger/query.h"
#include "broker/witness/standing.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

void AddDue(const store::Due& due, const char* step, v1::ReferralRecipient& recipient) {
  if (!due.time.has_value()) return;
  v1::DueTime& next = *recipient.add_due_times();
  next.set_step(step);
  *next.mutable_due_time() = ToTimestamp(*due.time);
  next.set_overdue(due.overdue);
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
  *referral.mutable_create_time() = ToTimestamp(share.create_time);
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
    *recipient.mutable_update_time() = ToTimestamp(part.update_time);
  }
  if (referral.recipients().empty())
    return Refuse(absl::StatusCode::kNotFound, "SHARE_UNKNOWN", "no such referral of this agency");
  ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes,
                   reader.SearchEntries({.viewer_agency = viewer, .share_id = share.share_id, .limit = 200}));
  for (const uint64_t index : indexes) referral.add_ledger_indexes(index);
  return referral;
}

v1::LedgerEntry Render(const ledger::OpenedEntry& opened) {
  v1::LedgerEntry entry;
  entry.set_name(absl::StrCat("ledger/entries/", opened.index));
  entry.set_index(opened.index);
  for (const ledger::OpenedField& field : opened.fields) {
    v1::OpenedField& next = *entry.add_fields();
    next.set_number(static_cast<uint32_t>(field.number));
    next.set_name(field.name);
    next.set_value(field.value);
  }
  entry.mutable_receipt()->set_index(opened.index);
  entry.mutable_receipt()->set_tlog_proof(opened.receipt);
  return entry;
}

}  // namespace

v1::ReceiptQuorum NotFinal(const World& world) {
  return world.quorum == nullptr || world.quorum->none() ? v1::RECEIPT_QUORUM_NONE : v1::RECEIPT_QUORUM_PENDING;
}

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

absl::StatusOr<v1::LedgerEntry> GetLedgerEntry(const Caller& caller, uint64_t index, const World& world,
                                               store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> cosigned, witness::NewestCosignedOver(index, reader));
  absl::StatusOr<ledger::OpenedEntry> opened =
      ledger::OpenEntry(reader, index, caller.agency(), cosigned.has_value() ? &*cosigned : nullptr);
  if (absl::IsNotFound(opened.status()) || absl::IsInvalidArgument(opened.status()))
    return Refuse(absl::StatusCode::kNotFound, "ENTRY_UNKNOWN", "no such entry of this agency");
  RETURN_IF_ERROR(opened.status());
  v1::LedgerEntry entry = Render(*opened);
  entry.mutable_receipt()->set_quorum(cosigned.has_value() ? v1::RECEIPT_QUORUM_MET : NotFinal(world));
  return entry;
}

absl::Status CheckSearch(const v1::SearchLedgerEntriesRequest& request) {
  Violations violations;
  PageOf(request.page_size(), request.page_token(), 0, violations);
  violations.Require(request.subject_references_size() <= 8, "subject_references", "are 8 at most");
  const bool sized = std::all_of(request.subject_references().begin(), request.subject_references().end(),
                                 [](const std::string& r) { return r.size() == Sha256Digest::kSize; });
  violations.Require(sized, "subject_references", "are 32 octets each");
  return violations.ToStatus();
}

absl::StatusOr<v1::SearchLedgerEntriesResponse> SearchLedgerEntries(const Caller& caller,
                                                                    const v1::SearchLedgerEntriesRequest& request,
                                                                    const ledger::Tagger& tagger,
                                                                    store::Reader& reader) {
  Violations violations;
  const Page page = PageOf(request.page_size(), request.page_token(), 0, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  store::EntryQuery query{.viewer_agency = caller.agency(),
                          .other_agency = request.agency(),
                          .board = request.board(),
                          .purpose = request.purpose(),
                          .outcome = request.decision(),
                          .share_id = request.share_id(),
                          .step = request.step(),
                          .reason = request.reason(),
                          .from_index = page.start,
                          .limit = page.size};
  if (request.has_start_time()) query.start = FromTimestamp(request.start_time());
  if (request.has_end_time()) query.end = FromTimestamp(request.end_time());
  for (const std::string& reference : request.subject_references()) {
    ASSIGN_OR_RETURN(std::string tag, tagger.Tag(reference));
    query.tags.push_back(std::move(tag));
  }
  ASSIGN_OR_RETURN(const std::vector<ledger::OpenedEntry> found, ledger::Search(reader, query));
  v1::SearchLedgerEntriesResponse response;
  for (const ledger::OpenedEntry& opened : found) *response.add_entries() = Render(opened);
  if (found.size() == query.limit) response.set_next_page_token(absl::StrCat(found.back().index + 1));
  return response;
}

absl::StatusOr<v1::AgencyKeys> GetAgencyKeys(const std::string& agency, store::Reader& reader) {
  v1::AgencyKeys keys;
  keys.set_agency(agency);
  ASSIGN_OR_RETURN(const std::vector<store::KeyEventRow> events, reader.ListKeyEvents(agency));
  for (const store::KeyEventRow& event : events) {
    if (!keys.add_events()->ParseFromString(event.envelope))
      return absl::DataLossError("a stored key event does not parse");
    keys.add_receipts()->set_index(event.entry_index);
  }
  return keys;
}

absl::StatusOr<v1::ListDirectoriesResponse> ListDirectories(const v1::ListDirectoriesRequest& request,
                                                            const World& world, store::Reader& reader) {
  v1::ListDirectoriesResponse response;
  response.set_digest(world.register_digest.bytes());
  if (request.known_digest() == response.digest()) return response;
  ASSIGN_OR_RETURN(const std::vector<store::DirectoryRow> rows, reader.ListDirectories());
  for (const store::DirectoryRow& row : rows) {
    if (!response.add_directories()->ParseFromString(row.envelope))
      return absl::DataLossError("a stored directory does not parse");
  }
  return response;
}

}  // namespace derwent::exchange
