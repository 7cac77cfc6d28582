// SubmitCaseAnswerRequest bytes, as a holder may send them: package, approvals and their certificates parsed and
// checked, signatures included. Nothing may crash, and what nobody of the consortium signed may not pass.

#include <cstdint>
#include <cstdlib>

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/package_check.h"
#include "tests/support/test_pki.h"

namespace {

// A world with an authority that issued nothing and without keys: every signature is somebody else's.
const derwent::exchange::World& NobodysWorld() {
  static const derwent::exchange::World& world = *[] {
    auto* const made = new derwent::exchange::World();
    const derwent::testing::TestPki pki;
    made->authority = std::make_shared<const derwent::trust::Authority>(
        derwent::trust::Authority::FromPem(pki.ca_pem(), "derwent.example").value());
    return made;
  }();
  return world;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* octets, size_t size) {
  derwent::v1::SubmitCaseAnswerRequest request;
  if (!request.ParseFromArray(octets, static_cast<int>(size))) return 0;
  const derwent::exchange::Caller caller{.id = {.trust_domain = "derwent.example",
                                                .agency = "dcc.adults",
                                                .kind = derwent::trust::CallerKind::kAgent,
                                                .name = "one"},
                                         .serial = "01"};
  const absl::Time now = absl::FromUnixSeconds(1795521600);
  const auto checked = derwent::exchange::CheckShare(caller, request, NobodysWorld(), now);
  if (checked.ok() || derwent::exchange::ReasonOf(checked.status()).empty()) std::abort();
  for (const derwent::v1::SignedApproval& approval : request.approvals()) {
    if (derwent::exchange::CheckApproval(approval, NobodysWorld(), now).ok()) std::abort();
  }
  return 0;
}
