// Later versions: of own shares that take the place of others, and of shares received that others took the place of.
#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

// CROSS: few supersede, and they are looked for first, however many shares there are.
constexpr char kSupersedes[] =
    "SELECT s.share_id, s.older FROM supersedes s CROSS JOIN outbox o ON o.share_id = s.share_id ";

absl::StatusOr<std::vector<Supersession>> Read(Sql::Statement& query) {
  return query.All(
      [](const Sql::Statement& row) { return Supersession{.share_id = row.Text(0), .older_share_id = row.Text(1)}; });
}

}  // namespace

absl::StatusOr<std::vector<Supersession>> State::StoredSupersessions() {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), std::string(kSupersedes) + "WHERE s.finished = 0 AND o.state = ? LIMIT 100");
  const std::string stored = "STORED";  // Borrowed by the statement.
  query.Bind(stored);
  return Read(query);
}

absl::StatusOr<std::string> State::Superseding(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), std::string(kSupersedes) + "WHERE s.older = ? AND o.state IN (?, ?)");
  const std::string queued = "QUEUED";  // Borrowed by the statement.
  const std::string stored = "STORED";
  query.Bind(share_id, queued, stored);
  ASSIGN_OR_RETURN(const std::vector<Supersession> rows, Read(query));
  return rows.empty() ? "" : rows.front().share_id;
}

absl::Status State::FinishSupersession(const std::string& share_id) {
  return Change("UPDATE supersedes SET finished = 1 WHERE share_id = ?", share_id);
}

absl::StatusOr<std::string> State::SupersededBy(const std::string& share_id, const std::string& sender) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(), "SELECT by_share FROM superseded WHERE share_id = ? AND sender = ?");
  query.Bind(share_id, sender);
  ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? query.Text(0) : "";
}

absl::StatusOr<std::vector<Supersession>> State::UntoldSupersessions() {
  const StateFile::Reading reading(*file_);
  // Nothing is told of what was never given.
  Sql::Statement query(
      reading.sql(),
      "SELECT s.by_share, s.share_id FROM superseded s CROSS JOIN inbox i ON i.share_id = s.share_id AND "
      "i.sender = s.sender WHERE s.told = 0 AND i.handover_started = 1 LIMIT 100");
  return Read(query);
}

absl::Status State::MarkSupersessionTold(const std::string& older_share_id) {
  return Change("UPDATE superseded SET told = 1 WHERE share_id = ?", older_share_id);
}

}  // namespace derwent::agents
