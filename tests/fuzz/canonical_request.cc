// Whatever octets lie in a ledger as a question, they are refused, or are exactly what their question is written as.
#include "policy/loader/canonical_request.h"

#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent;
  const absl::string_view octets(reinterpret_cast<const char*>(bytes), size);
  const auto read = policy::ParseCanonical(octets);
  if (read.ok() && policy::CanonicalBytes(read->request, read->time) != octets) std::abort();
  return 0;
}
