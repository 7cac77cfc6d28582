#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "agents/sdk/broker/broker.h"
#include "agents/witness/witness.h"

namespace derwent::agents {

// Takes the broker's checkpoints to a witness of the agency and its answers back: the same octets that HTTP would
// carry.
class CheckpointCarrier {
 public:
  // Judges a checkpoint (a signed note) before the witness is asked, which has seen the tree `seen`: on an error it is
  // not asked, and the broker gets no answer.
  using Judge = std::function<absl::Status(const std::string& note, const WitnessView& seen)>;

  // Borrows witness and broker. `origin`: of the log. Without `judge` every checkpoint goes to the witness.
  CheckpointCarrier(Witness& witness, Broker& broker, std::string origin, Judge judge = nullptr)
      : witness_(witness), broker_(broker), origin_(std::move(origin)), judge_(std::move(judge)) {}

  // Waits for the next checkpoint and has it cosigned. False: none came. Errors: of the calls, the witness's state and
  // `judge`; kDataLoss `LEDGER_FORKED`: the broker offered a tree that does not extend the one seen, which the witness
  // kept.
  absl::StatusOr<bool> Once(absl::Duration wait);

 private:
  absl::StatusOr<bool> Answered(const WitnessAnswer& answer, const WitnessView& seen);

  Witness& witness_;
  Broker& broker_;
  const std::string origin_;
  const Judge judge_;
};

}  // namespace derwent::agents
