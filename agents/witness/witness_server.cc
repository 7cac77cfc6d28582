#include "agents/witness/witness_server.h"

#include <httplib.h>

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace derwent::agents {
namespace {

// A note, 63 hashes and the first line.
constexpr size_t kLargestBody = trust::kMaxNoteSize + 4'096;
constexpr int kIdleSeconds = 5;
constexpr size_t kThreads = 8;

void Fill(httplib::Response& response, const WitnessAnswer& answer) {
  response.status = answer.status;
  response.set_content(answer.body, answer.content_type);
}

// A body is a checkpoint whatever it says its type is, up to one bound: the library's own for forms, and none for what
// comes in chunks, are not asked.
void Take(Witness& witness, const httplib::Request& request, httplib::Response& response,
          const httplib::ContentReader& read) {
  // Of parts the library gives no body.
  if (request.is_multipart_form_data())
    return Fill(response, {.status = 415, .body = "the body is an add-checkpoint request, and has no parts\n"});
  std::string body;
  const bool whole = read([&](const char* octets, size_t size) {
    if (size > kLargestBody - body.size()) return false;
    body.append(octets, size);
    return true;
  });
  Fill(response, whole ? witness.AddCheckpoint(body) : WitnessAnswer{.status = 413, .body = "the body is too large\n"});
}

}  // namespace

WitnessServer::WitnessServer(std::unique_ptr<httplib::Server> server) : server_(std::move(server)) {}

absl::StatusOr<std::unique_ptr<WitnessServer>> WitnessServer::Start(const std::string& listen, Witness& witness) {
  const size_t colon = listen.rfind(':');
  int port = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(listen.substr(colon + 1), &port) || port < 0 || port > 65'535)
    return absl::InvalidArgumentError("the witness listens at `host:port`");
  auto http = std::make_unique<httplib::Server>();
  http->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };  // The server deletes it.
  http->set_payload_max_length(kLargestBody);
  http->set_read_timeout(kIdleSeconds);
  http->set_write_timeout(kIdleSeconds);
  http->set_tcp_nodelay(true);
  http->Post("/add-checkpoint",
             [&witness](const httplib::Request& request, httplib::Response& response,
                        const httplib::ContentReader& read) { Take(witness, request, response, read); });
  http->Get("/([0-9a-f]{64})/checkpoint", [&witness](const httplib::Request& request, httplib::Response& response) {
    Fill(response, witness.Latest(request.matches[1].str()));
  });
  const std::string host = listen.substr(0, colon);
  std::unique_ptr<WitnessServer> server(new WitnessServer(std::move(http)));
  if (port == 0) {
    server->port_ = server->server_->bind_to_any_port(host.c_str());
  } else {
    server->port_ = server->server_->bind_to_port(host.c_str(), port) ? port : -1;
  }
  if (server->port_ <= 0) return absl::UnavailableError(absl::StrCat("the witness cannot listen at ", listen));
  server->thread_ = std::thread([own = server.get()] {
    own->server_->listen_after_bind();
    own->ended_ = true;
  });
  return server;
}

WitnessServer::~WitnessServer() {
  if (!thread_.joinable()) return;
  // It can be stopped once it runs; the socket listens already.
  while (!server_->is_running() && !ended_) std::this_thread::yield();
  server_->stop();
  thread_.join();
}

}  // namespace derwent::agents
