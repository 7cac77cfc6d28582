// A recipient opens whatever the broker delivers. Nothing here verifies, so nothing may come out, whatever the octets.
#include <cstdlib>
#include <set>
#include <string>

#include "google/protobuf/stubs/logging.h"

#include "agents/sdk/open.h"
#include "derwent/v1/package.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  static_cast<void>(quiet);
  v1::Package package;
  if (!package.ParseFromArray(bytes, static_cast<int>(size))) return 0;
  static const trust::KeyHistory& nobody = *new trust::KeyHistory("police.derbys", std::string(64, '0'));
  static const std::set<std::string>& obligations = *new std::set<std::string>{"onward_deny"};
  const agents::OpenContext context{.own_agency = "rp.housing",
                                    .sender = &nobody,
                                    .sealing_key = [](absl::string_view) { return nullptr; },
                                    .policy_known = [](absl::string_view) { return true; },
                                    .obligations = &obligations,
                                    .now = absl::UnixEpoch()};
  static_cast<void>(agents::PeekManifest(package).ok());
  if (!std::holds_alternative<agents::Rejection>(agents::OpenPackage(package, context))) std::abort();
  return 0;
}
