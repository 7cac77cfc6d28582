#pragma once

#include <string>

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

}  // namespace derwent::bench
