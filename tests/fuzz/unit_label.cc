// The label check on any octets: what passes is unchanged by projecting it again, and never holds unknown fields.
#include <cstdlib>
#include <string>

#include "google/protobuf/stubs/logging.h"

#include "agents/sdk/labels.h"
#include "agents/sdk/project.h"
#include "derwent/v1/record.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace derwent;
  static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true);
  static_cast<void>(quiet);
  v1::UnitContent content;
  if (!content.ParseFromArray(bytes, static_cast<int>(size))) return 0;
  const std::string category = content.category();
  const std::string form = content.form();
  const bool holds = agents::CheckLabel(content, category, form, "").ok();
  v1::UnitContent again = content;
  const bool projected = agents::ProjectAgain(again, agents::Pseudonymiser()).ok();
  if (holds && (!projected || again.ByteSizeLong() != content.ByteSizeLong())) std::abort();
  // Whatever it was, projected it holds its label.
  if (projected && agents::HoldsFacts(form) && !agents::CheckLabel(again, category, form, "").ok()) std::abort();
  return 0;
}
