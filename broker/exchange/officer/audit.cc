#include "broker/exchange/officer/audit.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/governance/past.h"
#include "broker/exchange/officer/credentials.h"
#include "broker/exchange/officer/search.h"
#include "broker/ledger/attributes.h"
#include "broker/ledger/entry_opener.h"
#include "policy/loader/canonical_request.h"
#include "policy/loader/record.h"
#include "trust/base/status_macros.h"
#include "trust/entry/canonical.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"

namespace derwent::exchange {
namespace {

using ledger::Attribute;
using trust::Field;

constexpr int kMostReplayed = 5000;
constexpr int kReplayedAtOnce = 1000;

// One decision made again.
struct Replayed {
  v1::ReplayOutcome outcome = v1::REPLAY_OUTCOME_UNSPECIFIED;
  std::string difference;
};

absl::StatusOr<Replayed> Replay(const ledger::FoundEntry& found, PastWorlds& past, store::Reader& reader) {
  const trust::SealedFields& fields = found.entry.fields;
  if (fields[Field::kRequestDigest].empty()) return Replayed();
  ASSIGN_OR_RETURN(const std::optional<std::string> question, reader.FindDecisionRequest(found.row.index));
  if (!question.has_value()) return Replayed{.outcome = v1::REPLAY_OUTCOME_ERASED, .difference = ""};
  ASSIGN_OR_RETURN(const std::shared_ptr<const World> world, past.Before(found.row.index));
  if (!IsAtHand(fields, world.get())) return Replayed{.outcome = v1::REPLAY_OUTCOME_NOT_AT_HAND, .difference = ""};
  Replayed replayed{.outcome = v1::REPLAY_OUTCOME_SAME, .difference = WhatDiffers(fields, *question, *world)};
  if (!replayed.difference.empty()) replayed.outcome = v1::REPLAY_OUTCOME_DIFFERENT;
  return replayed;
}

// The broker's part, with what every party may see.
absl::StatusOr<v1::DecisionRecord> DecidedAgain(uint64_t index, const World& world, store::Reader& reader) {
  ASSIGN_OR_RETURN(const std::optional<std::string> octets, reader.FindDecisionRequest(index));
  ASSIGN_OR_RETURN(const policy::CanonicalQuestion question, policy::ParseCanonical(octets.value_or("")));
  v1::DecisionRecord record =
      policy::ToProto(world.Decide(question.request, question.time), world.policy_digest().hex());
  for (v1::CategoryDecision& category : *record.mutable_categories()) {
    auto& reasons = *category.mutable_reasons();
    for (int i = reasons.size() - 1; i >= 0; --i) {
      if (reasons[i].visible_to() != "ASKER") reasons.DeleteSubrange(i, 1);
    }
  }
  return record;
}

// What of the bundle is about this entry.
bool Concerns(absl::string_view path, absl::string_view profile, absl::string_view agreement) {
  return path == "MANIFEST" || path == "gateways.txtpb" || path == absl::StrCat("profiles/", profile, ".txtpb") ||
         path == absl::StrCat("agreements/", agreement, ".txtpb") ||
         (!agreement.empty() && absl::StartsWith(path, absl::StrCat("signatures/agreements/", agreement, "."))) ||
         absl::StartsWith(path, "notices/");
}

absl::Status AddText(const ledger::FoundEntry& found, PastWorlds& past, v1::AuditedDecision& decision) {
  ASSIGN_OR_RETURN(const std::optional<policy::Files> files, past.FilesBefore(found.row.index));
  if (!files.has_value()) return absl::OkStatus();
  const absl::string_view profile = Attribute(found.entry.fields[Field::kPurpose], "profile");
  const absl::string_view agreement = Attribute(found.entry.fields[Field::kAgreement], "agreement");
  for (const auto& [path, content] : *files) {
    if (!Concerns(path, profile, agreement)) continue;
    v1::BundleFile& file = *decision.add_files();
    file.set_path(path);
    file.set_content(content);
  }
  return absl::OkStatus();
}

// What a query asks, so that its further pages are known to be its.
template <typename Request>
Sha256Digest DigestOf(absl::string_view what, const Request& request, absl::string_view which) {
  trust::CanonicalWriter writer("derwent/ledger-query/v1");
  writer.Text(1, what);
  const auto millis = [](const google::protobuf::Timestamp& time) {
    return absl::StrCat(absl::ToUnixMillis(trust::FromTimestamp(time)));
  };
  writer.Text(2, request.has_start_time() ? millis(request.start_time()) : "");
  writer.Text(3, request.has_end_time() ? millis(request.end_time()) : "");
  writer.Text(4, which);
  return trust::Sha256(writer.octets());
}

template <typename Request>
void SetPeriod(const Request& request, store::EntryQuery& rows) {
  if (request.has_start_time()) rows.start = trust::FromTimestamp(request.start_time());
  if (request.has_end_time()) rows.end = trust::FromTimestamp(request.end_time());
}

void Count(const Replayed& replayed, uint64_t index, v1::ReplayDecisionsResponse& response) {
  switch (replayed.outcome) {
    case v1::REPLAY_OUTCOME_SAME:
      return response.set_same(response.same() + 1);
    case v1::REPLAY_OUTCOME_ERASED:
      return response.set_erased(response.erased() + 1);
    case v1::REPLAY_OUTCOME_NOT_AT_HAND:
      return response.set_not_at_hand(response.not_at_hand() + 1);
    case v1::REPLAY_OUTCOME_DIFFERENT: {
      v1::ReplayDifference& difference = *response.add_differences();
      difference.set_name(absl::StrCat("ledger/entries/", index));
      difference.set_what(replayed.difference);
      return;
    }
    default:
      return;
  }
}

// An entry the caller's agency is party to.
absl::StatusOr<ledger::FoundEntry> FindOwn(const Caller& caller, uint64_t index, store::Reader& reader) {
  absl::StatusOr<ledger::FoundEntry> found = ledger::FindEntry(reader, index);
  if (found.ok() && found->entry.kind == trust::EntryKind::kSealed &&
      ledger::ViewerOf(found->entry.Columns(), caller.agency()) != ledger::Viewer::kNone)
    return found;
  if (found.ok() || absl::IsNotFound(found.status()))
    return Refuse(absl::StatusCode::kNotFound, "ENTRY_UNKNOWN", "no such entry of this agency");
  return found.status();
}

}  // namespace

absl::StatusOr<CheckedAudit> CheckGetDecision(const v1::GetDecisionRequest& request) {
  ASSIGN_OR_RETURN(const uint64_t index, EntryIndexOf(request.name()));
  return CheckedAudit{
      .query = {}, .look = {.what = "GetDecision", .tags = {}, .query = {}}, .token = std::nullopt, .index = index};
}

absl::StatusOr<v1::AuditedDecision> GetDecision(const Caller& caller, const CheckedAudit& audit, uint64_t entry,
                                                const World& base, store::Reader& reader) {
  v1::AuditedDecision decision;
  ASSIGN_OR_RETURN(*decision.mutable_entry(), GetLedgerEntry(caller, *audit.index, base, reader));
  decision.mutable_query_receipt()->set_index(entry);
  const absl::StatusOr<ledger::FoundEntry> found = FindOwn(caller, *audit.index, reader);
  if (absl::IsNotFound(found.status())) return decision;  // A public entry: nothing was decided.
  RETURN_IF_ERROR(found.status());
  PastWorlds past(base, reader);
  ASSIGN_OR_RETURN(const Replayed replayed, Replay(*found, past, reader));
  decision.set_replay(replayed.outcome);
  decision.set_difference(replayed.difference);
  if (replayed.outcome == v1::REPLAY_OUTCOME_SAME) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const World> world, past.Before(*audit.index));
    ASSIGN_OR_RETURN(*decision.mutable_decision(), DecidedAgain(*audit.index, *world, reader));
  }
  if (!found->entry.fields[Field::kPurpose].empty()) RETURN_IF_ERROR(AddText(*found, past, decision));
  return decision;
}

absl::StatusOr<CheckedAudit> CheckReplay(const Caller& caller, const v1::ReplayDecisionsRequest& request) {
  Violations violations;
  violations.Require(request.page_size() >= 0 && request.page_size() <= kMostReplayed, "page_size", "is 0 to 5000");
  CheckedAudit audit{
      .query = {.rows = {.viewer_agency = caller.agency()}},
      .look = {.what = "ReplayDecisions", .tags = {}, .query = DigestOf("ReplayDecisions", request, request.name())},
      .token = ReadQueryToken(request.page_token(), violations),
      .index = std::nullopt};
  RETURN_IF_ERROR(violations.ToStatus());
  if (!request.name().empty()) {
    ASSIGN_OR_RETURN(audit.index, EntryIndexOf(request.name()));
  }
  SetPeriod(request, audit.query.rows);
  audit.query.rows.limit = request.page_size() == 0 ? kReplayedAtOnce : static_cast<size_t>(request.page_size());
  if (audit.token.has_value()) audit.query.rows.from_index = audit.token->position;
  return audit;
}

absl::StatusOr<v1::ReplayDecisionsResponse> ReplayDecisions(const Caller& caller, const CheckedAudit& audit,
                                                            uint64_t entry, const World& base, store::Reader& reader) {
  v1::ReplayDecisionsResponse response;
  response.mutable_query_receipt()->set_index(entry);
  PastWorlds past(base, reader);
  ledger::MatchedPage page{.entries = {}, .next = entry, .last = true};
  if (audit.index.has_value()) {
    ASSIGN_OR_RETURN(ledger::FoundEntry found, FindOwn(caller, *audit.index, reader));
    page.entries.push_back(std::move(found));
  } else {
    ledger::SearchQuery query = audit.query;
    query.rows.before_index = entry;
    ASSIGN_OR_RETURN(page, ledger::Match(reader, std::move(query)));
  }
  for (const ledger::FoundEntry& found : page.entries) {
    ASSIGN_OR_RETURN(const Replayed replayed, Replay(found, past, reader));
    Count(replayed, found.row.index, response);
  }
  response.set_position(page.last ? entry : page.next);
  response.set_size(entry);
  if (!page.last) response.set_next_page_token(QueryToken{.position = page.next, .entry = entry}.ToString());
  return response;
}

absl::StatusOr<CheckedAudit> CheckBreach(const Caller& caller, const v1::ReportBreachRequest& request) {
  Violations violations;
  const bool credential = !request.person().empty() || !request.certificate_serial().empty();
  violations.Require(credential || request.has_start_time() || request.has_end_time(), "person",
                     "is given, or a certificate's serial, or a window of time");
  violations.Require(request.person().empty() || ledger::IsCode(request.person()), "person",
                     "is a code without spaces");
  violations.Require(
      request.certificate_serial().empty() || (request.person().empty() && IsSerial(request.certificate_serial())),
      "certificate_serial", "is lowercase hexadecimal, 40 digits at most, and names the person alone");
  RETURN_IF_ERROR(violations.ToStatus());
  const std::string& which = request.person().empty() ? request.certificate_serial() : request.person();
  CheckedAudit audit{.query = {.rows = {.viewer_agency = caller.agency()}, .person = request.person()},
                     .look = {.what = "ReportBreach", .tags = {}, .query = DigestOf("ReportBreach", request, which)},
                     .token = std::nullopt,
                     .index = std::nullopt,
                     .serial = request.certificate_serial()};
  SetPeriod(request, audit.query.rows);
  return audit;
}

}  // namespace derwent::exchange
