#include "agents/daemon/page.h"

#include <vector>

#include "absl/strings/numbers.h"

#include "agents/daemon/fault.h"

namespace derwent::agents {
namespace {

constexpr int kLargestPage = 500;

}  // namespace

absl::StatusOr<Page> PageOf(int32_t size, const std::string& token) {
  Page page;
  std::vector<FieldProblem> problems;
  if (size < 0 || size > kLargestPage) problems.push_back({"page_size", "must be 1 to 500, or 0"});
  if (size > 0) page.size = size;
  if (!token.empty() && (!absl::SimpleAtoi(token, &page.before) || page.before <= 0))
    problems.push_back({"page_token", "must be of the previous page"});
  if (!problems.empty())
    return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
                 problems);
  return page;
}

}  // namespace derwent::agents
