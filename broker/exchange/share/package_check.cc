#include "broker/exchange/share/package_check.h"

#include <algorithm>
#include <bit>
#include <set>

#include "absl/strings/str_cat.h"

#include "broker/exchange/command/agency_signature.h"
#include "broker/exchange/command/refusal.h"
#include "broker/exchange/share/kind_check.h"
#include "broker/exchange/share/onward.h"
#include "broker/ledger/attributes.h"
#include "policy/loader/asked_table.h"
#include "policy/loader/written_request.h"
#include "trust/base/status_macros.h"
#include "trust/base/uuid.h"
#include "trust/message/timestamp.h"
#include "trust/secret/sha256.h"
#include "trust/signature/payload_types.h"

namespace derwent::exchange {
namespace {

constexpr size_t kAeadTag = 16;
// How long a finished share may wait in its sender's outbox: every retry sends the same bytes. A sender whose clock is
// off by more than the skew learns it when it plans.
constexpr absl::Duration kLongestOutbox = absl::Hours(24 * 7);
constexpr absl::Duration kMailboxLifetime = absl::Hours(24 * 37);  // For which recipients keep their sealing keys.
constexpr size_t kLargestKeyRing = 1 << 20;
constexpr size_t kLargestPart = 512 << 10;  // Of a manifest and of a statement: with everything that they may name.
constexpr int kMostCategories = 64;
constexpr int kMostCodes = 64;  // Grounds of a subject, obligations of a package.
constexpr int kMostReferences = 8;

// An entry holds up to 64 of them in one field, of 16 KiB.
constexpr size_t kLongestWord = 100;
constexpr char kWordRule[] = "is a code without spaces, 100 octets at most";

bool IsWord(const std::string& word) { return word.size() <= kLongestWord && ledger::IsCode(word); }

bool AreWords(const google::protobuf::RepeatedPtrField<std::string>& words) {
  return std::all_of(words.begin(), words.end(), IsWord);
}

// What a call brings to be stored, whichever call it is; borrowed from the request.
struct Offer {
  const std::string& share_id;
  std::vector<std::pair<std::string, const v1::Submission*>> submissions;  // With the path in the request.
  const google::protobuf::RepeatedPtrField<v1::SubjectReferences>& references;
  size_t octets = 0;
  std::vector<v1::PackageKind> kinds;  // That the call takes.
};

template <typename Request>
Offer OfferOf(const Request& request, std::vector<v1::PackageKind> kinds) {
  Offer offer{.share_id = request.request_id(),
              .submissions = {},
              .references = request.references(),
              .octets = request.ByteSizeLong(),
              .kinds = std::move(kinds)};
  for (int i = 0; i < request.submissions_size(); ++i)
    offer.submissions.emplace_back(absl::StrCat("submissions[", i, "]"), &request.submissions(i));
  return offer;
}

// Checks one submission; `at` is its path in the request.
class PackageCheck {
 public:
  PackageCheck(const Caller& caller, const Offer& offer, const World& world, Violations& violations)
      : caller_(caller), offer_(offer), world_(world), violations_(violations) {}

  CheckedPackage Run(const v1::Submission& submission, const std::string& at) {
    at_ = at;
    CheckedPackage checked{.submission = &submission};
    const v1::Package& package = submission.package();
    Require(package.manifest().payload_type() == trust::kManifestType, "package.manifest.payload_type",
            "is the manifest's type");
    if (!Read(package.manifest().payload(), checked.manifest, "package.manifest.payload", "is a Manifest"))
      return checked;
    if (!Read(submission.sender_statement(), checked.statement, "sender_statement", "is a SenderStatement"))
      return checked;
    checked.manifest_digest = trust::Sha256(package.manifest().payload());
    Head(checked.manifest);
    Digests(checked.manifest, submission);
    Require(checked.manifest.obligations_size() <= kMostCodes, "manifest.obligations", "are 64 at most");
    Subjects(checked.manifest, checked.statement);
    Units(checked.manifest, package);
    CheckKind(checked.manifest, checked.statement,
              [this](bool holds, absl::string_view field, absl::string_view rule) { Require(holds, field, rule); });
    return checked;
  }

 private:
  // Returns whether it holds.
  bool Require(bool holds, absl::string_view field, absl::string_view rule) {
    if (!holds) violations_.Add(absl::StrCat(at_, ".", field), std::string(rule));
    return holds;
  }

  bool Read(const std::string& octets, google::protobuf::Message& part, absl::string_view field,
            absl::string_view rule) {
    return Require(octets.size() <= kLargestPart, field, "is 512 KiB at most") &&
           Require(part.ParseFromString(octets), field, rule);
  }

  void Head(const v1::Manifest& m) {
    Require(m.share_id() == offer_.share_id, "manifest.share_id", "is the request id");
    Require(m.version() >= 1, "manifest.version", "is at least 1");
    Require(std::find(offer_.kinds.begin(), offer_.kinds.end(), m.kind()) != offer_.kinds.end(), "manifest.kind",
            "is a kind that this call takes");
    Require(m.sender_agency() == caller_.agency(), "manifest.sender_agency", "is the caller's agency");
    Require(IsWord(m.recipient_agency()) && m.recipient_agency() != m.sender_agency(), "manifest.recipient_agency",
            "is another agency");
    Require(ledger::IsCode(m.recipient_role()), "manifest.recipient_role", "is a role");
    const std::pair<const char*, const std::string&> needed[] = {{"manifest.profile", m.profile()},
                                                                 {"manifest.purpose", m.purpose()}};
    for (const auto& [field, word] : needed) Require(ledger::IsCode(word), field, "is a code without spaces");
    const std::pair<const char*, const std::string&> free[] = {{"manifest.recipient_person", m.recipient_person()},
                                                               {"manifest.board", m.board()},
                                                               {"manifest.area", m.area()},
                                                               {"manifest.case_id", m.case_id()},
                                                               {"manifest.step", m.step()},
                                                               {"manifest.product", m.product()},
                                                               {"manifest.marking", m.marking()}};
    for (const auto& [field, word] : free)
      Require(word.empty() || ledger::IsCode(word), field, "is empty or a code without spaces");
    Require(m.document_reference().empty() || policy::IsDocumentReference(m.document_reference()),
            "manifest.document_reference", policy::kDocumentReferenceRule);
    Require(m.policy_digest().size() == Sha256Digest::kSize, "manifest.policy_digest", "is 32 octets");
    Require(!m.sealing_key_id().empty(), "manifest.sealing_key_id", "is a key id");
  }

  void Digests(const v1::Manifest& m, const v1::Submission& submission) {
    Require(m.key_ring_digest() == trust::Sha256(submission.package().key_ring()).view(), "manifest.key_ring_digest",
            "is the key ring's SHA-256");
    Require(submission.package().key_ring().size() <= kLargestKeyRing, "package.key_ring", "is 1 MiB at most");
    Require(m.sender_statement_digest() == trust::Sha256(submission.sender_statement()).view(),
            "manifest.sender_statement_digest", "is the statement's SHA-256");
  }

  void Subjects(const v1::Manifest& m, const v1::SenderStatement& s) {
    Require(s.acting_person().empty() || IsWord(s.acting_person()), "sender_statement.acting_person",
            "is an opaque id");
    Require(s.salt().size() == Sha256Digest::kSize, "sender_statement.salt", "is 32 octets");
    if (!Require(m.subjects_size() >= 1 && m.subjects_size() <= world_.limits.subjects, "manifest.subjects",
                 "are 1 to 30"))
      return;
    std::set<uint32_t> numbers;
    for (const v1::ManifestSubject& subject : m.subjects()) {
      Require(subject.number() >= 1 && numbers.insert(subject.number()).second, "manifest.subjects.number",
              "is from 1 and stands once");
      Require(subject.justification_digest().empty() || subject.justification_digest().size() == Sha256Digest::kSize,
              "manifest.subjects.justification_digest", "is empty or 32 octets");
      Require(IsWord(subject.role()), "manifest.subjects.role", kWordRule);
      Require(subject.grounds_size() <= kMostCodes && AreWords(subject.grounds()) &&
                  std::is_sorted(subject.grounds().begin(), subject.grounds().end()),
              "manifest.subjects.grounds", "are 64 at most, sorted, codes without spaces, 100 octets at most");
    }
    if (!Require(s.subjects_size() == m.subjects_size(), "sender_statement.subjects", "are the manifest's subjects"))
      return;
    std::set<uint32_t> asked;
    for (const v1::AskedSubject& subject : s.subjects()) {
      Require(asked.insert(subject.number()).second, "sender_statement.subjects.number", "stands once");
      const bool nobody = m.kind() == v1::PACKAGE_KIND_SELECTOR && policy::AsksForCountsAlone(m.question());
      if (!Require(nobody == subject.categories().empty() && subject.categories_size() <= kMostCategories,
                   "sender_statement.subjects.categories",
                   nobody ? "are none: counts are about nobody" : "are 1 to 64"))
        continue;
      Require(AreWords(subject.categories()), "sender_statement.subjects.categories", kWordRule);
      Require(subject.onward().empty() || m.kind() == v1::PACKAGE_KIND_REFERRAL, "sender_statement.subjects.onward",
              "stands in a referral only");
      RequireOnward(subject.onward(), subject.categories(), absl::StrCat(at_, ".sender_statement.subjects.onward"),
                    violations_);
      Require(subject.holder_commitment().size() == Sha256Digest::kSize, "sender_statement.subjects.holder_commitment",
              "is 32 octets");
    }
    Require(asked == numbers, "sender_statement.subjects", "are the manifest's subjects");
  }

  void Units(const v1::Manifest& m, const v1::Package& package) {
    if (!Require(m.subjects_size() <= world_.limits.subjects && m.units_size() <= m.subjects_size() * kMostCategories,
                 "manifest.units", "are 64 a subject at most") ||
        !Require(m.units_size() == package.units_size(), "package.units", "are as many as the manifest names"))
      return;
    std::set<uint32_t> subjects;
    for (const v1::ManifestSubject& subject : m.subjects()) subjects.insert(subject.number());
    std::set<std::pair<uint32_t, std::string>> seen;
    for (int i = 0; i < m.units_size(); ++i) {
      const v1::ManifestUnit& unit = m.units(i);
      const std::string& sealed = package.units(i);
      Require(seen.emplace(unit.subject(), unit.category()).second, "manifest.units.category",
              "stands once for a subject");
      const auto require = [&](bool holds, absl::string_view field, absl::string_view rule) {
        if (!holds) Require(false, absl::StrCat("manifest.units[", i, "].", field), rule);
      };
      require(unit.number() == static_cast<uint32_t>(i) + 1, "number", "counts from 1 without gaps");
      require(subjects.contains(unit.subject()), "subject", "is a subject of the manifest");
      require(IsWord(unit.category()), "category", kWordRule);
      require(IsWord(unit.form()), "form", kWordRule);
      const size_t bucket = unit.size_bucket();
      require(std::has_single_bit(bucket) && bucket >= 256 && bucket <= world_.limits.unit_octets &&
                  sealed.size() == bucket + kAeadTag,
              "size_bucket", "is the power of two from 256 to 1 MiB that the unit fills");
      require(unit.ciphertext_digest() == trust::Sha256(sealed).view(), "ciphertext_digest", "is the unit's SHA-256");
      require(unit.key_commitment().size() == Sha256Digest::kSize, "key_commitment", "is 32 octets");
    }
  }

  const Caller& caller_;
  const Offer& offer_;
  const World& world_;
  Violations& violations_;
  std::string at_;
};

bool SameQuestion(const v1::Manifest& a, const v1::Manifest& b) {
  const v1::Question& q = a.question();
  const v1::Question& other = b.question();
  return q.acting_person() == other.acting_person() && q.role() == other.role() &&
         policy::AskedTable(q) == policy::AskedTable(other) &&
         std::equal(q.categories().begin(), q.categories().end(), other.categories().begin(), other.categories().end());
}

void CheckTogether(const CheckedShare& share, Violations& violations) {
  std::set<std::string> recipients;
  const v1::Manifest& first = share.packages.front().manifest;
  for (const CheckedPackage& package : share.packages) {
    const v1::Manifest& m = package.manifest;
    violations.Require(recipients.insert(m.recipient_agency()).second, "submissions.package.manifest.recipient_agency",
                       "stands once in a share");
    violations.Require(m.profile() == first.profile() && m.purpose() == first.purpose() && m.area() == first.area() &&
                           m.board() == first.board() && m.version() == first.version() &&
                           m.case_id() == first.case_id() && m.document_reference() == first.document_reference() &&
                           m.supersedes_share_id() == first.supersedes_share_id(),
                       "submissions.package.manifest",
                       "has one profile, purpose, board, area, case, document and version in a share");
    violations.Require(SameQuestion(m, first), "submissions.package.manifest.question", "is one in a share");
  }
}

void CheckReferences(const Offer& offer, const Limits& limits, Violations& violations) {
  if (!violations.Require(offer.references.size() <= limits.subjects, "references", "are 30 at most")) return;
  for (const v1::SubjectReferences& references : offer.references) {
    if (!violations.Require(references.references_size() <= kMostReferences, "references.references", "are 8 at most"))
      continue;
    for (const std::string& reference : references.references())
      violations.Require(reference.size() == Sha256Digest::kSize, "references.references", "are 32 octets each");
  }
}

absl::StatusOr<CheckedShare> CheckOffer(const Caller& caller, const Offer& offer, const World& world, absl::Time now) {
  Violations violations;
  violations.Require(Uuid::Parse(offer.share_id).ok(), "request_id", "is a UUID in lowercase");
  violations.Require(
      !offer.submissions.empty() && static_cast<int>(offer.submissions.size()) <= world.limits.recipients,
      "submissions", "are 1 to 20");
  violations.Require(offer.octets <= world.limits.share_octets, "submissions", "are 8 MiB at most together");
  RETURN_IF_ERROR(violations.ToStatus());
  CheckedShare share;
  PackageCheck check(caller, offer, world, violations);
  std::string digests;
  for (const auto& [at, submission] : offer.submissions) {
    share.packages.push_back(check.Run(*submission, at));
    absl::StrAppend(&digests, share.packages.back().manifest_digest.view(),
                    trust::Sha256(submission->sender_statement()).view());
  }
  CheckTogether(share, violations);
  CheckReferences(offer, world.limits, violations);
  RETURN_IF_ERROR(violations.ToStatus());
  share.digest = trust::Sha256(digests);
  for (const v1::SubjectReferences& references : offer.references) share.references.push_back(&references);
  for (const CheckedPackage& package : share.packages) {
    RETURN_IF_ERROR(
        CheckSigned(world, caller.agency(), package.submission->package().manifest(), trust::kManifestType, now));
  }
  return share;
}

absl::Status ReadApprovals(const google::protobuf::RepeatedPtrField<v1::SignedApproval>& approvals, const World& world,
                           absl::Time now, CheckedShare& share) {
  for (const v1::SignedApproval& approval : approvals) {
    ASSIGN_OR_RETURN(CheckedApproval checked, CheckApproval(approval, world, now));
    share.approvals.push_back(std::move(checked));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTimes(const CheckedShare& share, const Limits& limits, absl::Time now) {
  Violations violations;
  for (const CheckedPackage& package : share.packages) {
    const absl::Time made = trust::FromTimestamp(package.manifest.create_time());
    violations.Require(made > now - kLongestOutbox && made < now + limits.clock_skew,
                       "submissions.package.manifest.create_time",
                       "is within the last week and not over 30 s ahead of the broker's clock");
    const absl::Time ends = trust::FromTimestamp(package.manifest.expire_time());
    violations.Require(ends > now && ends <= now + kMailboxLifetime + limits.clock_skew,
                       "submissions.package.manifest.expire_time", "is in the future, and within 37 days");
  }
  return violations.ToStatus();
}

absl::StatusOr<CheckedShare> CheckShare(const Caller& caller, const v1::SubmitReferralRequest& request,
                                        const World& world, absl::Time now) {
  Violations violations;
  violations.Require(request.approvals_size() <= kMostApprovals, "approvals", "are 64 at most");
  violations.Require(request.approvals().empty() || request.submissions_size() == 1, "submissions",
                     "is one where units rest on approvals");
  RETURN_IF_ERROR(violations.ToStatus());
  ASSIGN_OR_RETURN(CheckedShare share, CheckOffer(caller, OfferOf(request, {v1::PACKAGE_KIND_REFERRAL}), world, now));
  violations.Require(request.approvals().empty() || share.packages.front().manifest.subjects_size() == 1,
                     "submissions[0].manifest.subjects", "is one where units rest on approvals");
  RETURN_IF_ERROR(violations.ToStatus());
  RETURN_IF_ERROR(ReadApprovals(request.approvals(), world, now, share));
  return share;
}

absl::StatusOr<CheckedShare> CheckShare(const Caller& caller, const v1::SubmitCaseRequestRequest& request,
                                        const World& world, absl::Time now) {
  return CheckOffer(caller, OfferOf(request, {v1::PACKAGE_KIND_SELECTOR}), world, now);
}

absl::StatusOr<CheckedShare> CheckShare(const Caller& caller, const v1::SubmitCaseAnswerRequest& request,
                                        const World& world, absl::Time now) {
  Violations violations;
  violations.Require(request.approvals_size() <= kMostApprovals, "approvals", "are 64 at most");
  RETURN_IF_ERROR(violations.ToStatus());
  const Offer offer{.share_id = request.request_id(),
                    .submissions = {{"submission", &request.submission()}},
                    .references = request.references(),
                    .octets = request.ByteSizeLong(),
                    .kinds = {v1::PACKAGE_KIND_ANSWER, v1::PACKAGE_KIND_SUPPLEMENT}};
  ASSIGN_OR_RETURN(CheckedShare share, CheckOffer(caller, offer, world, now));
  RETURN_IF_ERROR(ReadApprovals(request.approvals(), world, now, share));
  return share;
}

}  // namespace derwent::exchange
