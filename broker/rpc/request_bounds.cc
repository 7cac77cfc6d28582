#include "broker/rpc/request_bounds.h"

#include <algorithm>
#include <utility>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace derwent::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr size_t kOrdinary = size_t{64} << 10;
constexpr size_t kBesideTheShare = size_t{1} << 20;  // References, approvals.
constexpr int kDeepest = 32;

constexpr std::pair<absl::string_view, size_t> kLarger[] = {
    {"PlanReferral", size_t{1} << 20},       // 20 recipients, 30 subjects each, 64 categories each.
    {"PlanCaseRequest", size_t{256} << 10},  // 20 holders, 64 categories each.
    {"OpenCase", size_t{256} << 10},         // 50 members, 300 names each.
    {"NotifyRights", size_t{1} << 20},       // 200 signed notices.
    {"ApplyDirectory", size_t{2} << 20},     // Some thousands of people.
    {"ProposePolicy", size_t{8} << 20},
};

// Reads to the limit of `in`; false once `left` fields were met. What cannot be read ends it: true.
bool CountParts(CodedInputStream& in, const Descriptor& type, int depth, size_t& left);

// A field with a length: a message is looked into.
bool CountWithin(CodedInputStream& in, const FieldDescriptor* field, int depth, size_t& left) {
  uint32_t length = 0;
  if (!in.ReadVarint32(&length)) return true;
  if (field == nullptr || field->type() != FieldDescriptor::TYPE_MESSAGE || depth == 0) return in.Skip(length), true;
  const CodedInputStream::Limit limit = in.PushLimit(static_cast<int>(length));
  const bool few = CountParts(in, *field->message_type(), depth - 1, left);
  if (in.BytesUntilLimit() > 0) in.Skip(in.BytesUntilLimit());
  in.PopLimit(limit);
  return few;
}

bool CountParts(CodedInputStream& in, const Descriptor& type, int depth, size_t& left) {
  while (const uint32_t tag = in.ReadTag()) {
    if (left-- == 0) return false;
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (!WireFormatLite::SkipField(&in, tag)) return true;
    } else if (!CountWithin(in, type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag)), depth, left)) {
      return false;
    }
  }
  return true;
}

}  // namespace

size_t MostOctets(absl::string_view method, size_t share_octets) {
  if (method == "SubmitReferral" || method == "SubmitCaseRequest" || method == "SubmitCaseAnswer")
    return share_octets + kBesideTheShare;
  for (const auto& [name, octets] : kLarger) {
    if (name == method) return octets;
  }
  return kOrdinary;
}

size_t MostOctetsOfAny(size_t share_octets) {
  size_t most = MostOctets("SubmitReferral", share_octets);
  for (const auto& [name, octets] : kLarger) most = std::max(most, octets);
  return most + kOrdinary;
}

bool HasFewParts(google::protobuf::io::ZeroCopyInputStream& octets, const Descriptor& type, size_t most) {
  CodedInputStream in(&octets);
  return CountParts(in, type, kDeepest, most);
}

}  // namespace derwent::rpc
