// derwent-agent: an agency's own side of Derwent.
#include <csignal>
#include <iostream>
#include <string>

#include "google/protobuf/stubs/logging.h"

#include "CLI/CLI.hpp"
#include "agents/daemon/context/config.h"
#include "agents/daemon/daemon.h"
#include "agents/daemon/services/server.h"
#include "agents/daemon/witnessing.h"
#include "agents/sdk/broker/grpc_broker.h"
#include "agents/sdk/channel/channel.h"

namespace {

namespace agents = derwent::agents;

int Fail(const absl::Status& status, int code) {
  std::cerr << "derwent-agent: " << status.message() << "\n";
  return code;
}

int Serve(const std::string& path, const std::string& port_file) {
  // Signals are waited for, not handled: block them before any thread starts.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  absl::StatusOr<agents::AgentConfig> config = agents::AgentConfig::Load(path);
  if (!config.ok()) return Fail(config.status(), 2);
  if (!port_file.empty()) config->port_file = port_file;
  const derwent::SystemClock clock;
  derwent::trust::SystemRandom random;
  agents::Log log(std::cerr, clock, config->agency);
  auto channel = agents::Channel::Open({.target = config->broker_target,
                                        .peer = config->broker_peer,
                                        .ca_file = config->anchors.ca,
                                        .certificate_file = config->tls_certificate,
                                        .key_file = config->tls_key});
  if (!channel.ok()) return Fail(channel.status(), 1);
  agents::GrpcBroker broker(**channel);
  auto daemon = agents::AgentDaemon::Create(*config, {.broker = broker, .clock = clock, .random = random, .log = log});
  if (!daemon.ok()) return Fail(daemon.status(), 1);
  (*channel)->SetGossip(&(*daemon)->gossip());
  const auto witnessing = agents::Witnessing::Start(*config, (*daemon)->context());
  if (!witnessing.ok()) return Fail(witnessing.status(), 1);
  auto server = agents::LocalServer::Start(*config, **daemon);
  if (!server.ok()) return Fail(server.status(), 1);
  (*daemon)->Start();
  log.Write("info", "serving");
  int signal = 0;
  sigwait(&signals, &signal);
  log.Write("info", "stopping");
  (*server)->Stop();
  (*daemon)->Stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // The library's own notes on malformed input are not JSON lines; every parse here checks its result.
  google::protobuf::SetLogHandler(nullptr);
  CLI::App app("Derwent's agent: an agency's own side of sharing");
  app.set_version_flag("--version", "derwent-agent 0.1.0");
  app.require_subcommand(1);
  std::string config;
  std::string port_file;
  CLI::App* serve = app.add_subcommand("serve", "Sends and receives for one agency, and serves its systems and people");
  serve->add_option("--config", config, "JSON configuration, see agents/daemon/README.md")->required();
  serve->add_option("--port-file", port_file, "file to write the chosen port to; overrides the configuration's");
  CLI11_PARSE(app, argc, argv);
  return Serve(config, port_file);
}
