#include "agents/connectors/json/json_fault.h"

#include <algorithm>

#include "nlohmann/json.hpp"

namespace derwent::connectors {
namespace {

using nlohmann::json;

// Takes everything, keeps nothing but where the text broke.
class FaultFinder : public json::json_sax_t {
 public:
  size_t position() const { return position_; }  // Octets read, the faulty one included.

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(size_t /*size*/) override { return true; }
  bool key(string_t& /*value*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(size_t position, const std::string& /*token*/, const nlohmann::detail::exception& /*why*/) override {
    position_ = position;
    return false;
  }

 private:
  size_t position_ = 0;
};

}  // namespace

int64_t LineOfJsonFault(absl::string_view text) {
  FaultFinder finder;
  if (json::sax_parse(text.begin(), text.end(), &finder)) return 0;
  const size_t before = std::min(text.size(), finder.position() > 0 ? finder.position() - 1 : 0);
  return 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(before), '\n');
}

}  // namespace derwent::connectors
