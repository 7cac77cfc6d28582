#include <algorithm>
#include <set>

#include "broker/store/sqlite/entry_list.h"
#include "broker/store/sqlite/sqlite_reads.h"
#include "broker/store/sqlite/subject_tags.h"
#include "trust/base/status_macros.h"

namespace derwent::store {
namespace {

#define DERWENT_SHARE_COLUMNS                                                                               \
  " s.position, s.share_id, s.version, s.kind, s.sender, s.profile, s.purpose, s.board, s.area, s.case_id," \
  " s.existence_sensitive, s.create_ms, s.expire_ms, s.supersedes, s.superseded_by, s.reply_to"

absl::StatusOr<ListedShare> TakeListedShare(const Query& query) {
  ListedShare listed{.position = query.Unsigned(0)};
  listed.share = {.share_id = query.Text(1),
                  .version = static_cast<uint32_t>(query.Int(2)),
                  .kind = static_cast<int32_t>(query.Int(3)),
                  .sender_agency = query.Text(4),
                  .profile = query.Text(5),
                  .purpose = query.Text(6),
                  .board = query.Text(7),
                  .area = query.Text(8),
                  .case_id = query.Text(9),
                  .existence_sensitive = query.Int(10) != 0,
                  .create_time = query.Time(11),
                  .expire_time = query.Time(12),
                  .supersedes_share_id = query.Text(13),
                  .superseded_by_share_id = query.Text(14),
                  .reply_to_share_id = query.Text(15)};
  return listed;
}

absl::StatusOr<ShareRow> TakeShare(const Query& query) {
  ASSIGN_OR_RETURN(ListedShare listed, TakeListedShare(query));
  return std::move(listed.share);
}

#define DERWENT_PART_COLUMNS                                                                            \
  " s.share_id, p.recipient, p.role, p.person, p.state, p.reason, p.manifest_digest, p.collection_ms, " \
  "p.collection_over,"                                                                                  \
  " p.acceptance_ms, p.acceptance_over, p.outcome_ms, p.outcome_over, p.update_ms, p.sender_sequence,"  \
  " p.recipient_sequence, p.tags, p.context FROM share_part p JOIN share s ON s.position = p.position"

absl::StatusOr<PartRow> TakePart(const Query& query) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, query.Digest(6));
  ASSIGN_OR_RETURN(std::vector<SubjectTag> tags, DecodeSubjectTags(query.Text(16)));
  return PartRow{.key = {.share_id = query.Text(0), .recipient_agency = query.Text(1)},
                 .role = query.Text(2),
                 .person = query.Text(3),
                 .state = static_cast<int32_t>(query.Int(4)),
                 .reason = query.Text(5),
                 .manifest_digest = digest,
                 .collection = {.time = query.OptionalTime(7), .overdue = query.Int(8) != 0},
                 .acceptance = {.time = query.OptionalTime(9), .overdue = query.Int(10) != 0},
                 .outcome = {.time = query.OptionalTime(11), .overdue = query.Int(12) != 0},
                 .update_time = query.Time(13),
                 .sender_sequence = static_cast<uint32_t>(query.Int(14)),
                 .recipient_sequence = static_cast<uint32_t>(query.Int(15)),
                 .tags = std::move(tags),
                 .context = query.Text(17)};
}

#define DERWENT_DELIVERY_COLUMNS                                                                                   \
  " d.sequence, d.delivery_id, d.mailbox, d.share_id, d.kind, b.payload, d.entries, d.create_ms, d.not_before_ms," \
  " d.collected, d.held"                                                                                           \
  " FROM delivery d JOIN delivery_payload b ON b.sequence = d.sequence"

absl::StatusOr<DeliveryRow> TakeDelivery(const Query& query) {
  ASSIGN_OR_RETURN(std::vector<uint64_t> entries, DecodeEntryList(query.Text(6)));
  return DeliveryRow{.sequence = query.Unsigned(0),
                     .delivery_id = query.Text(1),
                     .mailbox_agency = query.Text(2),
                     .share_id = query.Text(3),
                     .kind = static_cast<int32_t>(query.Int(4)),
                     .payload = query.Text(5),
                     .entry_indexes = std::move(entries),
                     .create_time = query.Time(7),
                     .not_before = query.Time(8),
                     .collected_count = static_cast<uint32_t>(query.Int(9)),
                     .held = query.Int(10) != 0};
}

absl::StatusOr<IdempotencyRow> TakeIdempotency(const Query& query) {
  ASSIGN_OR_RETURN(const Sha256Digest digest, query.Digest(3));
  return IdempotencyRow{.key = {.caller_agency = query.Text(0), .method = query.Text(1), .request_id = query.Text(2)},
                        .request_digest = digest,
                        .response = query.Text(4),
                        .expire_time = query.Time(5)};
}

constexpr char kBySender[] =
    "SELECT" DERWENT_SHARE_COLUMNS
    " FROM share s WHERE s.sender = ? AND s.kind = ? AND s.position < ? ORDER BY s.position DESC LIMIT ?";
constexpr char kByRecipient[] =
    "SELECT" DERWENT_SHARE_COLUMNS
    " FROM share_part p JOIN share s ON s.position = p.position"
    " WHERE p.recipient = ? AND s.kind = ? AND p.position < ? ORDER BY p.position DESC LIMIT ?";

}  // namespace

absl::StatusOr<std::optional<IdempotencyRow>> SqliteReads::FindIdempotency(const IdempotencyKey& key) {
  return OneRow<IdempotencyRow>(
      connection_.Select("SELECT caller, method, request_id, digest, response, expire_ms FROM idempotency"
                         " WHERE request_id = ? AND caller = ? AND method = ?",
                         key.request_id, key.caller_agency, key.method),
      TakeIdempotency);
}

absl::StatusOr<std::optional<ShareRow>> SqliteReads::FindShare(absl::string_view share_id) {
  return OneRow<ShareRow>(
      connection_.Select("SELECT" DERWENT_SHARE_COLUMNS " FROM share s WHERE s.share_id = ?", share_id), TakeShare);
}

absl::StatusOr<std::optional<PartRow>> SqliteReads::FindPart(const PartKey& key) {
  return OneRow<PartRow>(connection_.Select("SELECT" DERWENT_PART_COLUMNS " WHERE s.share_id = ? AND p.recipient = ?",
                                            key.share_id, key.recipient_agency),
                         TakePart);
}

absl::StatusOr<std::vector<PartRow>> SqliteReads::ListParts(absl::string_view share_id) {
  return AllRows<PartRow>(
      connection_.Select("SELECT" DERWENT_PART_COLUMNS " WHERE s.share_id = ? ORDER BY p.recipient", share_id),
      TakePart);
}

absl::StatusOr<std::vector<PartRow>> SqliteReads::PartsDue(absl::Time time, size_t limit) {
  return AllRows<PartRow>(
      connection_.Select("SELECT" DERWENT_PART_COLUMNS " WHERE p.next_due_ms IS NOT NULL AND p.next_due_ms <= ?"
                         " ORDER BY p.next_due_ms, p.position, p.recipient LIMIT ?",
                         time, limit),
      TakePart);
}

absl::StatusOr<std::optional<absl::Time>> SqliteReads::NextDue() {
  return OneRow<absl::Time>(
      connection_.Select(
          "SELECT next_due_ms FROM share_part WHERE next_due_ms IS NOT NULL ORDER BY next_due_ms LIMIT 1"),
      [](const Query& query) -> absl::StatusOr<absl::Time> { return query.Time(0); });
}

absl::StatusOr<std::vector<ListedShare>> SqliteReads::ListShares(const ShareQuery& query) {
  const uint64_t before = std::min<uint64_t>(query.before, INT64_MAX);
  std::vector<ListedShare> listed;
  if (query.role != ShareRole::kRecipient) {
    ASSIGN_OR_RETURN(listed,
                     AllRows<ListedShare>(connection_.Select(kBySender, query.agency, query.kind, before, query.limit),
                                          TakeListedShare));
  }
  if (query.role != ShareRole::kSender) {
    ASSIGN_OR_RETURN(
        std::vector<ListedShare> received,
        AllRows<ListedShare>(connection_.Select(kByRecipient, query.agency, query.kind, before, query.limit),
                             TakeListedShare));
    listed.insert(listed.end(), received.begin(), received.end());
  }
  // Newest first; an agency may be sender and recipient of one share.
  std::ranges::sort(listed, std::greater<>(), &ListedShare::position);
  const auto repeated = std::ranges::unique(listed, {}, &ListedShare::position);
  listed.erase(repeated.begin(), repeated.end());
  if (listed.size() > query.limit) listed.resize(query.limit);
  return listed;
}

absl::StatusOr<std::vector<ShareRow>> SqliteReads::ListReplies(absl::string_view request_share_id,
                                                               absl::string_view holder_agency) {
  return AllRows<ShareRow>(
      connection_.Select("SELECT" DERWENT_SHARE_COLUMNS
                         " FROM share s WHERE s.reply_to = ? AND s.reply_to <> '' AND s.sender = ? ORDER BY s.position",
                         request_share_id, holder_agency),
      TakeShare);
}

absl::StatusOr<std::vector<PartKey>> SqliteReads::PartsWithTags(absl::Span<const std::string> tags) {
  std::set<PartKey> keys;
  for (const std::string& tag : tags) {
    ASSIGN_OR_RETURN(
        const std::vector<PartRow> found,
        AllRows<PartRow>(connection_.Select("SELECT" DERWENT_PART_COLUMNS " WHERE p.position IN (SELECT n.position"
                                            " FROM subject_index i JOIN entry_search e ON e.idx = i.idx"
                                            " JOIN share n ON n.share_id = e.share_id WHERE i.tag = ?)",
                                            AsOctets(tag)),
                         TakePart));
    for (const PartRow& part : found) {
      if (std::ranges::find(part.tags, tag, &SubjectTag::tag) != part.tags.end()) keys.insert(part.key);
    }
  }
  return std::vector<PartKey>(keys.begin(), keys.end());
}

absl::StatusOr<std::vector<DeliveryRow>> SqliteReads::NextDeliveries(absl::string_view mailbox_agency, absl::Time now,
                                                                     size_t limit) {
  return AllRows<DeliveryRow>(connection_.Select("SELECT" DERWENT_DELIVERY_COLUMNS
                                                 " WHERE d.mailbox = ? AND d.held = 0 AND d.not_before_ms <= ?"
                                                 " ORDER BY d.sequence LIMIT ?",
                                                 mailbox_agency, now, limit),
                              TakeDelivery);
}

absl::StatusOr<std::vector<DeliveryRow>> SqliteReads::NextMessages(absl::string_view mailbox_agency,
                                                                   absl::string_view purpose, absl::Time now,
                                                                   size_t limit) {
  return AllRows<DeliveryRow>(
      connection_.Select("SELECT" DERWENT_DELIVERY_COLUMNS
                         " WHERE d.mailbox = ? AND d.held = 0 AND d.not_before_ms <= ? AND (d.kind <> 1 OR EXISTS"
                         " (SELECT 1 FROM share s WHERE s.share_id = d.share_id AND s.purpose = ?))"
                         " ORDER BY d.sequence LIMIT ?",
                         mailbox_agency, now, purpose, limit),
      TakeDelivery);
}

absl::StatusOr<std::optional<DeliveryRow>> SqliteReads::FindDelivery(absl::string_view delivery_id) {
  return OneRow<DeliveryRow>(
      connection_.Select("SELECT" DERWENT_DELIVERY_COLUMNS " WHERE d.delivery_id = ?", delivery_id), TakeDelivery);
}

absl::StatusOr<std::vector<DeliveryRow>> SqliteReads::DeliveriesOfPart(const PartKey& key) {
  return AllRows<DeliveryRow>(
      connection_.Select(
          "SELECT" DERWENT_DELIVERY_COLUMNS
          " JOIN share s ON s.position = d.position WHERE s.share_id = ? AND d.mailbox = ? ORDER BY d.sequence",
          key.share_id, key.recipient_agency),
      TakeDelivery);
}

absl::StatusOr<MailboxDepth> SqliteReads::GetMailboxDepth(absl::string_view mailbox_agency) {
  MailboxDepth depth;
  auto count = connection_.Select("SELECT count(*) FROM delivery WHERE mailbox = ? AND held = 0", mailbox_agency);
  RETURN_IF_ERROR(count->Next().status());
  depth.waiting = count->Unsigned(0);
  auto oldest = connection_.Select(
      "SELECT create_ms FROM delivery WHERE mailbox = ? AND held = 0 ORDER BY sequence LIMIT 1", mailbox_agency);
  ASSIGN_OR_RETURN(const bool any, oldest->Next());
  if (any) depth.oldest = absl::FromUnixMillis(oldest->Int(0));
  return depth;
}

}  // namespace derwent::store
