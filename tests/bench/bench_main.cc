// The parts of the benchmark that need C++; tests/bench/bench.py starts them, one process each, and prints the table.
//   derwent_bench echo RUN PORT_FILE [COMMIT_FILE]      an echo server with the broker's TLS identity
//   derwent_bench make RUN SAMPLE COUNT FILE            COUNT finished submits, length-prefixed
//   derwent_bench load RUN TARGET FILE FROM COUNT OUTSTANDING   sends them; one JSON line
//   derwent_bench commits FILE COUNT OCTETS             durable writes, one by one; one JSON line
//   derwent_bench ask RUN AGENCY PERSON QUESTION COUNT OUTSTANDING   requests until all answers are there; one JSON
//   line derwent_bench opened RUN SAMPLE COUNT               submit to opened at the recipient, one by one; one JSON
//   line
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"

#include "tests/bench/asking.h"
#include "tests/bench/echo.h"
#include "tests/bench/load.h"
#include "tests/bench/shares.h"
#include "trust/base/status_macros.h"

namespace derwent::bench {
namespace {

constexpr char kMethod[] = "/derwent.v1.ReferralService/SubmitReferral";

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int Number(const char* text) {
  int number = 0;
  if (absl::SimpleAtoi(text, &number) && number >= 0) return number;
  std::fprintf(stderr, "`%s` is not a number\n", text);
  std::exit(2);
}

absl::Status Make(const std::string& run, const std::string& sample, int count, const std::string& path) {
  ASSIGN_OR_RETURN(const Parties parties, OpenParties(run));
  ASSIGN_OR_RETURN(const std::vector<std::string> shares, MakeShares(*parties.sender, ReadAll(sample), count));
  std::ofstream file(path, std::ios::binary);
  for (const std::string& share : shares) {
    const uint32_t size = static_cast<uint32_t>(share.size());
    file.write(reinterpret_cast<const char*>(&size), sizeof size).write(share.data(), size);
  }
  std::printf("{\"octets\": %zu}\n", shares.front().size());
  return file.flush().good() ? absl::OkStatus() : absl::UnavailableError("cannot write the shares");
}

absl::Status Load(const std::string& run, const std::string& target, const std::string& path, size_t from, size_t count,
                  int outstanding) {
  std::vector<std::string> shares;
  std::ifstream file(path, std::ios::binary);
  uint32_t size = 0;
  while (shares.size() < from + count && file.read(reinterpret_cast<char*>(&size), sizeof size)) {
    shares.emplace_back(size, '\0');
    file.read(shares.back().data(), size);
  }
  if (shares.size() < from + count) return absl::OutOfRangeError("the file holds fewer shares");
  ASSIGN_OR_RETURN(const agents::AgentConfig config,
                   agents::AgentConfig::Load(run + "/agents/police.derbys/agent.json"));
  ASSIGN_OR_RETURN(const auto channel, agents::Channel::Open({.target = target,
                                                              .peer = config.broker_peer,
                                                              .ca_file = config.anchors.ca,
                                                              .certificate_file = config.tls_certificate,
                                                              .key_file = config.tls_key}));
  const auto good = [](const std::string& octets) {
    v1::SubmitReferralResponse response;
    v1::SubmitReferralRequest echoed;
    return (response.ParseFromString(octets) && response.outcome() == v1::SUBMIT_OUTCOME_STORED &&
            response.receipts_size() == 1) ||
           (echoed.ParseFromString(octets) && echoed.submissions_size() == 1);
  };
  if (!channel->grpc()->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10)))
    return absl::UnavailableError("no connection");
  const LoadResult result =
      Drive(channel->grpc(), kMethod, absl::MakeConstSpan(shares).subspan(from, count), outstanding, good);
  std::printf("{\"per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"failed\": %d}\n", result.calls_a_second,
              result.p50_ms, result.p99_ms, result.failed);
  return absl::OkStatus();
}

// The recipient collects without pause; a share counts as opened once its content was verified, opened, kept and handed
// over.
absl::Status Opened(const std::string& run, const std::string& sample, int count) {
  ASSIGN_OR_RETURN(const Parties parties, OpenParties(run));
  agents::Receiver& receiver = parties.recipient->daemon->receiver();
  for (int taken = 1; taken > 0;) {  // What earlier figures left in the mailbox.
    ASSIGN_OR_RETURN(taken, receiver.CollectOnce(absl::ZeroDuration()));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> shares, MakeShares(*parties.sender, ReadAll(sample), count));
  std::vector<double> times;
  for (const std::string& share : shares) {
    v1::SubmitReferralRequest request;
    if (!request.ParseFromString(share)) return absl::InternalError("a share does not parse");
    absl::StatusOr<int> taken = 0;
    std::thread collecting([&] { taken = receiver.CollectOnce(absl::Seconds(25)); });
    const absl::Time start = absl::Now();
    const auto stored = parties.sender->broker->Submit(request);
    collecting.join();
    times.push_back(absl::ToDoubleMilliseconds(absl::Now() - start));
    RETURN_IF_ERROR(stored.status());
    RETURN_IF_ERROR(taken.status());
    ASSIGN_OR_RETURN(const auto row, parties.recipient->daemon->context().state.FindReceived(request.request_id()));
    if (!row.has_value()) return absl::InternalError("a share was not opened");
  }
  std::sort(times.begin(), times.end());
  std::printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", times[times.size() / 2], times[times.size() * 99 / 100]);
  return absl::OkStatus();
}

absl::Status Commits(const std::string& path, int count, int octets) {
  ASSIGN_OR_RETURN(const double p50, TimeCommits(path, count, static_cast<size_t>(octets)));
  std::printf("{\"p50_ms\": %.3f}\n", p50);
  return absl::OkStatus();
}

absl::Status AskMany(const std::string& run, const std::string& agency, const std::string& person,
                     const std::string& question, int count, int outstanding) {
  v1::SendCaseRequestRequest request;
  if (!google::protobuf::util::JsonStringToMessage(ReadAll(question), &request).ok())
    return absl::InvalidArgumentError(absl::StrCat("`", question, "` is no request"));
  ASSIGN_OR_RETURN(const AskResult result, Ask(run, agency, person, request, count, outstanding));
  std::printf("{\"per_second\": %.2f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", result.requests_a_second, result.p50_ms,
              result.p99_ms);
  return absl::OkStatus();
}

int Run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  absl::Status status = absl::InvalidArgumentError("usage: see the top of bench_main.cc");
  if (mode == "echo" && argc >= 4) {
    const std::string pki = std::string(argv[2]) + "/pki/";
    return ServeEcho({.ca = pki + "trust/ca.pem", .certificate = pki + "broker/tls.pem", .key = pki + "broker/tls.key"},
                     argv[3], argc > 4 ? argv[4] : "");
  }
  if (mode == "make" && argc == 6) status = Make(argv[2], argv[3], Number(argv[4]), argv[5]);
  if (mode == "load" && argc == 8)
    status = Load(argv[2], argv[3], argv[4], Number(argv[5]), Number(argv[6]), Number(argv[7]));
  if (mode == "commits" && argc == 5) status = Commits(argv[2], Number(argv[3]), Number(argv[4]));
  if (mode == "ask" && argc == 8)
    status = AskMany(argv[2], argv[3], argv[4], argv[5], Number(argv[6]), Number(argv[7]));
  if (mode == "opened" && argc == 5) status = Opened(argv[2], argv[3], Number(argv[4]));
  if (status.ok()) return 0;
  std::fprintf(stderr, "derwent_bench: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace
}  // namespace derwent::bench

int main(int argc, char** argv) { return derwent::bench::Run(argc, argv); }
