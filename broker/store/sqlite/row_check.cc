#include "broker/store/sqlite/row_check.h"

#include <cstdint>
#include <string>

#include "trust/secret/sha256.h"

namespace derwent::store {
namespace {

constexpr int kCheckSize = 8;

void AppendNumber(std::string& octets, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) octets.push_back(static_cast<char>(number >> shift));
}

void AppendValue(std::string& octets, sqlite3_value* value) {
  const int type = sqlite3_value_type(value);
  octets.push_back(static_cast<char>(type));
  if (type == SQLITE_INTEGER) {
    AppendNumber(octets, 8);
    AppendNumber(octets, static_cast<uint64_t>(sqlite3_value_int64(value)));
    return;
  }
  const void* const bytes = sqlite3_value_blob(value);
  const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
  AppendNumber(octets, size);
  if (size > 0) octets.append(static_cast<const char*>(bytes), size);
}

void RowCheck(sqlite3_context* context, int count, sqlite3_value** values) {
  thread_local std::string octets;
  octets.clear();
  for (int i = 0; i < count; ++i) AppendValue(octets, values[i]);
  sqlite3_result_blob(context, trust::Sha256(octets).data(), kCheckSize, SQLITE_TRANSIENT);
}

}  // namespace

int RegisterRowCheck(sqlite3* database) {
  return sqlite3_create_function_v2(database, "row_check", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                                    nullptr, RowCheck, nullptr, nullptr, nullptr);
}

}  // namespace derwent::store
