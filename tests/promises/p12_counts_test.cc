// P12, oversized: a request of very many very small parts. Every count is a limit that ends the look at what it counts:
// such a request is refused about as fast as it is sent, and keeps nobody else waiting.
#include <atomic>
#include <fstream>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

#include "derwent/v1/approval.pb.h"
#include "derwent/v1/emergency.pb.h"
#include "derwent/v1/erasure.pb.h"
#include "derwent/v1/message.pb.h"
#include "derwent/v1/package.pb.h"
#include "derwent/v1/register.pb.h"
#include "derwent/v1/rights.pb.h"
#include "tests/promises/every_rpc.h"

namespace derwent::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::internal::WireFormatLite;

constexpr size_t kOctets = size_t{8} << 20;
constexpr int kDepth = 4;
constexpr absl::Duration kAnswered = absl::Seconds(2);  // Eight MiB are sent and read first.
constexpr absl::Duration kOthersWait = absl::Seconds(1);

using Path = std::vector<const FieldDescriptor*>;

// What of a request is a message under signature: where its octets stand, and of which type they are.
struct Signed {
  const char* method;
  std::vector<const char*> at;
  const Descriptor* type;
};

std::vector<Signed> EverySigned() {
  return {
      {"SubmitReferral", {"submissions", "package", "manifest", "payload"}, v1::Manifest::descriptor()},
      {"SubmitReferral", {"submissions", "sender_statement"}, v1::SenderStatement::descriptor()},
      {"SubmitReferral", {"approvals", "command", "payload"}, v1::ApprovalCommand::descriptor()},
      {"SubmitCaseRequest", {"submissions", "package", "manifest", "payload"}, v1::Manifest::descriptor()},
      {"SubmitCaseAnswer", {"submission", "package", "manifest", "payload"}, v1::Manifest::descriptor()},
      {"SubmitCaseAnswer", {"submission", "sender_statement"}, v1::SenderStatement::descriptor()},
      {"AskApproval", {"question", "payload"}, v1::ApprovalQuestion::descriptor()},
      {"GiveApproval", {"approval", "command", "payload"}, v1::ApprovalCommand::descriptor()},
      {"SendNotice", {"notice", "payload"}, v1::Notice::descriptor()},
      {"ApplyDirectory", {"directory", "payload"}, v1::Directory::descriptor()},
      {"ApplyHold", {"hold", "command", "payload"}, v1::HoldCommand::descriptor()},
      {"RequestErasure", {"command", "command", "payload"}, v1::ErasureCommand::descriptor()},
      {"NotifyRights", {"notices", "payload"}, v1::RightsNotice::descriptor()},
      {"DeclareEmergency", {"declaration", "command", "payload"}, v1::EmergencyCommand::descriptor()},
  };
}

// `field` as often as `octets` hold, each as small as can be.
std::string Many(const FieldDescriptor& field, size_t octets) {
  const auto type = static_cast<WireFormatLite::FieldType>(field.type());
  std::string one;
  google::protobuf::io::StringOutputStream stream(&one);
  google::protobuf::io::CodedOutputStream out(&stream);
  const auto wire = field.type() == FieldDescriptor::TYPE_STRING || field.type() == FieldDescriptor::TYPE_BYTES ||
                            field.type() == FieldDescriptor::TYPE_MESSAGE
                        ? WireFormatLite::WIRETYPE_LENGTH_DELIMITED
                        : WireFormatLite::WireTypeForFieldType(type);
  out.WriteTag(WireFormatLite::MakeTag(field.number(), wire));
  out.WriteVarint32(0);
  out.Trim();
  std::string many;
  many.reserve(octets);
  while (many.size() + one.size() <= octets) many += one;
  return many;
}

// `octets` as the one content of the field at the end of `path`.
std::string At(const Path& path, std::string octets) {
  for (auto field = path.rbegin(); field != path.rend(); ++field) {
    std::string outer;
    {
      google::protobuf::io::StringOutputStream stream(&outer);
      google::protobuf::io::CodedOutputStream out(&stream);
      out.WriteTag(WireFormatLite::MakeTag((*field)->number(), WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
      out.WriteVarint32(static_cast<uint32_t>(octets.size()));
      out.WriteString(octets);
    }
    octets = std::move(outer);
  }
  return octets;
}

// A hostile request, and what it is called in a failure.
struct Hostile {
  std::string name, octets;
};

// Each repeated field of a message, here or further in, and all of one message at once.
void AddHostile(const Descriptor& type, const Path& path, const std::string& name, int depth,
                std::vector<Hostile>& list) {
  std::vector<const FieldDescriptor*> repeated;
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) repeated.push_back(&field);
    if (field.message_type() == nullptr || depth == 0) continue;
    Path inner = path;
    inner.push_back(&field);
    AddHostile(*field.message_type(), inner, absl::StrCat(name, ".", field.name()), depth - 1, list);
  }
  std::string all;
  for (const FieldDescriptor* field : repeated) {
    list.push_back({absl::StrCat(name, ".", field->name()), At(path, Many(*field, kOctets))});
    all += Many(*field, kOctets / repeated.size());
  }
  if (repeated.size() > 1) list.push_back({absl::StrCat(name, ".*"), At(path, std::move(all))});
}

std::vector<Hostile> HostileOf(const MethodDescriptor& method) {
  std::vector<Hostile> list;
  AddHostile(*method.input_type(), {}, method.name(), kDepth, list);
  for (const Signed& one : EverySigned()) {
    if (method.name() != one.method) continue;
    Path path;
    const Descriptor* type = method.input_type();
    for (const char* name : one.at) {
      path.push_back(type->FindFieldByName(name));
      type = path.back()->message_type();
    }
    AddHostile(*one.type, path, absl::StrCat(method.name(), " ", one.type->name()), kDepth, list);
  }
  return list;
}

class Counts : public EveryRpc {
 protected:
  // The longest that another agency waits for an answer while `call` is under way.
  static absl::Duration OthersWait(const std::function<void()>& call) {
    const MethodDescriptor* checkpoint = nullptr;
    for (const MethodDescriptor* method : EveryMethod()) {
      if (method->name() == "GetCheckpoint") checkpoint = method;
    }
    const std::string at = Pki() + "agencies/dcc.adults/agent";
    const AnyClient client(consortium_->target(), Pki() + "trust/ca.pem", at + ".pem", at + ".key");
    std::atomic<bool> over = false;
    absl::Duration longest;
    std::thread other([&] {
      while (!over) {
        const absl::Time start = absl::Now();
        EXPECT_EQ(client.Call(*checkpoint, "").code, absl::StatusCode::kOk);
        longest = std::max(longest, absl::Now() - start);
      }
    });
    call();
    over = true;
    other.join();
    return longest;
  }
};

TEST_F(Counts, ManyEmptyPartsOfAnyFieldAreRefusedAtOnceAndKeepNobodyWaiting) {
  for (const MethodDescriptor* method : EveryMethod()) {
    if (AtAgent(*method)) continue;
    for (const Hostile& hostile : HostileOf(*method)) {
      absl::Duration took;
      Answer answer;
      const absl::Duration waited = OthersWait([&] {
        const absl::Time start = absl::Now();
        answer = Call(*method, CallerOf(*method), hostile.octets);
        took = absl::Now() - start;
      });
      EXPECT_NE(answer.code, absl::StatusCode::kOk) << hostile.name;
      EXPECT_LT(took, kAnswered) << hostile.name << ": " << answer.message;
      EXPECT_LT(waited, kOthersWait) << hostile.name;
    }
  }
}

// Resident octets of the broker at most so far.
int64_t HighWater(pid_t broker) {
  std::ifstream status(absl::StrCat("/proc/", broker, "/status"));
  std::string line;
  while (std::getline(status, line)) {
    if (absl::StartsWith(line, "VmHWM:")) return std::atoll(line.c_str() + 6) * 1024;
  }
  return -1;
}

TEST_F(Counts, SixtyFourSharesOfTheLargestSizeAtOnceAreNotAllHeldInMemory) {
  const MethodDescriptor* submit = nullptr;
  for (const MethodDescriptor* method : EveryMethod()) {
    if (method->name() == "SubmitReferral") submit = method;
  }
  const std::string empty_submissions = Many(*submit->input_type()->FindFieldByName("submissions"), kOctets);
  const std::string at = Pki() + "agencies/police.derbys/agent";
  std::vector<std::thread> callers;
  for (int i = 0; i < 64; ++i) {
    callers.emplace_back([&] {
      const AnyClient client(consortium_->target(), Pki() + "trust/ca.pem", at + ".pem", at + ".key");
      EXPECT_NE(client.Call(*submit, empty_submissions).code, absl::StatusCode::kOk);
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LT(HighWater(consortium_->broker()), int64_t{1} << 30);
}

}  // namespace
}  // namespace derwent::testing
