#include "tests/promises/any_call.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "grpcpp/impl/codegen/rpc_method.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/byte_buffer.h"
#include "gtest/gtest.h"

#include "derwent/v1/audit.pb.h"

namespace derwent::testing {
namespace {

namespace pb = google::protobuf;

constexpr int kDepth = 6;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string Octets(grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string octets;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return octets;
  for (const grpc::Slice& slice : slices) octets.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return octets;
}

void ReadDetails(const std::string& octets, Answer& answer) {
  google::rpc::Status details;
  if (!details.ParseFromString(octets)) return;
  google::rpc::ErrorInfo reason;
  google::rpc::BadRequest bad;
  for (const pb::Any& any : details.details()) {
    if (any.UnpackTo(&reason)) answer.reason = reason.reason();
    if (!any.UnpackTo(&bad)) continue;
    for (const auto& violation : bad.field_violations()) answer.fields.push_back(violation.field());
  }
}

void Fill(pb::Message& message, absl::string_view text, int64_t number, int depth);

void FillOne(pb::Message& message, const pb::FieldDescriptor& field, absl::string_view text, int64_t number,
             int depth) {
  const pb::Reflection& r = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      many ? r.AddString(&message, &field, std::string(text)) : r.SetString(&message, &field, std::string(text));
      break;
    case pb::FieldDescriptor::CPPTYPE_INT32:
      many ? r.AddInt32(&message, &field, static_cast<int32_t>(number))
           : r.SetInt32(&message, &field, static_cast<int32_t>(number));
      break;
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      many ? r.AddUInt32(&message, &field, static_cast<uint32_t>(number))
           : r.SetUInt32(&message, &field, static_cast<uint32_t>(number));
      break;
    case pb::FieldDescriptor::CPPTYPE_INT64:
      many ? r.AddInt64(&message, &field, number) : r.SetInt64(&message, &field, number);
      break;
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      many ? r.AddUInt64(&message, &field, static_cast<uint64_t>(number))
           : r.SetUInt64(&message, &field, static_cast<uint64_t>(number));
      break;
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      many ? r.AddEnumValue(&message, &field, 99) : r.SetEnumValue(&message, &field, 99);
      break;
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      many ? r.AddBool(&message, &field, true) : r.SetBool(&message, &field, true);
      break;
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth > 0)
        Fill(many ? *r.AddMessage(&message, &field) : *r.MutableMessage(&message, &field), text, number, depth - 1);
      break;
    default:
      break;
  }
}

void Fill(pb::Message& message, absl::string_view text, int64_t number, int depth) {
  const pb::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) FillOne(message, *type.field(i), text, number, depth);
}

}  // namespace

AnyClient::AnyClient(const std::string& target, const std::string& ca_file, const std::string& certificate_file,
                     const std::string& key_file) {
  grpc::SslCredentialsOptions tls{.pem_root_certs = ReadAll(ca_file),
                                  .pem_private_key = ReadAll(key_file),
                                  .pem_cert_chain = ReadAll(certificate_file)};
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  channel_ = grpc::CreateCustomChannel(target, grpc::SslCredentials(tls), arguments);
}

Answer AnyClient::Call(const pb::MethodDescriptor& method, const std::string& request,
                       const std::map<std::string, std::string>& metadata) const {
  const std::string name = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  const grpc::Slice slice(request);
  const grpc::ByteBuffer sent(&slice, 1);
  grpc::ByteBuffer received;
  grpc::ClientContext context;
  for (const auto& [key, value] : metadata) context.AddMetadata(key, value);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  const grpc::Status status = grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
      channel_.get(), grpc::internal::RpcMethod(name.c_str(), grpc::internal::RpcMethod::NORMAL_RPC), &context, sent,
      &received);
  Answer answer{.code = static_cast<absl::StatusCode>(status.error_code()), .message = status.error_message()};
  const auto& trailers = context.GetServerTrailingMetadata();
  if (const auto id = trailers.find("x-correlation-id"); id != trailers.end())
    answer.correlation_id.assign(id->second.data(), id->second.size());
  if (status.ok()) {
    answer.octets = Octets(received);
    return answer;
  }
  ReadDetails(status.error_details(), answer);
  answer.octets = absl::StrCat(status.error_message(), status.error_details());
  for (const auto& [key, value] : trailers)
    absl::StrAppend(&answer.octets, std::string(key.data(), key.size()), std::string(value.data(), value.size()));
  return answer;
}

std::vector<const pb::MethodDescriptor*> EveryMethod() {
  v1::GetDecisionRequest::descriptor();  // Links the one service that no agent calls.
  std::vector<const pb::MethodDescriptor*> methods;
  for (const auto& entry : std::filesystem::directory_iterator("proto/derwent/v1")) {
    const std::string text = ReadAll(entry.path());
    if (!absl::StrContains(text, "\nservice ")) continue;
    const pb::FileDescriptor* const file = pb::DescriptorPool::generated_pool()->FindFileByName(
        absl::StrCat("derwent/v1/", entry.path().filename().string()));
    if (file == nullptr) {
      ADD_FAILURE() << entry.path() << " has a service that this test does not link";
      continue;
    }
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) methods.push_back(file->service(s)->method(m));
    }
  }
  std::sort(methods.begin(), methods.end(),
            [](const auto* a, const auto* b) { return a->full_name() < b->full_name(); });
  return methods;
}

std::string Filled(const pb::Descriptor& type, absl::string_view text, int64_t number) {
  const std::unique_ptr<pb::Message> message(pb::MessageFactory::generated_factory()->GetPrototype(&type)->New());
  Fill(*message, text, number, kDepth);
  return message->SerializeAsString();
}

}  // namespace derwent::testing
