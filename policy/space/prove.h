#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "derwent/v1/assertion.pb.h"
#include "policy/space/space.h"

namespace derwent::policy {

// What came of one assertion.
struct Proof {
  bool holds = true;
  uint64_t cells = 0;  // Questions it was checked in: those that release something when all is in order; the others
                       // release nothing anyway.
  std::optional<DecisionRequest> counterexample;  // About one category.
  std::string why;                                // What is wrong with the counterexample, in words.
};

// Checks assertions over the whole space of a policy and its stand-ins (stand_ins.h), on `day` or on the day that an
// assertion names. Not thread-safe.
class Prover {
 public:
  Prover(const Policy& policy, absl::CivilDay day);

  Proof Prove(const v1::Assertion& assertion);
  // Of the space on `day`.
  const Space& space() { return SpaceOn(day_); }
  const Policy& policy() const { return policy_; }
  // The day on which an assertion is checked.
  absl::CivilDay DayOf(const v1::Assertion& assertion) const;

 private:
  const Space& SpaceOn(absl::CivilDay day);

  const Policy policy_;  // With stand-ins.
  const Policy plain_;   // The same without agreements that have overlays.
  const absl::CivilDay day_;
  std::map<absl::CivilDay, std::unique_ptr<Space>> spaces_;
};

}  // namespace derwent::policy
