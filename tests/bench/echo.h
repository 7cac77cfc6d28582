#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace derwent::bench {

// Files of a server's mutual TLS.
struct ServerFiles {
  std::string ca;
  std::string certificate;
  std::string key;
};

// The machine's own limit: answers SubmitReferral with the octets it was sent, without parsing them, over the same
// mutual TLS as the broker. With `commit_file` each answer waits until its octets are durable there: one writer thread
// writes whatever waits and syncs once (group commit, file written before). Writes its port to `port_file`; returns
// only on failure, non-zero.
int ServeEcho(const ServerFiles& files, const std::string& port_file, const std::string& commit_file);

// The disk's own limit: writes `octets` to a file written before, syncs, `count` times, one after another. The median
// time in milliseconds. Error: kUnavailable the file cannot be written.
absl::StatusOr<double> TimeCommits(const std::string& path, int count, size_t octets);

}  // namespace derwent::bench
