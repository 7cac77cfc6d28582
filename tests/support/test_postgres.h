#pragma once

#include <sys/types.h>

#include <string>

namespace derwent::testing {

// A real PostgreSQL of this machine, started by a test and ended with its process: data, socket and log in a folder of
// its own, no TCP. Roles: `owner`, who may do everything, and `reader`, who may read what is granted; both with a
// password, as at an agency. One a test process, for it takes seconds. Not thread-safe.
class TestPostgres {
 public:
  // Starts it at the first call. Null, with a failure of the test that says what is missing, when it cannot start.
  static TestPostgres* Get();
  ~TestPostgres();
  TestPostgres(const TestPostgres&) = delete;
  TestPostgres& operator=(const TestPostgres&) = delete;

  // Runs statements as the owner; a failure of the test when one fails.
  void Execute(const std::string& statements);
  // How `reader` connects: socket, database and passfile, no password.
  std::string connection() const;
  // Where its socket is; nobody listens elsewhere.
  const std::string& folder() const { return folder_; }
  // The reader's password, to be looked for where it must not be.
  static const char* password();

 private:
  TestPostgres() = default;
  bool Start();
  bool Init(const std::string& programs);
  bool Spawn(const std::string& programs);

  std::string folder_;
  pid_t server_ = -1;
  int log_ = -1;
};

}  // namespace derwent::testing
