#include "agents/daemon/state/former_requests.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "agents/daemon/state/sql.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kTakeOver[] = R"sql(
BEGIN IMMEDIATE;
INSERT OR IGNORE INTO main.asked SELECT * FROM former.asked;
INSERT OR IGNORE INTO main.selectors SELECT * FROM former.selectors;
INSERT OR IGNORE INTO main.replies SELECT * FROM former.replies;
INSERT OR IGNORE INTO main.held_requests SELECT * FROM former.held;
INSERT OR IGNORE INTO main.approvals SELECT * FROM former.approvals;
INSERT OR IGNORE INTO main.answers SELECT * FROM former.answers;
COMMIT;
)sql";

absl::Status Remove(const std::string& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
  return error ? absl::UnavailableError(absl::StrCat("cannot remove `", path, "`: ", error.message()))
               : absl::OkStatus();
}

}  // namespace

absl::Status TakeOverFormerRequests(const std::string& folder) {
  const std::string former = folder + "/requests.db";
  std::error_code error;
  if (!std::filesystem::exists(former, error)) return absl::OkStatus();
  {
    ASSIGN_OR_RETURN(const std::unique_ptr<Sql> sql, Sql::Open(folder + "/agent.db"));
    RETURN_IF_ERROR(Sql::Statement(*sql, "ATTACH ? AS former").Bind(former).Run());
    RETURN_IF_ERROR(sql->Execute(kTakeOver));
  }
  for (const char* file : {"-wal", "-shm", ""}) RETURN_IF_ERROR(Remove(absl::StrCat(former, file)));
  return absl::OkStatus();
}

}  // namespace derwent::agents
