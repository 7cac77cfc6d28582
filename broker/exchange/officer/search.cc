#include "broker/exchange/officer/search.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "broker/exchange/command/paging.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/command/witnessed.h"
#include "broker/exchange/share/decide.h"
#include "broker/witness/standing.h"
#include "trust/base/status_macros.h"
#include "trust/entry/canonical.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

constexpr char kMethod[] = "SearchLedgerEntries";
constexpr int kMostReferences = 8;

absl::Status NoSuchEntry() {
  return Refuse(absl::StatusCode::kNotFound, "ENTRY_UNKNOWN", "no such entry of this agency");
}

void CheckForm(const v1::SearchLedgerEntriesRequest& request, Violations& violations) {
  const bool few =
      violations.Require(request.subject_references_size() <= kMostReferences, "subject_references", "are 8 at most");
  const bool sized = !few || std::ranges::all_of(request.subject_references(),
                                                 [](const std::string& r) { return r.size() == Sha256Digest::kSize; });
  violations.Require(sized, "subject_references", "are 32 octets each");
  violations.Require(v1::SearchView_IsValid(request.view()), "view", "is a view");
  if (!request.as_auditor()) return;
  // Not to be opened, so not to be asked by either.
  const std::pair<const char*, bool> closed[] = {{"agency", request.agency().empty()},
                                                 {"share_id", request.share_id().empty()},
                                                 {"subject_references", request.subject_references().empty()},
                                                 {"step", request.step().empty()},
                                                 {"person", request.person().empty()},
                                                 {"agreement", request.agreement().empty()},
                                                 {"view", request.view() == v1::SEARCH_VIEW_UNSPECIFIED}};
  for (const auto& [field, unset] : closed) violations.Require(unset, field, "is not an auditor's to open");
}

// What a query asks, so that its further pages are known to be its.
Sha256Digest DigestOf(const v1::SearchLedgerEntriesRequest& request, const std::vector<std::string>& tags) {
  trust::CanonicalWriter writer("derwent/ledger-query/v1");
  writer.Text(1, kMethod);
  const auto millis = [](const google::protobuf::Timestamp& time) {
    return absl::StrCat(absl::ToUnixMillis(trust::FromTimestamp(time)));
  };
  writer.Text(2, request.has_start_time() ? millis(request.start_time()) : "");
  writer.Text(3, request.has_end_time() ? millis(request.end_time()) : "");
  writer.Text(4, request.agency());
  writer.Text(5, request.board());
  writer.Text(6, request.purpose());
  writer.Text(7, request.decision());
  writer.Text(8, request.share_id());
  writer.List(9, tags);
  writer.Text(10, request.step());
  writer.Text(11, request.reason());
  writer.Text(12, request.person());
  writer.Text(13, request.category());
  writer.Text(14, request.agreement());
  writer.Number(15, static_cast<uint64_t>(request.view()));
  writer.Bool(16, request.as_auditor());
  return trust::Sha256(writer.octets());
}

ledger::View ViewOf(v1::SearchView view) {
  switch (view) {
    case v1::SEARCH_VIEW_REFUSALS:
      return ledger::View::kRefusals;
    case v1::SEARCH_VIEW_LOOKS:
      return ledger::View::kLooks;
    default:
      return ledger::View::kAll;
  }
}

ledger::SearchQuery QueryOf(const Caller& caller, const v1::SearchLedgerEntriesRequest& request,
                            std::vector<std::string> tags) {
  ledger::SearchQuery query{.rows = {.viewer_agency = request.as_auditor() ? "" : caller.agency(),
                                     .every_agency = request.as_auditor(),
                                     .other_agency = request.agency(),
                                     .board = request.board(),
                                     .purpose = request.purpose(),
                                     .outcome = request.decision(),
                                     .share_id = request.share_id(),
                                     .step = request.step(),
                                     .reason = request.reason(),
                                     .tags = std::move(tags)},
                            .person = request.person(),
                            .category = request.category(),
                            .agreement = request.agreement(),
                            .view = ViewOf(request.view())};
  if (request.has_start_time()) query.rows.start = trust::FromTimestamp(request.start_time());
  if (request.has_end_time()) query.rows.end = trust::FromTimestamp(request.end_time());
  return query;
}

}  // namespace

v1::LedgerEntry RenderEntry(const ledger::OpenedEntry& opened) {
  v1::LedgerEntry entry;
  entry.set_name(absl::StrCat("ledger/entries/", opened.index));
  entry.set_index(opened.index);
  for (const ledger::OpenedField& field : opened.fields) {
    v1::OpenedField& next = *entry.add_fields();
    next.set_number(static_cast<uint32_t>(field.number));
    next.set_name(field.name);
    next.set_value(field.value);
  }
  if (opened.kind != trust::EntryKind::kSealed) {
    v1::PublicEntry& told = *entry.mutable_public_entry();
    *told.mutable_time() = trust::ToTimestamp(opened.time);
    told.set_agency(opened.public_agency);
    told.set_step(opened.public_step);
  }
  entry.mutable_receipt()->set_index(opened.index);
  entry.mutable_receipt()->set_tlog_proof(opened.receipt);
  return entry;
}

absl::StatusOr<uint64_t> EntryIndexOf(absl::string_view name) {
  uint64_t index = 0;
  if (!absl::ConsumePrefix(&name, "ledger/entries/") || !absl::SimpleAtoi(name, &index)) return NoSuchEntry();
  return index;
}

absl::StatusOr<v1::LedgerEntry> GetLedgerEntry(const Caller& caller, uint64_t index, const World& world,
                                               store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<store::CheckpointRow> cosigned, witness::NewestCosignedOver(index, reader));
  absl::StatusOr<ledger::OpenedEntry> opened =
      ledger::OpenEntry(reader, index, caller.agency(), cosigned.has_value() ? &*cosigned : nullptr);
  if (absl::IsNotFound(opened.status()) || absl::IsInvalidArgument(opened.status())) return NoSuchEntry();
  RETURN_IF_ERROR(opened.status());
  v1::LedgerEntry entry = RenderEntry(*opened);
  entry.mutable_receipt()->set_quorum(cosigned.has_value() ? v1::RECEIPT_QUORUM_MET : NotFinal(world));
  return entry;
}

bool MayAuditOwn(const Caller& caller, const World& world, absl::Time now) {
  return PersonMay(world, caller.agency(), caller.id.name, "audit_own", "", now) ||
         PersonMay(world, caller.agency(), caller.id.name, "audit_own_health", "", now);
}

bool MayAuditMetadata(const Caller& caller, const World& world, absl::Time now) {
  return PersonMay(world, caller.agency(), caller.id.name, "audit_metadata", "", now);
}

absl::StatusOr<CheckedSearch> CheckSearch(const Caller& caller, const v1::SearchLedgerEntriesRequest& request,
                                          const ledger::Tagger& tagger, const World& world, absl::Time now) {
  const bool person = caller.id.kind == trust::CallerKind::kPerson;
  const bool may = request.as_auditor() ? person && MayAuditMetadata(caller, world, now)
                                        : !person || MayAuditOwn(caller, world, now);
  if (!may)
    return Refuse(absl::StatusCode::kPermissionDenied, "ROLE_NOT_ENTITLED",
                  "the caller's role does not let it look so");
  Violations violations;
  CheckForm(request, violations);
  const Page page = PageOf(request.page_size(), "", 0, violations);
  CheckedSearch search;
  search.token = ReadQueryToken(request.page_token(), violations);
  RETURN_IF_ERROR(violations.ToStatus());
  search.look.what = kMethod;
  std::vector<std::string> every;  // Entries of before a rotation have the tags of an earlier key.
  for (const std::string& reference : request.subject_references()) {
    ASSIGN_OR_RETURN(std::vector<std::string> tags, tagger.EveryTag(reference));
    search.look.tags.push_back(tags.front());
    std::ranges::move(tags, std::back_inserter(every));
  }
  search.look.query = DigestOf(request, search.look.tags);
  search.query = QueryOf(caller, request, std::move(every));
  search.query.rows.limit = page.size;
  if (search.token.has_value()) search.query.rows.from_index = search.token->position;
  return search;
}

absl::StatusOr<v1::SearchLedgerEntriesResponse> SearchLedgerEntries(const CheckedSearch& search, uint64_t entry,
                                                                    store::Reader& reader) {
  ledger::SearchQuery query = search.query;
  query.rows.before_index = entry;
  ASSIGN_OR_RETURN(const ledger::SearchPage page, ledger::Search(reader, std::move(query)));
  v1::SearchLedgerEntriesResponse response;
  for (const ledger::OpenedEntry& opened : page.entries) *response.add_entries() = RenderEntry(opened);
  response.mutable_query_receipt()->set_index(entry);
  response.set_position(page.last ? entry : page.next);
  response.set_size(entry);
  if (!page.last) response.set_next_page_token(QueryToken{.position = page.next, .entry = entry}.ToString());
  return response;
}

}  // namespace derwent::exchange
