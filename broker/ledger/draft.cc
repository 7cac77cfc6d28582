#include "broker/ledger/draft.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "broker/ledger/attributes.h"

namespace derwent::ledger {
namespace {

constexpr size_t kMaxCategories = 64;
constexpr size_t kMaxTags = 64;  // Of 8 references, under 8 keys.

}  // namespace

EntryDraft::EntryDraft(absl::string_view step, Actor actor) : actor_(actor) {
  columns_.step = Checked(step);
  if (step.empty()) status_ = absl::InvalidArgumentError("ledger entry: the step is empty");
}

EntryDraft EntryDraft::Public(trust::EntryKind kind, std::string body, absl::string_view step,
                              absl::string_view agency) {
  EntryDraft draft(step, Actor::kBroker);
  draft.kind_ = kind;
  draft.body_ = std::move(body);
  draft.columns_.actor_agency = draft.Checked(agency);
  return draft;
}

std::string EntryDraft::Checked(absl::string_view code) {
  if (!code.empty() && !IsCode(code) && status_.ok()) {
    // The value itself may be personal: not in the message.
    status_ = absl::InvalidArgumentError("ledger entry: a value is not a code or id");
  }
  return std::string(code);
}

std::string EntryDraft::CheckedList(absl::Span<const std::string> codes) {
  for (const std::string& code : codes) {
    if (!IsCode(code) && status_.ok())
      status_ = absl::InvalidArgumentError("ledger entry: a listed value is not a code or id");
  }
  return absl::StrJoin(codes, ",");
}

EntryDraft& EntryDraft::SetReleasing(absl::string_view agency, absl::string_view person) {
  part(Side::kReleasing).agency = Checked(agency);
  part(Side::kReleasing).person = Checked(person);
  return *this;
}

EntryDraft& EntryDraft::SetReceiving(absl::string_view agency, absl::string_view person) {
  part(Side::kReceiving).agency = Checked(agency);
  part(Side::kReceiving).person = Checked(person);
  return *this;
}

EntryDraft& EntryDraft::SetSubject(uint32_t number, absl::string_view role, std::vector<std::string> tags) {
  subject_ = absl::StrCat(number);
  role_ = Checked(role);
  tags_ = std::move(tags);
  std::ranges::sort(tags_);
  tags_.erase(std::unique(tags_.begin(), tags_.end()), tags_.end());
  const bool sized =
      std::ranges::all_of(tags_, [](const std::string& tag) { return tag.size() == Sha256Digest::kSize; });
  if ((!sized || tags_.size() > kMaxTags) && status_.ok()) {
    status_ = absl::InvalidArgumentError("ledger entry: subject tags are 64 at most, of 32 octets");
  }
  return *this;
}

EntryDraft& EntryDraft::SetSupplier(Side side) {
  supplier_ = side;
  return *this;
}

EntryDraft& EntryDraft::AddCategory(CategoryLine line) {
  for (const std::string* code : {&line.category, &line.asked, &line.outcome, &line.form}) Checked(*code);
  if (categories_.size() == kMaxCategories && status_.ok()) {
    status_ = absl::InvalidArgumentError("ledger entry: categories are 64 at most");
  }
  categories_.push_back(std::move(line));
  return *this;
}

EntryDraft& EntryDraft::SetPurpose(absl::string_view purpose, absl::string_view profile, absl::string_view board,
                                   absl::string_view area) {
  columns_.purpose = Checked(purpose);
  columns_.profile = Checked(profile);
  columns_.board = Checked(board);
  area_ = Checked(area);
  return *this;
}

EntryDraft& EntryDraft::SetRoute(absl::string_view route, absl::string_view document) {
  route_ = Checked(route);
  document_ = Checked(document);
  return *this;
}

EntryDraft& EntryDraft::SetBases(Side side, absl::Span<const std::string> bases,
                                 absl::Span<const std::string> regimes) {
  part(side).bases = CheckedList(bases);
  part(side).regimes = CheckedList(regimes);
  return *this;
}

EntryDraft& EntryDraft::SetConditions(Side side, absl::Span<const std::string> conditions) {
  part(side).conditions = CheckedList(conditions);
  return *this;
}

EntryDraft& EntryDraft::SetAgreement(absl::string_view agreement, absl::string_view revision) {
  agreement_ = Checked(agreement);
  agreement_revision_ = Checked(revision);
  return *this;
}

EntryDraft& EntryDraft::SetIds(absl::string_view share, absl::string_view request, absl::string_view case_id) {
  columns_.share_id = Checked(share);
  request_ = Checked(request);
  case_ = Checked(case_id);
  return *this;
}

EntryDraft& EntryDraft::SetOutcome(absl::string_view outcome, absl::Span<const std::string> reasons,
                                   const Sha256Digest& policy, const Sha256Digest& registers) {
  columns_.outcome = Checked(outcome);
  static_cast<void>(CheckedList(reasons));
  columns_.reasons.assign(reasons.begin(), reasons.end());
  policy_digest_ = policy == Sha256Digest() ? "" : policy.hex();
  register_digest_ = registers == Sha256Digest() ? "" : registers.hex();
  return *this;
}

EntryDraft& EntryDraft::SetManifestDigest(const Sha256Digest& digest) {
  manifest_ = digest.bytes();
  return *this;
}

EntryDraft& EntryDraft::SetGrounds(absl::Span<const std::string> grounds, absl::string_view overridden,
                                   absl::string_view justification_digest) {
  grounds_ = CheckedList(grounds);
  override_ = Checked(overridden);
  justification_ = std::string(justification_digest);
  if (!justification_.empty() && justification_.size() != Sha256Digest::kSize && status_.ok()) {
    status_ = absl::InvalidArgumentError("ledger entry: a justification's digest has 32 octets");
  }
  return *this;
}

EntryDraft& EntryDraft::SetDecisionRequest(std::string canonical) {
  decision_request_ = std::move(canonical);
  return *this;
}

EntryDraft& EntryDraft::SetRevisions(absl::string_view semantics, absl::string_view policy,
                                     absl::string_view registers) {
  semantics_ = Checked(semantics);
  policy_revision_ = Checked(policy);
  register_revision_ = Checked(registers);
  return *this;
}

EntryDraft& EntryDraft::SetHolderCommitment(absl::string_view commitment) {
  commitment_ = std::string(commitment);
  if (!commitment_.empty() && commitment_.size() != Sha256Digest::kSize && status_.ok()) {
    status_ = absl::InvalidArgumentError("ledger entry: a holder's commitment has 32 octets");
  }
  return *this;
}

EntryDraft& EntryDraft::SetCount(uint64_t count) {
  count_ = absl::StrCat(count);
  return *this;
}

}  // namespace derwent::ledger
