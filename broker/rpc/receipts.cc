#include "broker/rpc/receipts.h"

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "google/protobuf/descriptor.h"

#include "broker/exchange/command/witnessed.h"
#include "broker/ledger/query.h"
#include "derwent/v1/ledger.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool Holds(const FieldDescriptor& field, std::set<const Descriptor*>& seen) {
  const Descriptor* const type = field.is_map() ? nullptr : field.message_type();
  if (type == nullptr || !seen.insert(type).second) return false;
  if (type == v1::Receipt::descriptor()) return true;
  for (int i = 0; i < type->field_count(); ++i) {
    if (Holds(*type->field(i), seen)) return true;
  }
  return false;
}

// The fields of a type of message that hold receipts or what holds some. Types never change: a thread looks once.
const std::vector<const FieldDescriptor*>& FieldsWithReceipts(const Descriptor* type) {
  thread_local std::map<const Descriptor*, std::vector<const FieldDescriptor*>> known;
  const auto [found, unknown] = known.try_emplace(type);
  for (int i = 0; unknown && i < type->field_count(); ++i) {
    std::set<const Descriptor*> seen;
    if (Holds(*type->field(i), seen)) found->second.push_back(type->field(i));
  }
  return found->second;
}

// Depth is that of our own messages: 6 at most.
void Find(google::protobuf::Message& message, std::vector<v1::Receipt*>& receipts) {
  if (message.GetDescriptor() == v1::Receipt::descriptor()) {
    receipts.push_back(&static_cast<v1::Receipt&>(message));
    return;
  }
  const google::protobuf::Reflection* const reflection = message.GetReflection();
  for (const FieldDescriptor* field : FieldsWithReceipts(message.GetDescriptor())) {
    if (!field->is_repeated()) {
      if (reflection->HasField(message, field)) Find(*reflection->MutableMessage(&message, field), receipts);
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
