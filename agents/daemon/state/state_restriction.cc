// Restrictions: what the broker is yet to be told of them, whom they stop here, and whom what waits is about.
#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "agents/daemon/state/state.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

// The number of the last event of a restriction that the broker took.
std::string NumberOf(const std::string& restriction_id) { return absl::StrCat("restriction/", restriction_id); }

}  // namespace

absl::StatusOr<uint32_t> Changes::LastOfRestriction(const std::string& restriction_id) {
  uint32_t taken = 0;
  Sql::Statement kept(sql_, "SELECT value FROM kept WHERE name = ?");
  const std::string name = NumberOf(restriction_id);
  kept.Bind(name);
  ASSIGN_OR_RETURN(const bool found, kept.Next());
  if (found && !absl::SimpleAtoi(kept.Text(0), &taken)) return absl::DataLossError("a kept number does not parse");
  Sql::Statement due(sql_, "SELECT max(sequence) FROM restrictions_due WHERE restriction_id = ?");
  due.Bind(restriction_id);
  RETURN_IF_ERROR(due.Next().status());
  return std::max(taken, static_cast<uint32_t>(due.Int(0)));
}

absl::Status Changes::QueueRestriction(RestrictionRow row, const std::vector<std::string>& references,
                                       const Signer& sign) {
  ASSIGN_OR_RETURN(const uint32_t last, LastOfRestriction(row.restriction_id));
  ASSIGN_OR_RETURN(row.request, sign(last + 1));
  RETURN_IF_ERROR(Run("INSERT INTO restrictions_due (restriction_id, sequence, lifts, request) VALUES (?, ?, ?, ?)",
                      row.restriction_id, last + 1, static_cast<int64_t>(row.lifts), row.request));
  if (row.lifts) return absl::OkStatus();
  RETURN_IF_ERROR(Run("INSERT OR IGNORE INTO restrictions_untold VALUES (?)", row.restriction_id));
  return SetVeto(row.restriction_id, references);
}

absl::Status Changes::RestrictionTaken(const RestrictionRow& row) {
  RETURN_IF_ERROR(Run("DELETE FROM restrictions_due WHERE row = ?", row.row));
  if (sql_.changes() == 0) return absl::OkStatus();  // Told twice at once, and done.
  RETURN_IF_ERROR(Keep(NumberOf(row.restriction_id), absl::StrCat(row.sequence)));
  {
    Sql::Statement later(sql_, "SELECT 1 FROM restrictions_due WHERE restriction_id = ?");
    later.Bind(row.restriction_id);
    ASSIGN_OR_RETURN(const bool follows, later.Next());
    if (follows) return absl::OkStatus();
  }
  RETURN_IF_ERROR(Run("DELETE FROM restrictions_untold WHERE restriction_id = ?", row.restriction_id));
  return row.lifts ? SetVeto(row.restriction_id, {}) : absl::OkStatus();
}

absl::Status Changes::DropRestriction(const RestrictionRow& row) {
  return Run("DELETE FROM restrictions_due WHERE restriction_id = ? AND row >= ?", row.restriction_id, row.row);
}

absl::Status Changes::SkipRestriction(const RestrictionRow& row) {
  return Keep(NumberOf(row.restriction_id), absl::StrCat(row.sequence));
}

absl::Status Changes::SetVeto(const std::string& restriction_id, const std::vector<std::string>& references) {
  RETURN_IF_ERROR(Run("DELETE FROM vetoes WHERE restriction_id = ?", restriction_id));
  for (const std::string& reference : references)
    RETURN_IF_ERROR(Run("INSERT OR IGNORE INTO vetoes VALUES (?, ?)", reference, restriction_id));
  return absl::OkStatus();
}

absl::Status Changes::SetAbout(const std::string& share_id, const std::vector<KnownAs>& about) {
  RETURN_IF_ERROR(Run("DELETE FROM about WHERE share_id = ?", share_id));
  for (const KnownAs& known : about)
    RETURN_IF_ERROR(Run("INSERT OR IGNORE INTO about VALUES (?, ?, ?)", share_id, known.reference,
                        static_cast<int64_t>(known.at_broker)));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<RestrictionRow>> State::RestrictionsDue(const std::string& restriction_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT row, restriction_id, sequence, lifts, request FROM restrictions_due "
                       "WHERE ?1 = x'' OR restriction_id = ?1 ORDER BY row LIMIT 100");
  query.Bind(restriction_id);
  return query.All([](const Sql::Statement& row) {
    return RestrictionRow{.row = row.Int(0),
                          .restriction_id = row.Text(1),
                          .sequence = static_cast<uint32_t>(row.Int(2)),
                          .lifts = row.Int(3) != 0,
                          .request = row.Text(4)};
  });
}

absl::StatusOr<bool> State::StoppedHere(const std::vector<KnownAs>& about) {
  const StateFile::Reading reading(*file_);
  for (const KnownAs& known : about) {
    Sql::Statement query(reading.sql(),
                         "SELECT 1 FROM vetoes WHERE reference = ? AND (? = 0 OR restriction_id IN "
                         "(SELECT restriction_id FROM restrictions_untold))");
    query.Bind(known.reference, static_cast<int64_t>(known.at_broker));
    ASSIGN_OR_RETURN(const bool stopped, query.Next());
    if (stopped) return true;
  }
  return false;
}

absl::StatusOr<bool> State::ShareStoppedHere(const std::string& share_id) {
  const StateFile::Reading reading(*file_);
  Sql::Statement query(reading.sql(),
                       "SELECT 1 FROM about JOIN vetoes ON vetoes.reference = about.reference WHERE share_id = ? AND "
                       "(at_broker = 0 OR restriction_id IN (SELECT restriction_id FROM restrictions_untold))");
  query.Bind(share_id);
  return query.Next();
}

}  // namespace derwent::agents
