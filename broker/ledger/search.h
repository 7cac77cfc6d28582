#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "broker/ledger/entry_opener.h"
#include "broker/ledger/query.h"
#include "broker/ledger/visibility.h"
#include "broker/store/store.h"

namespace derwent::ledger {

// A kind of entries.
enum class View {
  kAll,
  kRefusals,  // what was refused, and what nobody answered in time
  kLooks,     // reads of the ledger
};

// What entries are searched by. Beside the store's columns it asks the entries themselves, and of each only what it
// would open to the viewer: nobody learns by searching. What was erased matches nothing.
struct SearchQuery {
  store::EntryQuery rows;  // `every_agency`: as an auditor of the consortium; `limit`: entries of a page
  std::string person;      // who acted for the viewer's own side
  std::string category;
  std::string agreement;
  View view = View::kAll;
  size_t most_examined = 20'000;  // entries gone through for one page
};

// What `query.rows.viewer_agency`, or the auditor, is to an entry.
Viewer ViewerFor(const SearchQuery& query, const store::EntryColumns& columns);

// A page of a search, in ledger order.
struct SearchPage {
  std::vector<OpenedEntry> entries;
  uint64_t next = 0;  // entries below were gone through; the next page's `from_index`
  bool last = false;  // nothing more can match
};

// Errors: of the store; kInvalidArgument a query for nobody.
absl::StatusOr<SearchPage> Search(store::Reader& reader, SearchQuery query);

// Likewise, with the entries as they are stored: for counting and deciding again, never to be shown.
struct MatchedPage {
  std::vector<FoundEntry> entries;
  uint64_t next = 0;
  bool last = false;
};
absl::StatusOr<MatchedPage> Match(store::Reader& reader, SearchQuery query);

}  // namespace derwent::ledger
