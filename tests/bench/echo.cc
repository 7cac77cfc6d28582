#include "tests/bench/echo.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "grpcpp/server_builder.h"

#include "derwent/v1/referral.grpc.pb.h"
#include "tests/bench/load.h"
#include "trust/base/mutex.h"

namespace derwent::bench {
namespace {

constexpr off_t kFileOctets = 16 << 20;

// Makes octets durable, all that waits in one write and one sync. Never ends: the process is killed.
class GroupCommit {
 public:
  explicit GroupCommit(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    const std::string block(1 << 20, 'x');
    for (off_t at = 0; at < kFileOctets; at += static_cast<off_t>(block.size()))
      Must(pwrite(file_, block.data(), block.size(), at) > 0);
    Must(fdatasync(file_) == 0);
    writer_ = std::thread([this] { Write(); });
  }
  void Add(size_t octets, grpc::ServerUnaryReactor* reactor) {
    MutexLock lock(mutex_);
    waiting_octets_ += octets;
    waiting_.push_back(reactor);
    changed_.NotifyOne();
  }

 private:
  static void Must(bool good) {
    if (!good) std::_Exit(1);
  }
  void Write() {
    off_t at = 0;
    while (true) {
      std::vector<grpc::ServerUnaryReactor*> batch;
      size_t octets = 0;
      {
        MutexLock lock(mutex_);
        while (waiting_.empty()) changed_.Wait(mutex_);
        batch.swap(waiting_);
        octets = std::exchange(waiting_octets_, 0);
      }
      const std::string block(octets, 'y');
      if (at + static_cast<off_t>(octets) > kFileOctets) at = 0;
      Must(pwrite(file_, block.data(), block.size(), at) == static_cast<ssize_t>(block.size()) &&
           fdatasync(file_) == 0);
      at += static_cast<off_t>(octets);
      for (grpc::ServerUnaryReactor* reactor : batch) reactor->Finish(grpc::Status::OK);
    }
  }

  const int file_;
  Mutex mutex_;
  CondVar changed_;
  std::vector<grpc::ServerUnaryReactor*> waiting_ GUARDED_BY(mutex_);
  size_t waiting_octets_ GUARDED_BY(mutex_) = 0;
  std::thread writer_;
};

class Echo final : public v1::ReferralService::WithRawCallbackMethod_SubmitReferral<v1::ReferralService::Service> {
 public:
  explicit Echo(GroupCommit* commit) : commit_(commit) {}
  grpc::ServerUnaryReactor* SubmitReferral(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override {
    *response = *request;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    if (commit_ == nullptr) {
      reactor->Finish(grpc::Status::OK);
    } else {
      commit_->Add(request->Length(), reactor);
    }
    return reactor;
  }

 private:
  GroupCommit* const commit_;
};

}  // namespace

absl::StatusOr<double> TimeCommits(const std::string& path, int count, size_t octets) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string whole(kFileOctets, 'x');
  const std::string block(octets, 'y');
  bool good = file >= 0 && pwrite(file, whole.data(), whole.size(), 0) == kFileOctets && fdatasync(file) == 0;
  std::vector<absl::Duration> times;
  for (int i = 0; good && i < count; ++i) {
    const absl::Time start = absl::Now();
    const off_t at = static_cast<off_t>(octets) * i % (kFileOctets / 2);
    good = pwrite(file, block.data(), octets, at) == static_cast<ssize_t>(octets) && fdatasync(file) == 0;
    times.push_back(absl::Now() - start);
  }
  close(file);
  if (!good) return absl::UnavailableError("the file cannot be written");
  std::sort(times.begin(), times.end());
  return Percentile(times, 0.5);
}

int ServeEcho(const ServerFiles& files, const std::string& port_file, const std::string& commit_file) {
  const auto provider =
      std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(files.key, files.certificate, files.ca, 1);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  const std::unique_ptr<GroupCommit> commit =
      commit_file.empty() ? nullptr : std::make_unique<GroupCommit>(commit_file);
  Echo echo(commit.get());
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("localhost:0", grpc::experimental::TlsServerCredentials(options), &port);
  builder.RegisterService(&echo);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  const std::string part = port_file + ".part";
  std::ofstream(part) << port << "\n";
  if (std::rename(part.c_str(), port_file.c_str()) != 0) return 1;
  server->Wait();
  return 1;
}

}  // namespace derwent::bench
