#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace derwent::ledger {

// A field value of `key=value` pairs with one space between them, in the order written; pairs without a value are left
// out.
class AttributeWriter {
 public:
  AttributeWriter& Add(absl::string_view key, absl::string_view value);
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

// The value of `key` in such text; empty when it is not there.
absl::string_view Attribute(absl::string_view text, absl::string_view key);

// True for what may stand as a value's code: printable ASCII, 1 to 256, without space , = " ' ` and backslash.
bool IsCode(absl::string_view code);

}  // namespace derwent::ledger
