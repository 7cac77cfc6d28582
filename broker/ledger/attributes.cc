#include "broker/ledger/attributes.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace derwent::ledger {
namespace {
constexpr size_t kMaxCodeSize = 256;
constexpr absl::string_view kForbidden = " ,=\"'`\\";
}  // namespace

AttributeWriter& AttributeWriter::Add(absl::string_view key, absl::string_view value) {
  if (!value.empty()) absl::StrAppend(&text_, text_.empty() ? "" : " ", key, "=", value);
  return *this;
}

absl::string_view Attribute(absl::string_view text, absl::string_view key) {
  for (absl::string_view pair : absl::StrSplit(text, ' ')) {
    if (absl::ConsumePrefix(&pair, key) && absl::ConsumePrefix(&pair, "=")) return pair;
  }
  return {};
}

bool IsCode(absl::string_view code) {
  if (code.empty() || code.size() > kMaxCodeSize) return false;
  return std::ranges::all_of(code, [](char c) { return c > 0x20 && c < 0x7f && !absl::StrContains(kForbidden, c); });
}

}  // namespace derwent::ledger
