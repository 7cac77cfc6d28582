#include "agents/connectors/json/json.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "agents/connectors/json/json_fault.h"
#include "nlohmann/json.hpp"

namespace derwent::connectors {
namespace {

using nlohmann::json;

// Parses with a bound on depth: what lies deeper makes the whole file unreadable.
json Parse(absl::string_view text) {
  bool too_deep = false;
  const json::parser_callback_t watch = [&too_deep](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kMaxJsonDepth;
    return !too_deep;
  };
  const json parsed = json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  return too_deep ? json(json::value_t::discarded) : parsed;
}

// RFC 6901 section 4: `~1` stands for `/`, `~0` for `~`.
std::string Unescaped(absl::string_view token) {
  std::string key(token);
  for (size_t at = 0; (at = key.find('~', at)) != std::string::npos; ++at) {
    if (at + 1 < key.size() && (key[at + 1] == '0' || key[at + 1] == '1'))
      key.replace(at, 2, key[at + 1] == '0' ? "~" : "/");
  }
  return key;
}

// The member or element of that name, or null.
const json* ChildOf(const json& value, const std::string& key) {
  if (value.is_object()) {
    const auto found = value.find(key);
    return found == value.end() ? nullptr : &*found;
  }
  const bool number = !key.empty() && key.size() <= 6 && key.find_first_not_of("0123456789") == std::string::npos;
  if (!value.is_array() || !number) return nullptr;
  const size_t index = std::stoul(key);
  return index >= value.size() ? nullptr : &value[index];
}

// The value at a pointer, or null. Walks by hand: the library's own pointers throw.
const json* At(const json& item, absl::string_view pointer) {
  const json* value = &item;
  while (value != nullptr && !pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    value = ChildOf(*value, Unescaped(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  return value;
}

// The elements at a pointer: a list's, or the one object there; none when there is neither.
std::vector<const json*> ElementsAt(const json& place, absl::string_view pointer) {
  std::vector<const json*> elements;
  const json* found = At(place, pointer);
  if (found != nullptr && found->is_object()) elements.push_back(found);
  if (found != nullptr && found->is_array()) {
    for (const json& element : *found) elements.push_back(&element);
  }
  return elements;
}

std::optional<std::string> TextAt(const json& item, absl::string_view pointer) {
  const json* value = At(item, pointer);
  if (value == nullptr || value->is_null() || value->is_structured()) return std::nullopt;
  return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

absl::StatusOr<Batch> ReadJson(const Mapping& mapping, absl::string_view text) {
  const json file = Parse(text);
  if (file.is_discarded()) {
    const int64_t line = LineOfJsonFault(text);
    return absl::InvalidArgumentError(line == 0 ? "the file is deeper than 64"
                                                : absl::StrCat("line ", line, " is not JSON"));
  }
  const json* items = At(file, mapping.items());
  if (items == nullptr || !items->is_structured())
    return absl::InvalidArgumentError("the file has no items where the mapping looks");
  Batch batch;
  int64_t number = 0;
  size_t elements = 0;
  for (const json* item : ElementsAt(file, mapping.items())) {
    ++number;
    const std::vector<const json*> within =
        mapping.each().empty() ? std::vector{item} : ElementsAt(*item, mapping.each());
    for (const json* element : within) {
      if (++elements > kMaxJsonItems) return absl::InvalidArgumentError("the file has more than 100000 items");
      const auto lookup = [&](const std::string& source) {
        return absl::StartsWith(source, "..") ? TextAt(*item, source.substr(2)) : TextAt(*element, source);
      };
      mapping.Apply(lookup, number, batch);
    }
  }
  return batch;
}

}  // namespace derwent::connectors
