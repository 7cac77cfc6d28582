// What is kept of a share, rewritten when the ledger's entries of it were erased.
#include <algorithm>
#include <iterator>
#include <utility>

#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

// Replaces `column` of a share's row in `table` by what `rewrite` makes of it; an empty one stays.
absl::Status RewriteColumn(Sql& sql, const std::string& table, const std::string& column, const std::string& share_id,
                           const State::Rewrite& rewrite) {
  std::string kept;
  {
    Sql::Statement query(sql, "SELECT " + column + " FROM " + table + " WHERE share_id = ?");
    query.Bind(share_id);
    ASSIGN_OR_RETURN(const bool found, query.Next());
    if (!found) return absl::OkStatus();
    kept = query.Text(0);
  }
  if (kept.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string rewritten, rewrite(kept));
  return Sql::Statement(sql, "UPDATE " + table + " SET " + column + " = ? WHERE share_id = ?")
      .Bind(rewritten, share_id)
      .Run();
}

}  // namespace

absl::StatusOr<std::vector<ReceiptRow>> State::ReceiptsAt(const std::vector<uint64_t>& indexes) {
  const StateFile::Reading reading(*file_);
  std::vector<ReceiptRow> receipts;
  for (const uint64_t index : indexes) {
    Sql::Statement query(reading.sql(), "SELECT share_id, receipt FROM receipts WHERE idx = ? ORDER BY share_id");
    query.Bind(static_cast<int64_t>(index));
    ASSIGN_OR_RETURN(std::vector<ReceiptRow> of_entry, query.All([&](const Sql::Statement& row) {
      return ReceiptRow{.share_id = row.Text(0), .index = index, .receipt = row.Text(1)};
    }));
    std::ranges::move(of_entry, std::back_inserter(receipts));
  }
  return receipts;
}

absl::Status State::RewriteShare(const std::string& share_id, const std::vector<ReceiptRow>& receipts,
                                 const Rewrite& outcome, const Rewrite& content) {
  return file_->Change([&](Sql& sql) -> absl::Status {
    // What the broker replied to reports opens the same fields; nobody waits for one of those any more.
    RETURN_IF_ERROR(
        Sql::Statement(sql, "DELETE FROM out_replies WHERE substr(CAST(once_key AS TEXT), 1, 9) = 'progress/'").Run());
    for (const ReceiptRow& one : receipts) {
      RETURN_IF_ERROR(Sql::Statement(sql, "UPDATE receipts SET receipt = ? WHERE share_id = ? AND idx = ?")
                          .Bind(one.receipt, share_id, static_cast<int64_t>(one.index))
                          .Run());
    }
    RETURN_IF_ERROR(RewriteColumn(sql, "outbox", "outcome", share_id, outcome));
    return RewriteColumn(sql, "inbox", "content", share_id, content);
  });
}

}  // namespace derwent::agents
