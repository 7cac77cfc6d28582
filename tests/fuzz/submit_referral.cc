// SubmitReferralRequest bytes, as an agency may send them: parsed and checked, signature included. Nothing may crash,
// and what no agency signed may not pass.

#include <cstdint>
#include <cstdlib>

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/package_check.h"

namespace {

// A world without keys: every signature is somebody else's.
const derwent::exchange::World& NobodysWorld() {
  static const derwent::exchange::World world;
  return world;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  derwent::v1::SubmitReferralRequest request;
  if (!request.ParseFromArray(octets, static_cast<int>(size))) return 0;
  const derwent::exchange::Caller caller{.id = {.trust_domain = "derwent.example",
                                                .agency = "dcc.adults",
                                                .kind = derwent::trust::CallerKind::kAgent,
                                                .name = "one"},
                                         .serial = "01"};
  const auto checked =
      derwent::exchange::CheckShare(caller, request, NobodysWorld(), absl::FromUnixSeconds(1795521600));
  if (checked.ok() || derwent::exchange::ReasonOf(checked.status()).empty()) std::abort();
  return 0;
}
