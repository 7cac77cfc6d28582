#include "tests/bench/load.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"

namespace derwent::bench {
namespace {

struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer reply;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  absl::Time start;
  absl::Duration took;
};

std::string Octets(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string octets;
  if (!buffer.Dump(&slices).ok()) return octets;
  for (const grpc::Slice& slice : slices) octets.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return octets;
}

}  // namespace

double Percentile(const std::vector<absl::Duration>& sorted, double share) {
  if (sorted.empty()) return 0;
  return absl::ToDoubleMilliseconds(sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))]);
}

LoadResult Drive(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                 absl::Span<const std::string> requests, int outstanding,
                 const std::function<bool(const std::string&)>& good) {
  grpc::GenericStub stub(channel);
  grpc::CompletionQueue queue;
  std::vector<grpc::ByteBuffer> buffers;
  buffers.reserve(requests.size());
  for (const std::string& request : requests) {
    const grpc::Slice slice(request);
    buffers.emplace_back(&slice, 1);
  }
  std::vector<std::unique_ptr<Call>> calls;
  calls.reserve(requests.size());
  const auto begin = [&] {
    const size_t i = calls.size();
    calls.push_back(std::make_unique<Call>());
    Call* const call = calls.back().get();
    call->context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    call->start = absl::Now();
    call->reader = stub.PrepareUnaryCall(&call->context, method, buffers[i], &queue);
    call->reader->StartCall();
    call->reader->Finish(&call->reply, &call->status, call);
  };
  const absl::Time start = absl::Now();
  while (calls.size() < requests.size() && static_cast<int>(calls.size()) < outstanding) begin();
  for (size_t done = 0; done < requests.size(); ++done) {
    void* tag = nullptr;
    bool ok = false;
    if (!queue.Next(&tag, &ok)) break;
    auto* const call = static_cast<Call*>(tag);
    call->took = absl::Now() - call->start;
    if (calls.size() < requests.size()) begin();
  }
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  LoadResult result{.calls_a_second = static_cast<double>(requests.size()) / seconds};
  std::vector<absl::Duration> times;
  for (const std::unique_ptr<Call>& call : calls) {
    times.push_back(call->took);
    if (!call->status.ok() || !good(Octets(call->reply))) ++result.failed;
  }
  std::sort(times.begin(), times.end());
  result.p50_ms = Percentile(times, 0.5);
  result.p99_ms = Percentile(times, 0.99);
  queue.Shutdown();
  return result;
}

}  // namespace derwent::bench
