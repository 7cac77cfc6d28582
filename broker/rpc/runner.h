#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"

#include "broker/exchange/command/batch.h"
#include "broker/rpc/answers_under_way.h"
#include "broker/rpc/authentication.h"
#include "broker/rpc/gossip.h"
#include "broker/rpc/json_log.h"
#include "broker/rpc/mailbox_waits.h"
#include "broker/rpc/metrics.h"
#include "broker/rpc/request_room.h"
#include "broker/rpc/worker_pool.h"
#include "broker/sequencer/sequencer.h"
#include "trust/base/clock.h"
#include "trust/secret/random.h"

namespace derwent::rpc {

// What every handler needs, borrowed; wired by the server.
struct Parts {
  sequencer::Sequencer* sequencer = nullptr;
  sequencer::CurrentWorld* world = nullptr;
  store::Store* store = nullptr;
  const ledger::Tagger* tagger = nullptr;
  const Clock* clock = nullptr;
  trust::Random* random = nullptr;
  WorkerPool* pool = nullptr;
  MailboxWaits* waits = nullptr;
  Metrics* metrics = nullptr;
  RequestRoom* room = nullptr;
  AnswersUnderWay* answers = nullptr;
  Gossip* gossip = nullptr;
  JsonLog* log = nullptr;
  size_t share_octets = exchange::Limits().share_octets;  // Of the largest share that is taken.
};

// The call that is made. `request`, where given, is what a worker would parse and verify.
struct Asked {
  Asked(const char* its_method) : method(its_method) {}  // NOLINT(google-explicit-constructor): a name is a call.
  Asked(const char* its_method, const google::protobuf::Message* its_request)
      : method(its_method), request(its_request) {}

  absl::string_view method;
  const google::protobuf::Message* request = nullptr;
};

// Does once for all calls what no handler may forget: caller from the certificate, revocation, who may call, admission,
// deadline and cancellation, the refused-call entry, receipts, status, one log line. A handler is parse and render.
class Runner {
 public:
  explicit Runner(Parts parts) : parts_(parts) {}

  // A rule of the exchange, ready to run on the writer.
  using Rule = std::function<absl::Status(exchange::Batch&)>;
  // Reads and verifies a request on a worker, and gives the rule.
  using Prepare = std::function<absl::StatusOr<Rule>(const exchange::Caller&, const exchange::World&)>;
  // Fills the response from what is committed, on a worker.
  using Query = std::function<absl::Status(const exchange::Caller&, const exchange::World&, store::Reader&)>;
  // What is due when a command was refused, in the commit that enters the refusal.
  using OnRefusal = std::function<absl::Status(const absl::Status& why, exchange::Batch&)>;

  // A call that decides and writes. `after`, where given, runs once the command's entries are durable. A small request
  // is prepared on the thread it came on: to hand it to a worker would cost more than to verify it.
  grpc::ServerUnaryReactor* Command(grpc::CallbackServerContext* context, const Asked& asked,
                                    google::protobuf::Message* response, Prepare prepare, Query after = nullptr,
                                    OnRefusal on_refusal = nullptr);
  // A call that only reads what is no entry's business: proofs, registers, own referrals.
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* context, absl::string_view method, Query query);
  // How long a call waits, and with whom.
  struct Polling {
    absl::Duration wait;
    MailboxWaits* waits = nullptr;
  };
  // A command that waits while the response stays empty.
  grpc::ServerUnaryReactor* LongPoll(grpc::CallbackServerContext* context, absl::string_view method,
                                     google::protobuf::Message* response, Polling polling, Prepare prepare,
                                     std::function<bool()> empty);

  const Parts& parts() const { return parts_; }

 private:
  struct Call;
  using CallPtr = std::shared_ptr<Call>;  // Shared between gRPC's, the worker's and the writer's threads until it ends.

  CallPtr Begin(grpc::CallbackServerContext* context, absl::string_view method, google::protobuf::Message* response);
  // False and the call ended when the caller may not call, or its request was not read.
  bool Admit(const CallPtr& call);
  void Prepared(const CallPtr& call, const Prepare& prepare);
  void Enqueue(const CallPtr& call, Rule rule);
  void Committed(const CallPtr& call, absl::Status status, std::shared_ptr<const ledger::SealedBatch> sealed);
  void Poll(const CallPtr& call);
  // Tells a refusal, once it is entered, or a failure that is none.
  void Fail(const CallPtr& call, const absl::Status& why);
  // Enters a refusal before it is told.
  void Refuse(const CallPtr& call, const absl::Status& why);
  void End(const CallPtr& call, const absl::Status& status);

  const Parts parts_;
  Authentication authentication_;
  absl::flat_hash_set<std::string> kept_credentials_;  // By serial, durably; the writer's alone.
};

}  // namespace derwent::rpc
