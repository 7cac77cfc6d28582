// Later versions: of own shares that take the place of others, and of shares received that others took the place of.
#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

constexpr char kSupersedes[] = "SELECT s.share_id, s.older FROM supersedes s JOIN outbox o ON o.share_id = s.share_id ";

absl::StatusOr<std::vector<Supersession>> Read(Sql::Statement& query) {
  std::vector<Supersession> rows;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, query.Next());
    if (!more) return rows;
    rows.push_back({.share_id = query.Text(0), .older_share_id = query.Text(1)});
  }
}

// What is kept of a share that a later version took the place of: that it was here.
absl::Status EndSuperseded(Sql& sql, const std::string& share_id, const std::string& sender) {
  return Sql::Statement(sql,
                        "UPDATE inbox SET state = ?, content = x'', handed_over = 1 WHERE share_id = ? AND sender = ?")
      .Bind(std::string("SUPERSEDED"), share_id, sender)
      .Run();
}

}  // namespace

absl::StatusOr<std::vector<Supersession>> State::StoredSupersessions() {
  const MutexLock lock(mutex_);
  Sql::Statement query(*sql_, std::string(kSupersedes) + "WHERE s.finished = 0 AND o.state = ? LIMIT 100");
  const std::string stored = "STORED";  // Borrowed by the statement.
  query.Bind(stored);
  return Read(query);
}

absl::StatusOr<std::string> State::Superseding(const std::string& share_id) {
  const MutexLock lock(mutex_);
  Sql::Statement query(*sql_, std::string(kSupersedes) + "WHERE s.older = ? AND o.state IN (?, ?)");
  const std::string queued = "QUEUED";  // Borrowed by the statement.
  const std::string stored = "STORED";
  query.Bind(share_id, queued, stored);
  ASSIGN_OR_RETURN(const std::vector<Supersession> rows, Read(query));
  return rows.empty() ? "" : rows.front().share_id;
}

absl::Status State::FinishSupersession(const std::string& share_id) {
  return Change("UPDATE supersedes SET finished = 1 WHERE share_id = ?", share_id);
}

absl::StatusOr<bool> State::SaveReceived(const InboxRow& row, const std::string& supersedes) {
  bool fresh = false;
  RETURN_IF_ERROR(commits_.Run([&](Sql& sql) -> absl::Status {
    Sql::Statement insert(
        sql,
        "INSERT OR IGNORE INTO inbox (share_id, delivery_id, sender, state, manifest, manifest_digest, content, "
        "receive_ms, handed_over) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert.Bind(row.share_id, row.delivery_id, row.sender, row.state, row.manifest, row.manifest_digest, row.content,
                absl::ToUnixMillis(row.receive_time), static_cast<int64_t>(row.handed_over));
    RETURN_IF_ERROR(insert.Run());
    fresh = sql.changes() > 0;
    if (!supersedes.empty()) {
      RETURN_IF_ERROR(
          Sql::Statement(sql, "INSERT OR IGNORE INTO superseded (share_id, sender, by_share) VALUES (?, ?, ?)")
              .Bind(supersedes, row.sender, row.share_id)
              .Run());
      RETURN_IF_ERROR(EndSuperseded(sql, supersedes, row.sender));
    }
    // The later version may have come first.
    Sql::Statement later(sql, "SELECT 1 FROM superseded WHERE share_id = ? AND sender = ?");
    later.Bind(row.share_id, row.sender);
    ASSIGN_OR_RETURN(const bool over, later.Next());
    return over ? EndSuperseded(sql, row.share_id, row.sender) : absl::OkStatus();
  }));
  return fresh;
}

absl::StatusOr<std::string> State::SupersededBy(const std::string& share_id, const std::string& sender) {
  const MutexLock lock(mutex_);
  Sql::Statement query(*sql_, "SELECT by_share FROM superseded WHERE share_id = ? AND sender = ?");
  query.Bind(share_id, sender);
  ASSIGN_OR_RETURN(const bool found, query.Next());
  return found ? query.Text(0) : "";
}

absl::StatusOr<std::vector<Supersession>> State::UntoldSupersessions() {
  const MutexLock lock(mutex_);
  // Nothing is told of what was never given.
  Sql::Statement query(*sql_,
                       "SELECT s.by_share, s.share_id FROM superseded s JOIN inbox i ON i.share_id = s.share_id AND "
                       "i.sender = s.sender WHERE s.told = 0 AND i.handover_started = 1 LIMIT 100");
  return Read(query);
}

absl::Status State::MarkSupersessionTold(const std::string& older_share_id) {
  return Change("UPDATE superseded SET told = 1 WHERE share_id = ?", older_share_id);
}

}  // namespace derwent::agents
