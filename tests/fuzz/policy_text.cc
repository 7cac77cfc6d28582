// Text of any file of a bundle: compiled, or refused with a problem that names the file. First octet: which file it
// replaces.
#include <cstdlib>
#include <iterator>
#include <string>

#include "google/protobuf/stubs/logging.h"

#include "policy/loader/bundle.h"
#include "policy/loader/compile.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  static_cast<void>(quiet);
  static const policy::Files& whole = *[] {
    auto files = policy::ReadBundleDirectory(DERWENT_SOURCE_DIR "/policy/derbyshire");
    if (!files.ok()) std::abort();
    return new policy::Files(*std::move(files));
  }();
  if (size == 0) return 0;
  constexpr const char* kPaths[] = {"vocabulary.txtpb",      "organisations.txtpb", "areas.txtpb",
                                    "calendar.txtpb",        "gateways.txtpb",      "profiles/marac.txtpb",
                                    "agreements/marac.txtpb"};
  policy::Files files = whole;
  files[kPaths[bytes[0] % std::size(kPaths)]] = std::string(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  policy::Problems problems(files);
  const bool compiled = policy::Compile(files, problems) != nullptr;
  if (compiled == problems.any_error()) std::abort();
  for (const policy::Problem& problem : problems.list()) {
    if (problem.file.empty() || problem.message.empty() || problem.rule.empty()) std::abort();
  }
  return 0;
}
