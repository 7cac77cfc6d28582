#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "agents/daemon/context/context.h"
#include "agents/daemon/context/entitlement.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {

// What one page of a list shows, and the token of the next one; empty: the caller may see no more.
template <typename Row>
struct Filled {
  std::vector<Row> rows;
  std::string next_page_token;
};

// One page of a list of the local service, newest first, for one caller. It is filled with what the caller may see, and
// there is a token only when there is more of that: nothing tells of what is hidden. A token is sealed for this list
// and this caller, so that it tells no position either. Borrows the context. A value; not thread-safe.
class Page {
 public:
  // `list` names the list. `size`: 1 to 500, 0 for 50. `token`: of the page before, empty for the first.
  // Error: kInvalidArgument, a Fault naming every wrong field.
  static absl::StatusOr<Page> Of(absl::string_view list, const LocalCaller& caller, int32_t size,
                                 const std::string& token, const AgentContext& context);

  // `read(before, limit)` gives rows whose `row` is below `before` (0: the newest), newest first; `may_see(row)` says
  // whether the caller may see one. Errors: of both.
  template <typename Read, typename MaySee>
  auto Fill(const Read& read, const MaySee& may_see) const {
    using Row = typename std::invoke_result_t<Read, int64_t, int>::value_type::value_type;
    return FillRows<Row>(read, may_see);
  }

 private:
  static constexpr int kRead = 200;  // Rows at once.

  Page(std::string reader, int size, int64_t before, const AgentContext& context)
      : reader_(std::move(reader)), size_(static_cast<size_t>(size)), before_(before), context_(context) {}
  absl::StatusOr<std::string> TokenBelow(int64_t row) const;

  template <typename Row, typename Read, typename MaySee>
  absl::StatusOr<Filled<Row>> FillRows(const Read& read, const MaySee& may_see) const {
    Filled<Row> filled;
    int64_t before = before_;
    while (true) {
      ASSIGN_OR_RETURN(std::vector<Row> rows, read(before, kRead));
      for (Row& row : rows) {
        before = row.row;
        ASSIGN_OR_RETURN(const bool visible, may_see(row));
        if (!visible) continue;
        if (filled.rows.size() == size_) {
          ASSIGN_OR_RETURN(filled.next_page_token, TokenBelow(filled.rows.back().row));
          return filled;
        }
        filled.rows.push_back(std::move(row));
      }
      if (rows.size() < kRead) return filled;
    }
  }

  std::string reader_;  // Which list, read by whom.
  size_t size_;
  int64_t before_;
  const AgentContext& context_;
};

}  // namespace derwent::agents
