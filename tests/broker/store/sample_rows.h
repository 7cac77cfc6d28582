#pragma once

#include <string>

#include "broker/store/store.h"
#include "tests/support/matchers.h"
#include "trust/secret/sha256.h"

namespace derwent::store {

inline absl::Time At(int64_t seconds) { return absl::FromUnixSeconds(1'790'000'000 + seconds); }
inline std::string Tag(int number) { return trust::Sha256(std::to_string(number)).bytes(); }
inline std::string ShareId(int number) { return "00000000-0000-4000-8000-00000000000" + std::to_string(number); }

inline EntryRow SampleEntry(uint64_t index) {
  return {.index = index,
          .time = At(static_cast<int64_t>(index)),
          .packed = std::string("packed\0", 7),
          .columns = {.releasing_agency = "police.derbys",
                      .receiving_agency = index % 2 == 0 ? "dfrs" : "cbc",
                      .actor_agency = "police.derbys",
                      .supplier_agency = "police.derbys",
                      .purpose = "case.fire_safety",
                      .profile = "fire_safety",
                      .board = "tb.dasv",
                      .outcome = index < 3 ? "PERMIT" : "DENY",
                      .reasons = {"A_REASON", "B_REASON"},
                      .share_id = ShareId(static_cast<int>(index)),
                      .step = "referral"},
          .tags = {Tag(static_cast<int>(index))}};
}

inline ShareRow SampleShare(int number, const std::string& sender = "police.derbys") {
  return {.share_id = ShareId(number),
          .version = 2,
          .kind = 1,
          .sender_agency = sender,
          .profile = "fire_safety",
          .purpose = "case.fire_safety",
          .board = "tb.dasv",
          .area = "E07000034",
          .case_id = "case-9",
          .existence_sensitive = true,
          .create_time = At(number),
          .expire_time = At(1'000 + number),
          .supersedes_share_id = "",
          .superseded_by_share_id = "",
          .reply_to_share_id = ""};
}

inline PartRow SamplePart(int number, const std::string& recipient = "dfrs") {
  return {.key = {.share_id = ShareId(number), .recipient_agency = recipient},
          .role = "fire_prevention_officer",
          .person = "t-3",
          .state = 1,
          .reason = "",
          .manifest_digest = trust::Sha256("manifest"),
          .collection = {.time = At(100 + number)},
          .acceptance = {.time = At(200 + number)},
          .outcome = {},
          .update_time = At(number),
          .sender_sequence = 1,
          .recipient_sequence = 0,
          .tags = {{.subject = 1, .tag = Tag(1)}, {.subject = 70'000, .tag = Tag(5)}},
          .context = std::string("a\0b", 3)};
}

inline DeliveryRow SampleDelivery(int number, const std::string& mailbox = "dfrs") {
  return {.delivery_id = "d-" + std::to_string(number) + "-" + mailbox,
          .mailbox_agency = mailbox,
          .share_id = ShareId(number % 10),
          .kind = 1,
          .payload = std::string(3'000, static_cast<char>(number)),
          .entry_indexes = {1, 1'000'000'000'000},
          .create_time = At(number)};
}

inline CaseRow SampleCase(int number) {
  return {.case_id = ShareId(number),
          .profile = "marac",
          .board = "",
          .area = "E07000034",
          .convenor_agency = "police.derbys",
          .create_time = At(number),
          .close_time = {}};
}

inline ApprovalRow SampleApproval(int number) {
  return {.approval_id = ShareId(number),
          .holder_agency = "dfrs",
          .share_id = ShareId(1),
          .state = ApprovalState::kGiven,
          .question = std::string("q\0", 2),
          .expire_time = At(number)};
}

// At least one row in each table beside the log. The log must hold entries of share 1 from police to fire, and a
// public key event at index 2.
inline HoldRow SampleHold(uint64_t index) {
  return {.index = index,
          .hold_id = ShareId(8),
          .agency = "dfrs",
          .reason = "LEGAL",
          .place_time = At(10),
          .entry_index = 2,
          .lift_index = std::nullopt};
}

inline ErasureRow SampleErasure(int number) {
  return {.erasure_id = ShareId(number),
          .agency = "police.derbys",
          .entries = {1, 3},
          .request = std::string("re\0quest", 8),
          .approval = "",
          .create_time = At(10),
          .expire_time = At(1'000),
          .entry_index = std::nullopt};
}

inline ErasurePartyRow SampleErasureParty(uint64_t position, const std::string& agency) {
  return {.position = position,
          .agency = agency,
          .entries = {1},
          .attestation = "",
          .attest_time = std::nullopt,
          .chase_time = At(500),
          .chased = 0};
}

inline RightsNoticeRow SampleRightsNotice(int number) {
  return {.key = {.event_id = ShareId(9), .share_id = ShareId(number), .recipient_agency = "dfrs"},
          .sender_agency = "police.derbys",
          .notice = std::string("n\0t", 3),
          .answer = "",
          .create_time = At(0),
          .chase_time = At(500 + number),
          .chased = 0};
}

inline void FillEveryTable(Transaction& transaction) {
  EXPECT_OK(transaction.InsertShare(SampleShare(1)));
  EXPECT_OK(transaction.InsertPart(SamplePart(1)));
  EXPECT_OK(transaction.InsertDelivery(SampleDelivery(1)));
  EXPECT_OK(transaction.InsertIdempotency(
      {.key = {.caller_agency = "dfrs", .method = "SubmitReferral", .request_id = ShareId(1)},
       .request_digest = trust::Sha256("request"),
       .response = std::string("r\0s", 3),
       .expire_time = At(5'000)}));
  EXPECT_OK(transaction.InsertCase(SampleCase(1)));
  EXPECT_OK(
      transaction.PutCaseMember({.case_id = ShareId(1), .agency = "dfrs", .roles = {"spoc"}, .persons = {"p-1"}}));
  EXPECT_OK(transaction.InsertCaseExclusion(
      {.case_id = ShareId(1), .agency = "dfrs", .person = "p-2", .by_agency = "police.derbys"}));
  EXPECT_OK(transaction.PutApproval(SampleApproval(1)));
  EXPECT_OK(transaction.PutQuota(
      {.key = {.agency = "dfrs", .person = "p-1", .day = 20'000}, .holders = 3, .alarmed = false}));
  EXPECT_OK(transaction.InsertKeyEvent({.agency = "dfrs", .sequence = 1, .envelope = "event", .entry_index = 2}));
  EXPECT_OK(transaction.PutDirectory({.agency = "dfrs",
                                      .version = 3,
                                      .envelope = "directory",
                                      .payload_digest = trust::Sha256("directory"),
                                      .entry_index = 2}));
  EXPECT_OK(transaction.PutRestriction({.restriction_id = ShareId(7),
                                        .agency = "dfrs",
                                        .sequence = 1,
                                        .action = 1,
                                        .envelope = "restriction",
                                        .entry_index = 2}));
  EXPECT_OK(transaction.InsertRestrictionTag({.tag = Tag(1), .agency = "dfrs", .restriction_id = ShareId(7)}));
  EXPECT_OK(transaction.PutRefusal({.key = {.caller = "dfrs", .method = "PlanReferral", .reason = "ROLE_NOT_ENTITLED"},
                                    .minute = At(0),
                                    .repeats = 4}));
  EXPECT_OK(transaction.PutSetting("policy_digest", "octets"));
  EXPECT_OK(transaction.InsertHold(SampleHold(1)));
  const auto position = transaction.PutErasure(SampleErasure(1));
  EXPECT_OK(position);
  EXPECT_OK(transaction.PutErasureParty(SampleErasureParty(position.value_or(0), "dfrs")));
  EXPECT_OK(transaction.PutRightsNotice(SampleRightsNotice(1)));
}

}  // namespace derwent::store
