#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/zero_copy_stream.h"

namespace derwent::rpc {

// How large a method's request may be. Held against its octets before they are read as a message: a message may need a
// hundred times as many octets of memory, and whoever has a certificate of the consortium can send one.

// Octets of the largest request of a method: 64 KiB, but for those that carry a share, a policy, a directory, a plan or
// many notices. `share_octets`: the configured limit of a share.
size_t MostOctets(absl::string_view method, size_t share_octets);
// What gRPC itself takes of any method: a little over the largest of them, so that a caller is told by its method's.
size_t MostOctetsOfAny(size_t share_octets);

// Fields of a request, wherever in it: over twice those of a share that names everything it may.
inline constexpr size_t kMostParts = size_t{1} << 16;

// Whether the octets, as a message of this type, hold `most` fields at most. What is no such message is left for the
// parser to find: true.
bool HasFewParts(google::protobuf::io::ZeroCopyInputStream& octets, const google::protobuf::Descriptor& type,
                 size_t most);

}  // namespace derwent::rpc
