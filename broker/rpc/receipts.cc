#include "broker/rpc/receipts.h"

#include <memory>
#include <vector>

#include "google/protobuf/descriptor.h"

#include "broker/exchange/command/witnessed.h"
#include "broker/ledger/query.h"
#include "derwent/v1/ledger.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

// Depth is that of our own messages: 6 at most.
void Find(google::protobuf::Message& message, std::vector<v1::Receipt*>& receipts) {
  if (message.GetDescriptor() == v1::Receipt::descriptor()) {
    receipts.push_back(&static_cast<v1::Receipt&>(message));
    return;
  }
  const google::protobuf::Reflection* const reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) {
      Find(*reflection->MutableMessage(&message, field), receipts);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i)
      Find(*reflection->MutableRepeatedMessage(&message, field, i), receipts);
  }
}

}  // namespace

absl::Status FillReceipts(google::protobuf::Message& response, const std::string& agency,
                          const ledger::SealedBatch* sealed, const exchange::World& world, store::Store& store) {
  std::vector<v1::Receipt*> receipts;
  Find(response, receipts);
  std::unique_ptr<store::Reader> reader;
  for (v1::Receipt* receipt : receipts) {
    if (receipt->quorum() == v1::RECEIPT_QUORUM_UNSPECIFIED) receipt->set_quorum(exchange::NotFinal(world));
    if (!receipt->tlog_proof().empty()) continue;
    absl::StatusOr<std::string> proof = absl::NotFoundError("");
    if (sealed != nullptr) proof = sealed->MakeReceipt(receipt->index(), agency);
    if (absl::IsNotFound(proof.status())) {
      if (reader == nullptr) {
        ASSIGN_OR_RETURN(reader, store.Read());
      }
      proof = ledger::MakeReceipt(*reader, receipt->index(), agency);
    }
    RETURN_IF_ERROR(proof.status());
    receipt->set_tlog_proof(*std::move(proof));
  }
  return absl::OkStatus();
}

}  // namespace derwent::rpc
