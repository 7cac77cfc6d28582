#include "broker/exchange/command/paging.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/erasure/erasures.h"
#include "trust/base/status_macros.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

v1::ErasureState StateOf(const store::ErasureRow& row, const std::vector<store::ErasurePartyRow>& parties,
                         absl::Time now) {
  if (!row.entry_index.has_value())
    return row.expire_time > now ? v1::ERASURE_STATE_REQUESTED : v1::ERASURE_STATE_LAPSED;
  for (const store::ErasurePartyRow& party : parties) {
    if (!party.attest_time.has_value()) return v1::ERASURE_STATE_ERASING;
  }
  return v1::ERASURE_STATE_ERASED;
}

}  // namespace

absl::StatusOr<v1::Erasure> RenderErasure(const store::ErasureRow& row, const std::string& agency, absl::Time now,
                                          store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::vector<store::ErasurePartyRow> parties, reader.ErasureParties(row.position));
  v1::Erasure erasure;
  erasure.set_erasure_id(row.erasure_id);
  erasure.set_state(StateOf(row, parties, now));
  *erasure.mutable_create_time() = trust::ToTimestamp(row.create_time);
  const bool readable = (row.request.empty() || erasure.mutable_request()->ParseFromString(row.request)) &&
                        (row.approval.empty() || erasure.mutable_approval()->ParseFromString(row.approval));
  if (!readable) return absl::DataLossError("a stored erasure does not parse");
  if (row.entry_index.has_value()) erasure.mutable_receipt()->set_index(*row.entry_index);
  for (const store::ErasurePartyRow& party : parties) {
    if (party.agency == agency) erasure.mutable_entries()->Add(party.entries.begin(), party.entries.end());
    // By schedule many shares go at once: who else is party to them is nobody else's business.
    if (row.agency.empty() && party.agency != agency) continue;
    v1::ErasureParty& shown = *erasure.add_parties();
    shown.set_agency(party.agency);
    shown.set_chased(party.chased);
    if (party.attest_time.has_value()) *shown.mutable_attest_time() = trust::ToTimestamp(*party.attest_time);
  }
  return erasure;
}

absl::StatusOr<v1::ListErasuresResponse> ListErasures(const Caller& caller, const v1::ListErasuresRequest& request,
                                                      absl::Time now, store::Reader& reader) {
  Violations violations;
  const Page page =
      PageOf(request.page_size(), request.page_token(), request.unattested() ? 0 : UINT64_MAX, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  std::vector<store::ErasureRow> rows;
  if (request.unattested()) {
    ASSIGN_OR_RETURN(rows, reader.UnattestedErasures(caller.agency(), page.start, page.size));
  } else {
    ASSIGN_OR_RETURN(rows, reader.ListErasures(caller.agency(), page.start, page.size));
  }
  v1::ListErasuresResponse response;
  for (const store::ErasureRow& row : rows) {
    ASSIGN_OR_RETURN(*response.add_erasures(), RenderErasure(row, caller.agency(), now, reader));
  }
  if (rows.size() == page.size) response.set_next_page_token(std::to_string(rows.back().position));
  return response;
}

}  // namespace derwent::exchange
