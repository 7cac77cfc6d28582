#include "broker/exchange/request/next_steps.h"

#include <utility>

#include "broker/exchange/share/case_link.h"
#include "broker/exchange/share/decide.h"
#include "policy/loader/alternatives.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {

absl::Status AddNextStepsOf(const v1::Manifest& selector, const World& world, absl::Time now, store::Reader& reader,
                            v1::AskerDecision& decision) {
  ASSIGN_OR_RETURN(const policy::CaseLink link, CaseLinkOf(selector, world, reader));
  const DecidedSubject asked = DecideAsked(selector, link, world, now);
  for (std::string& step : policy::NextSteps(asked.request, world.snapshot(), now))
    decision.mutable_question()->add_next_steps(std::move(step));
  return absl::OkStatus();
}

}  // namespace derwent::exchange
