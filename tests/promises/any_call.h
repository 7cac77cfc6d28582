#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "grpcpp/channel.h"

namespace derwent::testing {

// What a client in any language gets back of a call.
struct Answer {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  std::string message;
  std::string reason;               // ErrorInfo.reason; empty when there is none.
  std::vector<std::string> fields;  // Of BadRequest, in order.
  std::string octets;               // The response, or message, details and trailers of a failure.
  std::string correlation_id;       // As the server tells it.
};

// Calls any method with any octets, under any certificate or none. Thread-safe.
class AnyClient {
 public:
  // PEM files; an empty certificate shows none.
  AnyClient(const std::string& target, const std::string& ca_file, const std::string& certificate_file,
            const std::string& key_file);
  Answer Call(const google::protobuf::MethodDescriptor& method, const std::string& request,
              const std::map<std::string, std::string>& metadata = {}) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

// Every method of every service in the contract's files (`proto/derwent/v1`, read from the source folder), so that a
// new one cannot be forgotten. A file that the test does not link fails it.
std::vector<const google::protobuf::MethodDescriptor*> EveryMethod();

// A request with `text` in every string and octet field and `number` in every number, messages within messages too.
std::string Filled(const google::protobuf::Descriptor& type, absl::string_view text, int64_t number);

}  // namespace derwent::testing
