#include "agents/daemon/desks/audit_desk.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "agents/daemon/context/credentials.h"
#include "agents/daemon/context/fault.h"
#include "agents/daemon/context/share_outcome.h"
#include "agents/sdk/references.h"
#include "derwent/v1/agent.pb.h"
#include "derwent/v1/package.pb.h"
#include "trust/base/digest.h"
#include "trust/base/status_macros.h"
#include "trust/message/envelope.h"
#include "trust/message/timestamp.h"
#include "trust/signature/payload_types.h"

namespace derwent::agents {
namespace {

constexpr int kLargestPage = 500;
constexpr int kDefaultPage = 50;
constexpr int kReadAtOnce = 200;

// Where shares are listed from, in this order.
enum Source : int { kSent = 0, kAsked = 1, kAnswered = 2, kReceived = 3, kEnd = 4 };

absl::Status Invalid(const std::vector<FieldProblem>& problems) {
  return Fault(absl::StatusCode::kInvalidArgument, "PAYLOAD_REJECTED", "the request breaks rules of its form",
               problems);
}

void CheckSize(int32_t size, std::vector<FieldProblem>& problems) {
  if (size < 0 || size > kLargestPage) problems.push_back({"page_size", "must be 1 to 500, or 0"});
}
int SizeOf(int32_t size) { return size == 0 ? kDefaultPage : size; }

v1::ShareEvidence EvidenceOf(const OutboxRow& row) {
  v1::ShareEvidence share;
  share.set_share_id(row.share_id);
  share.set_sent(true);
  share.set_state(row.state);
  share.set_reason(row.reason);
  *share.mutable_create_time() = trust::ToTimestamp(row.create_time);
  v1::ShareOutcome outcome;
  const std::vector<std::string> recipients =
      outcome.ParseFromString(row.outcome) ? RecipientsIn(outcome) : std::vector<std::string>();
  share.mutable_agencies()->Assign(recipients.begin(), recipients.end());
  return share;
}

v1::ShareEvidence EvidenceOf(const AskedRow& row) {
  v1::ShareEvidence share;
  share.set_share_id(row.request_id);
  share.set_sent(true);
  share.set_state(row.state);
  *share.mutable_create_time() = trust::ToTimestamp(row.create_time);
  return share;
}

v1::ShareEvidence EvidenceOf(const AnswerRow& row) {
  v1::ShareEvidence share;
  share.set_share_id(row.share_id);
  share.set_sent(true);
  share.set_state(row.state);
  *share.mutable_create_time() = trust::ToTimestamp(row.not_before);
  return share;
}

v1::ShareEvidence EvidenceOf(const InboxRow& row) {
  v1::ShareEvidence share;
  share.set_share_id(row.share_id);
  share.add_agencies(row.sender);
  share.set_state(row.state);
  *share.mutable_create_time() = trust::ToTimestamp(row.receive_time);
  return share;
}

template <typename Row>
void Add(const std::vector<Row>& rows, v1::ListEvidenceResponse& response, int64_t& last) {
  for (const Row& row : rows) {
    *response.add_shares() = EvidenceOf(row);
    last = row.row;
  }
}

}  // namespace

absl::Status AuditDesk::AddShares(int source, int64_t after, int limit, v1::ListEvidenceResponse& response,
                                  int64_t& last) {
  if (source == kSent) {
    ASSIGN_OR_RETURN(const std::vector<OutboxRow> rows, context_.state.OutboxAfter(after, limit));
    Add(rows, response, last);
  } else if (source == kAsked) {
    ASSIGN_OR_RETURN(const std::vector<AskedRow> rows, requests_.AskedAfter(after, limit));
    Add(rows, response, last);
  } else if (source == kAnswered) {
    ASSIGN_OR_RETURN(const std::vector<AnswerRow> rows, requests_.AnswersAfter(after, limit));
    Add(rows, response, last);
  } else {
    ASSIGN_OR_RETURN(const std::vector<InboxRow> rows, context_.state.InboxAfter(after, limit));
    Add(rows, response, last);
  }
  return absl::OkStatus();
}

absl::Status AuditDesk::AddReceipts(v1::ShareEvidence& share) {
  ASSIGN_OR_RETURN(const std::vector<std::string> receipts, context_.state.ReceiptsOf(share.share_id()));
  for (const std::string& octets : receipts) {
    if (!share.add_receipts()->ParseFromString(octets)) return absl::DataLossError("a kept receipt does not parse");
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ListEvidenceResponse> AuditDesk::ListEvidence(const LocalCaller& caller,
                                                                 const v1::ListEvidenceRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kAudit, context_));
  std::vector<FieldProblem> problems;
  CheckSize(request.page_size(), problems);
  int source = kSent;
  int64_t after = 0;
  const std::vector<absl::string_view> token = absl::StrSplit(request.page_token(), '.');
  const bool reads = request.page_token().empty() ||
                     (token.size() == 2 && absl::SimpleAtoi(token[0], &source) && absl::SimpleAtoi(token[1], &after) &&
                      source >= kSent && source < kEnd && after >= 0);
  if (!reads) problems.push_back({"page_token", "must be of the previous page"});
  if (!problems.empty()) return Invalid(problems);
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "evidence"));
  v1::ListEvidenceResponse response;
  const int size = SizeOf(request.page_size());
  while (source < kEnd) {
    RETURN_IF_ERROR(AddShares(source, after, size - response.shares_size(), response, after));
    if (response.shares_size() == size) break;
    ++source;
    after = 0;
  }
  for (v1::ShareEvidence& share : *response.mutable_shares()) RETURN_IF_ERROR(AddReceipts(share));
  if (source < kEnd) response.set_next_page_token(absl::StrCat(source, ".", after));
  return response;
}

absl::StatusOr<v1::ListOpeningsResponse> AuditDesk::ListOpenings(const LocalCaller& caller,
                                                                 const v1::ListOpeningsRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kAudit, context_));
  std::vector<FieldProblem> problems;
  CheckSize(request.page_size(), problems);
  AccessQuery query{.person = request.person(), .share_id = request.share_id(), .limit = SizeOf(request.page_size())};
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &query.after))
    problems.push_back({"page_token", "must be of the previous page"});
  if (request.has_start_time()) query.start = trust::FromTimestamp(request.start_time());
  if (request.has_end_time()) query.end = trust::FromTimestamp(request.end_time());
  if (!problems.empty()) return Invalid(problems);
  ASSIGN_OR_RETURN(const std::vector<AccessRow> rows, context_.state.Accesses(query));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "openings"));
  v1::ListOpeningsResponse response;
  for (const AccessRow& row : rows) {
    v1::Opening& opening = *response.add_openings();
    *opening.mutable_time() = trust::ToTimestamp(row.time);
    opening.set_person(row.person);
    opening.set_share_id(row.share_id);
    opening.set_action(row.action);
  }
  if (static_cast<int>(rows.size()) == query.limit) response.set_next_page_token(absl::StrCat(rows.back().row));
  return response;
}

absl::StatusOr<std::vector<uint32_t>> AuditDesk::SubjectsIn(const InboxRow& row,
                                                            const std::vector<std::string>& references) {
  std::set<uint32_t> subjects;
  v1::Manifest manifest;
  if (!manifest.ParseFromString(row.manifest)) return absl::DataLossError("a kept manifest does not parse");
  // An answer is about whom this agency asked about: its entries are found by the agency's own references.
  const bool named = manifest.kind() == v1::PACKAGE_KIND_REFERRAL || manifest.kind() == v1::PACKAGE_KIND_SELECTOR;
  if (row.content.empty() || !named) return std::vector<uint32_t>();
  ASSIGN_OR_RETURN(const std::string plain, OpenFromStore(context_.identity, row.share_id, row.content));
  v1::ReceivedReferral received;
  if (!received.ParseFromString(plain)) return absl::DataLossError("kept content does not parse");
  for (const v1::OpenedUnit& unit : received.units()) {
    v1::CaseRecord record;
    *record.mutable_identifier() = unit.content().identifier();
    for (const std::string& reference : ReferencesOf(record, context_.identity.reference_keys.at("general"))) {
      if (std::ranges::find(references, reference) != references.end()) subjects.insert(unit.subject());
    }
  }
  return std::vector<uint32_t>(subjects.begin(), subjects.end());
}

absl::StatusOr<v1::FindReceivedResponse> AuditDesk::FindReceived(const LocalCaller& caller,
                                                                 const v1::FindReceivedRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kAudit, context_));
  std::vector<FieldProblem> problems;
  const auto key = context_.identity.reference_keys.find("general");
  if (key == context_.identity.reference_keys.end())
    return Fault(absl::StatusCode::kFailedPrecondition, "STATE_NOT_ALLOWED",
                 "the agency holds no general reference key");
  if (request.identifiers().empty() || request.identifiers_size() > static_cast<int>(kMaxReferences))
    problems.push_back({"identifiers", "must be 1 to 8"});
  std::vector<std::string> references;
  for (int i = 0; i < request.identifiers_size() && i < static_cast<int>(kMaxReferences); ++i) {
    const absl::StatusOr<CanonicalIdentifier> identifier = ParseIdentifier(request.identifiers(i));
    if (!identifier.ok())
      problems.push_back({absl::StrCat("identifiers[", i, "]"), std::string(identifier.status().message())});
    else
      references.push_back(SubjectReference(key->second, *identifier));
  }
  if (!problems.empty()) return Invalid(problems);
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "find_received"));
  v1::FindReceivedResponse response;
  int64_t after = 0;
  while (true) {
    ASSIGN_OR_RETURN(const std::vector<InboxRow> rows, context_.state.InboxAfter(after, kReadAtOnce));
    for (const InboxRow& row : rows) {
      ASSIGN_OR_RETURN(const std::vector<uint32_t> subjects, SubjectsIn(row, references));
      after = row.row;
      if (subjects.empty()) continue;
      v1::ReceivedAbout& about = *response.add_shares();
      about.set_share_id(row.share_id);
      about.mutable_subjects()->Assign(subjects.begin(), subjects.end());
    }
    if (rows.size() < kReadAtOnce) return response;
  }
}

absl::StatusOr<v1::FindCredentialResponse> AuditDesk::FindCredential(const LocalCaller& caller,
                                                                     const v1::FindCredentialRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kAudit, context_));
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "find_credential"));
  ASSIGN_OR_RETURN(const std::optional<Credential> credential,
                   agents::FindCredential(request.certificate_serial(), context_.state));
  if (!credential.has_value())
    return Fault(absl::StatusCode::kNotFound, "CREDENTIAL_UNKNOWN",
                 "no certificate of a person with that serial was used here");
  v1::FindCredentialResponse response;
  response.set_person(credential->person);
  *response.mutable_start_time() = trust::ToTimestamp(credential->certified_from);
  return response;
}

absl::StatusOr<v1::SignExportResponse> AuditDesk::SignExport(const LocalCaller& caller,
                                                             const v1::SignExportRequest& request) {
  RETURN_IF_ERROR(CheckRight(caller, LocalRight::kExport, context_));
  if (request.manifest_digest().size() != Sha256Digest::kSize)
    return Invalid({{"manifest_digest", "must be 32 octets"}});
  RETURN_IF_ERROR(context_.state.LogAccess(caller.name, "", "sign_export"));
  v1::AuditExport statement;
  statement.set_agency(context_.identity.agency);
  statement.set_person(caller.name);
  statement.set_manifest_digest(request.manifest_digest());
  *statement.mutable_sign_time() = trust::ToTimestamp(context_.clock.Now());
  v1::SignExportResponse response;
  ASSIGN_OR_RETURN(*response.mutable_export_statement(),
                   trust::SignMessage(trust::kAuditExportType, statement, context_.identity.keys->signing()->key));
  return response;
}

}  // namespace derwent::agents
