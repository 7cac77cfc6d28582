// derwent: the command line for practitioners, data protection officers and policy signatories.
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "agents/cli/run.h"

namespace {

constexpr int kInterrupted = 130;

extern "C" void Interrupt(int) { _exit(kInterrupted); }

}  // namespace

int main(int argc, char** argv) {
  static_cast<void>(std::signal(SIGINT, Interrupt));
  // Standard error is for our messages; whoever debugs the transport sets GRPC_VERBOSITY.
  setenv("GRPC_VERBOSITY", "NONE", 0);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet.
  return derwent::cli::RunDerwent({argv + 1, argv + argc});
}
