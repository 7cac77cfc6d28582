// Whatever question arrives as JSON is refused or decided, and deciding it twice gives the same; nobody who is unknown
// gets anything.
#include <cstdlib>
#include <string>

#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"

#include "derwent/v1/decision.pb.h"
#include "policy/engine/decide.h"
#include "policy/loader/bundle.h"
#include "policy/loader/canonical_request.h"
#include "policy/loader/compile.h"
#include "policy/loader/record.h"
#include "policy/loader/request.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  static_cast<void>(quiet);
  static const policy::Policy& bundle = *[] {
    const auto files = policy::ReadBundleDirectory(DERWENT_SOURCE_DIR "/policy/derbyshire");
    if (!files.ok()) std::abort();
    policy::Problems problems(*files);
    std::unique_ptr<policy::Policy> compiled = policy::Compile(*files, problems);
    if (compiled == nullptr) std::abort();
    return compiled.release();
  }();
  v1::DecisionRequest message;
  if (!google::protobuf::util::JsonStringToMessage(std::string(reinterpret_cast<const char*>(bytes), size), &message)
           .ok())
    return 0;
  const auto question = policy::FromProto(message);
  if (!question.ok()) return 0;
  const absl::Time now = absl::FromUnixSeconds(1796119200);
  const policy::Snapshot snapshot{.policy = &bundle, .directories = nullptr, .take_agreements_as_signed = true};
  const policy::Decision decision = policy::Decide(*question, snapshot, now);
  if (policy::ToProto(decision, "").DebugString() !=
      policy::ToProto(policy::Decide(*question, snapshot, now), "").DebugString())
    std::abort();
  if (policy::CanonicalBytes(*question, now).empty()) std::abort();
  const bool known = bundle.organisations.contains(question->receiving_agency) &&
                     bundle.organisations.contains(question->releasing_agency);
  if (!known && decision.Overall() != "DENY") std::abort();
  return 0;
}
