#include "broker/exchange/request/answer_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/refusal.h"
#include "trust/message/timestamp.h"

namespace derwent::exchange {
namespace {

template <typename List>
bool Same(const List& a, const List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

template <typename List>
bool Has(const List& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

void CheckHead(const v1::Manifest& m, const StoredPart& request, Violations& violations) {
  const v1::Manifest& q = request.manifest;
  const std::tuple<const char*, const std::string*, const std::string*> equal[] = {
      {"recipient_role", &m.recipient_role(), &q.question().role()},
      {"recipient_person", &m.recipient_person(), &q.question().acting_person()},
      {"profile", &m.profile(), &q.profile()},
      {"purpose", &m.purpose(), &q.purpose()},
      {"board", &m.board(), &q.board()},
      {"area", &m.area(), &q.area()},
      {"case_id", &m.case_id(), &q.case_id()},
      {"step", &m.step(), &q.step()},
      {"product", &m.product(), &q.product()},
      {"document_reference", &m.document_reference(), &q.document_reference()}};
  for (const auto& [field, mine, theirs] : equal)
    violations.Require(*mine == *theirs, absl::StrCat("submission.manifest.", field), "is the request's");
  violations.Require(m.existence_sensitive() == request.share.existence_sensitive,
                     "submission.manifest.existence_sensitive", "is the request's");
}

Objection Because(const char* code) { return {.code = code, .open = true}; }

}  // namespace

absl::Status CheckAgainstRequest(const CheckedPackage& answer, const StoredPart& request) {
  Violations violations;
  const v1::Manifest& m = answer.manifest;
  const v1::Question& question = request.manifest.question();
  CheckHead(m, request, violations);
  const v1::ManifestSubject& subject = request.manifest.subjects(0);
  violations.Require(m.subjects(0).role() == subject.role(), "submission.manifest.subjects.role", "is the request's");
  violations.Require(Same(m.subjects(0).grounds(), subject.grounds()), "submission.manifest.subjects.grounds",
                     "are the request's");
  violations.Require(Same(answer.statement.subjects(0).categories(), question.categories()),
                     "submission.sender_statement.subjects.categories", "are those asked");
  for (const v1::ManifestUnit& unit : m.units()) {
    violations.Require(Has(question.categories(), unit.category()),
                       absl::StrCat("submission.manifest.units[", unit.number() - 1, "].category"), "was asked");
  }
  const bool tells = request.share.existence_sensitive && m.kind() == v1::PACKAGE_KIND_SUPPLEMENT;
  violations.Require(!tells || m.units_size() >= 1, "submission.manifest.units",
                     "are at least one: a refusal sends nothing here");
  return violations.ToStatus();
}

absl::Time AnswerTimeOf(const StoredPart& request) {
  return request.share.existence_sensitive ? trust::FromTimestamp(request.manifest.question().answer_time())
                                           : absl::UnixEpoch();
}

Objections WhyNotNow(const v1::Manifest& answer, const StoredPart& request, Batch& batch) {
  switch (request.part.state) {
    case v1::RECIPIENT_STATE_WITHDRAWN:
      return {Because("REQUEST_CANCELLED")};
    case v1::RECIPIENT_STATE_EXPIRED:
      return {Because("REQUEST_EXPIRED")};
    case v1::RECIPIENT_STATE_HELD:
      return {Because("REQUEST_HELD")};
    case v1::RECIPIENT_STATE_WAITING:
      return {Because("REQUEST_NOT_COLLECTED")};
    default:
      break;
  }
  if (request.share.expire_time <= batch.now()) return {Because("REQUEST_EXPIRED")};
  if (answer.kind() == v1::PACKAGE_KIND_SUPPLEMENT && request.part.state != v1::RECIPIENT_STATE_ANSWERED)
    return {Because("ANSWER_REQUIRED")};
  if (AnswerTimeOf(request) > batch.now() + batch.world().limits.clock_skew) return {Because("ANSWER_TOO_EARLY")};
  return {};
}

Objections WhyNotNeutral(const v1::Manifest& answer, const DecidedSubject& decided) {
  if (!decided.decision.existence_sensitive || answer.kind() != v1::PACKAGE_KIND_ANSWER) return {};
  std::map<std::string, std::string> expected;
  for (const policy::CategoryOutcome& outcome : decided.decision.categories) {
    if (!outcome.denied) expected[outcome.category] = std::string(policy::FormName(outcome.form));
  }
  // Each category stands once in a manifest (CheckShare), so equal counts and no stranger make the sets equal.
  const bool whole = static_cast<size_t>(answer.units_size()) == expected.size();
  const bool alike = std::all_of(answer.units().begin(), answer.units().end(), [&](const v1::ManifestUnit& unit) {
    const auto want = expected.find(unit.category());
    return want != expected.end() && unit.form() == want->second && unit.size_bucket() == kNeutralUnitOctets;
  });
  return whole && alike ? Objections() : Objections{Because("ANSWER_NOT_NEUTRAL")};
}

}  // namespace derwent::exchange
