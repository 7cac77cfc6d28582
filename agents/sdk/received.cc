#include "agents/sdk/received.h"

#include <algorithm>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "derwent/v1/options.pb.h"

namespace derwent::agents {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kMaxDepth = 8;

void Gather(const Message& message, int depth, std::set<std::string>& shares) {
  if (message.GetDescriptor() == v1::Provenance::descriptor()) {
    const std::string& share = static_cast<const v1::Provenance&>(message).received_share_id();
    if (!share.empty()) shares.insert(share);
    return;
  }
  if (depth >= kMaxDepth) return;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> present;
  reflection.ListFields(message, &present);
  for (const FieldDescriptor* field : present) {
    if (field->message_type() == nullptr) continue;
    if (!field->is_repeated()) {
      Gather(reflection.GetMessage(message, field), depth + 1, shares);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i)
      Gather(reflection.GetRepeatedMessage(message, field, i), depth + 1, shares);
  }
}

}  // namespace

std::set<std::string> ReceivedBy(const v1::CaseRecord& record) {
  std::set<std::string> shares;
  Gather(record, 0, shares);
  return shares;
}

std::vector<std::string> ReceivedCategories(const v1::CaseRecord& record, const std::string& share_id) {
  std::set<std::string> categories;
  std::vector<const FieldDescriptor*> present;
  v1::CaseRecord::GetReflection()->ListFields(record, &present);
  for (const FieldDescriptor* field : present) {
    if (field->message_type() == nullptr || field->is_repeated()) continue;
    const std::string& category = field->message_type()->options().GetExtension(v1::category);
    std::set<std::string> shares;
    Gather(v1::CaseRecord::GetReflection()->GetMessage(record, field), 0, shares);
    if (!category.empty() && shares.contains(share_id)) categories.insert(category);
  }
  return {categories.begin(), categories.end()};
}

policy::OnwardSources OnwardOf(const DraftSubject& subject, const std::vector<std::string>& considered) {
  policy::OnwardSources sources;
  if (!subject.received.has_value()) return sources;
  v1::OnwardSource source;
  source.set_share_id(subject.received->share_id);
  for (const std::string& category : subject.received->categories) {
    if (std::ranges::find(considered, category) != considered.end()) source.add_categories(category);
  }
  if (!source.categories().empty()) *sources.Add() = std::move(source);
  return sources;
}

}  // namespace derwent::agents
