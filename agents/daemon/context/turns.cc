#include "agents/daemon/context/turns.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"

#include "agents/sdk/messages.h"
#include "agents/sdk/open.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

std::string TurnOf(const v1::Delivery& delivery) {
  if (delivery.has_package()) {
    const absl::StatusOr<v1::Manifest> manifest = PeekManifest(delivery.package());
    if (manifest.ok()) {
      const std::string& reply_to = manifest->reply_to_share_id();
      return absl::StrCat(reply_to.empty() ? manifest->share_id() : reply_to, "/", manifest->sender_agency());
    }
  }
  if (delivery.has_message() && delivery.message().payload_type() != trust::kApprovalQuestionType) {
    const absl::StatusOr<IncomingMessage> message = ReadMessage(delivery.message());
    if (message.ok()) return absl::StrCat(message->head.share_id(), "/", message->head.from_agency());
  }
  return absl::StrCat("delivery/", delivery.delivery_id());
}

}  // namespace

std::vector<std::vector<const v1::Delivery*>> ByTurn(const v1::CollectResponse& response) {
  std::vector<std::vector<const v1::Delivery*>> turns;
  std::map<std::string, size_t> known;
  for (const v1::Delivery& delivery : response.deliveries()) {
    const auto [turn, fresh] = known.emplace(TurnOf(delivery), turns.size());
    if (fresh) turns.emplace_back();
    turns[turn->second].push_back(&delivery);
  }
  return turns;
}

}  // namespace derwent::agents
