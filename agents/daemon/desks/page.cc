#include "agents/daemon/desks/page.h"

#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/context/fault.h"

namespace derwent::agents {
namespace {

constexpr int kUsualPage = 50;
constexpr int kLargestPage = 500;

std::string ReaderOf(absl::string_view list, const LocalCaller& caller) {
  return absl::StrCat("page/", list, "/", static_cast<int>(caller.kind), "/", caller.name);
}

// The row below which a page starts; nullopt when the token is not of this list and reader.
std::optional<int64_t> RowOf(const std::string& token, const std::string& reader, const AgentContext& context) {
  std::string sealed;
  if (!absl::WebSafeBase64Unescape(token, &sealed)) return std::nullopt;
  const absl::StatusOr<std::string> row = OpenFromStore(context.identity, reader, sealed);
  int64_t before = 0;
  if (!row.ok() || !absl::SimpleAtoi(*row, &before)) return std::nullopt;
  return before;
}

}  // namespace

absl::StatusOr<Page> Page::Of(absl::string_view list, const LocalCaller& caller, int32_t size, const std::string& token,
                              const AgentContext& context) {
  std::string reader = ReaderOf(list, caller);
  std::vector<FieldProblem> problems;
  if (size < 0 || size > kLargestPage) problems.push_back({"page_size", "must be 1 to 500, or 0"});
  const std::optional<int64_t> before = token.empty() ? 0 : RowOf(token, reader, context);
  if (!before.has_value()) problems.push_back({"page_token", "must be of the previous page"});
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
                 problems);
  return Page(std::move(reader), size > 0 ? size : kUsualPage, before.value_or(0), context);
}

absl::StatusOr<std::string> Page::TokenBelow(int64_t row) const {
  ASSIGN_OR_RETURN(const std::string sealed,
                   SealForStore(context_.identity, reader_, absl::StrCat(row), context_.random));
  return absl::WebSafeBase64Escape(sealed);
}

}  // namespace derwent::agents
