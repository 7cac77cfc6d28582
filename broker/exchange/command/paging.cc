#include "broker/exchange/command/paging.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace derwent::exchange {

Page PageOf(int32_t size, const std::string& token, uint64_t first, Violations& violations) {
  Page page{.start = first};
  violations.Require(size >= 0 && size <= 500, "page_size", "is 0 to 500");
  if (size > 0) page.size = static_cast<size_t>(size);
  violations.Require(token.empty() || absl::SimpleAtoi(token, &page.start), "page_token",
                     "is one that an earlier page gave");
  return page;
}

store::ShareRole RoleOf(const std::string& filter, absl::string_view sender, absl::string_view recipient,
                        Violations& violations) {
  if (filter == sender) return store::ShareRole::kSender;
  if (filter == recipient) return store::ShareRole::kRecipient;
  violations.Require(filter.empty(), "filter", absl::StrCat("is ", sender, ", ", recipient, " or empty"));
  return store::ShareRole::kBoth;
}

}  // namespace derwent::exchange
