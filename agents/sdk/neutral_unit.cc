#include "agents/sdk/neutral_unit.h"

#include <string>

#include "agents/sdk/project.h"

namespace derwent::agents {

v1::UnitContent NeutralUnit(absl::string_view category, absl::string_view form, absl::string_view holder_agency) {
  v1::UnitContent content;
  content.set_category(std::string(category));
  content.set_form(std::string(form));
  content.set_neutral(NeutralText(holder_agency));
  return content;
}

}  // namespace derwent::agents
