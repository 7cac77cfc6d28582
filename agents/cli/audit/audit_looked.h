#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/cli/audit/audit_query.h"
#include "agents/cli/session/client.h"
#include "agents/cli/terminal/output.h"

namespace derwent::cli {

// An act that is told, wherever it was recorded.
struct Look {
  int64_t millis = 0;  // Since 1970.
  std::vector<std::string> cells;
};

// A page of looks. There are two records of them and one order: by time, of one moment the ledger's first, each record
// in its own order. Both only grow, so that a place in the order stays.
struct LooksPage {
  int64_t from = 0;   // Milliseconds since 1970: the first moment that is read again.
  uint64_t skip = 0;  // Looks of that moment that were told before.
  int64_t until = 0;  // What came later is not of this list.

  // `key`: of what is asked. Error: kInvalidArgument not a page of that list.
  static absl::StatusOr<LooksPage> Parse(absl::string_view text, absl::string_view key);
  std::string ToString(absl::string_view key) const;

  // Leaves of `looks` (the ledger's, then the agent's, from `from` on) this page: in order, without what was told
  // before, `limit` at most (0: all). Returns whether more follow, and then makes this the page that does.
  bool Take(size_t limit, std::vector<Look>& looks);
};

// `derwent audit looked`: who looked into the ledger for this agency, and who opened what at its agent. A further page
// is a look of its own.
absl::StatusOr<int> ListLooks(Client& client, const AuditFilters& filters, Format format);

}  // namespace derwent::cli
