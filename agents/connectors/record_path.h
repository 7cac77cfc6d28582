#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

#include "derwent/v1/record.pb.h"

namespace derwent::connectors {

// `identity.facts[0].surname` as its parts. `facts` alone means its first element.
std::vector<std::string> SplitPath(absl::string_view path);

// The path leads to a scalar of CaseRecord. Error: kInvalidArgument naming the part that is not there.
absl::Status CheckPath(const std::vector<std::string>& path);

// Sets the scalar at `path` from text: text as it is, enumerators by name, whole numbers, `Y/N`, `true/false`, `1/0`.
// Error: kInvalidArgument with the rule, never the value.
absl::Status SetAt(v1::CaseRecord& record, const std::vector<std::string>& path, const std::string& text);

}  // namespace derwent::connectors
