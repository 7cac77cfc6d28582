#include "broker/rpc/held_request.h"

#include <list>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/zero_copy_stream_impl.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

#include "broker/exchange/command/refusal.h"
#include "broker/rpc/request_bounds.h"
#include "grpc/byte_buffer_reader.h"
#include "grpc/slice.h"

namespace derwent::rpc {
namespace {

namespace io = google::protobuf::io;

// Where so few octets cannot need much memory, whatever they hold, they are not looked into.
constexpr size_t kSmall = size_t{64} << 10;

absl::Status Rejected(absl::string_view rule) {
  exchange::Violations violations;
  violations.Add("", std::string(rule));
  return violations.ToStatus();
}

bool AreFewParts(grpc_byte_buffer* octets, const google::protobuf::Descriptor& type) {
  grpc_byte_buffer_reader reader;
  if (grpc_byte_buffer_reader_init(&reader, octets) == 0) return false;
  std::list<io::ArrayInputStream> slices;
  std::vector<io::ZeroCopyInputStream*> in_order;
  grpc_slice* slice = nullptr;
  while (grpc_byte_buffer_reader_peek(&reader, &slice) != 0)
    in_order.push_back(&slices.emplace_back(GRPC_SLICE_START_PTR(*slice), static_cast<int>(GRPC_SLICE_LENGTH(*slice))));
  io::ConcatenatingInputStream all(in_order.data(), static_cast<int>(in_order.size()));
  const bool few = HasFewParts(all, type, kMostParts);
  grpc_byte_buffer_reader_destroy(&reader);
  return few;
}

}  // namespace

void HeldRequest::Look(grpc_byte_buffer* octets, const google::protobuf::Descriptor& type, size_t most,
                       RequestRoom& room) {
  const size_t size = octets == nullptr ? 0 : grpc_byte_buffer_length(octets);
  if (size > most) {
    problem_ = Rejected(absl::StrCat("is ", most, " octets at most"));
  } else if (size > kSmall && !AreFewParts(octets, type)) {
    problem_ = Rejected(absl::StrCat("has ", kMostParts, " parts at most"));
  } else if (!room.Take(size)) {
    problem_ = exchange::Refuse(absl::StatusCode::kResourceExhausted, "QUEUE_FULL", "too much waits");
  } else {
    room_ = &room;
    octets_ = size;
  }
}

void HeldRequest::Unreadable() { problem_ = Rejected("is a message of this method"); }

absl::Status HeldRequest::ProblemOf(grpc::CallbackServerContext& context) {
  const auto* held = dynamic_cast<const HeldRequest*>(context.GetRpcAllocatorState());
  return held == nullptr ? absl::OkStatus() : held->problem();
}

}  // namespace derwent::rpc
