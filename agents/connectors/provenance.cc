#include "agents/connectors/provenance.h"

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "derwent/v1/options.pb.h"

namespace derwent::connectors {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Drops elements that hold nothing: a mapping that fills `facts[1]` alone leaves an empty first one.
void DropEmpty(Message& category, const FieldDescriptor& facts) {
  const google::protobuf::Reflection& reflection = *category.GetReflection();
  int kept = 0;
  for (int i = 0; i < reflection.FieldSize(category, &facts); ++i) {
    if (reflection.GetRepeatedMessage(category, &facts, i).ByteSizeLong() > 0)
      reflection.SwapElements(&category, &facts, kept++, i);
  }
  while (reflection.FieldSize(category, &facts) > kept) reflection.RemoveLast(&category, &facts);
}

void Complete(Message& fact, const v1::Provenance& common) {
  const FieldDescriptor* field = fact.GetDescriptor()->FindFieldByName("provenance");
  if (field == nullptr) return;  // Of counts their statement of control says who answers for them.
  auto& provenance = static_cast<v1::Provenance&>(*fact.GetReflection()->MutableMessage(&fact, field));
  v1::Provenance whole = common;
  whole.MergeFrom(provenance);
  provenance = whole;
}

}  // namespace

void CompleteProvenance(v1::CaseRecord& record, const v1::Provenance& common) {
  const google::protobuf::Reflection& reflection = *record.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(record, &set);
  for (const FieldDescriptor* field : set) {
    if (field->message_type() == nullptr || !field->message_type()->options().HasExtension(v1::category)) continue;
    Message& category = *reflection.MutableMessage(&record, field);
    const FieldDescriptor& facts = *category.GetDescriptor()->FindFieldByName("facts");
    DropEmpty(category, facts);
    const int size = category.GetReflection()->FieldSize(category, &facts);
    if (size == 0) reflection.ClearField(&record, field);
    v1::Provenance here = common;
    here.set_origin_category(field->message_type()->options().GetExtension(v1::category));
    for (int i = 0; i < size; ++i)
      Complete(*category.GetReflection()->MutableRepeatedMessage(&category, &facts, i), here);
  }
}

}  // namespace derwent::connectors
