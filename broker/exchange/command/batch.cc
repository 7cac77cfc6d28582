#include "broker/exchange/command/batch.h"

#include <algorithm>

#include "trust/base/status_macros.h"

namespace derwent::exchange {

absl::StatusOr<uint64_t> Batch::Append(const ledger::EntryDraft& draft) {
  ASSIGN_OR_RETURN(const std::vector<uint64_t> indexes, Append(std::vector<ledger::EntryDraft>{draft}));
  return indexes.front();
}

absl::Status Batch::Deliver(store::DeliveryRow delivery) {
  woken_.insert(delivery.mailbox_agency);
  // No earlier than it may be handed out: the id tells nothing that its recipient does not see anyway.
  delivery.delivery_id = random_.NewOrderedUuid(std::max(delivery.create_time, delivery.not_before)).text();
  return write().InsertDelivery(delivery).status();
}

}  // namespace derwent::exchange
