#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "broker/store/rows.h"
#include "trust/base/digest.h"
#include "trust/entry/entry.h"

namespace derwent::ledger {

// One side of an exchange.
enum class Side { kReleasing, kReceiving };
// Who acted. kBroker: the broker itself, for instance an expiry.
enum class Actor { kBroker, kReleasing, kReceiving };

// What was asked and decided for one category. Ids and codes of the policy; `form` is empty when nothing was given.
struct CategoryLine {
  std::string category;
  std::string asked;    // form asked for
  std::string outcome;  // PERMIT, PENDING, DENY, …
  std::string form;     // form given
};

// An entry before it is salted and appended. Setters take codes and opaque ids (attributes.h, IsCode); anything else is
// remembered and refused by Log::Append. What each field says and its syntax: FORMAT.md; who may open it:
// visibility.cc. What is not set stays empty. Setting twice replaces. A value; not thread-safe.
class EntryDraft {
 public:
  // A sealed entry: share, refusal, approval, read, … `step` is what happened, for instance `referral`.
  EntryDraft(absl::string_view step, Actor actor);
  // A public entry (any kind but kSealed), whose `body` (exact bytes, 1 to 65,000) anyone may read. Only `step` and
  // `agency` (who acted, may be empty) go beside it. Setters have no effect on it.
  static EntryDraft Public(trust::EntryKind kind, std::string body, absl::string_view step, absl::string_view agency);

  // Fields 2 to 5. A caller whose call concerns nobody else (plan, read, refusal) is the releasing side of what it
  // would send, the receiving side of what it would get. `person` is opaque; empty: the agency's agent.
  EntryDraft& SetReleasing(absl::string_view agency, absl::string_view person);
  EntryDraft& SetReceiving(absl::string_view agency, absl::string_view person);
  // Fields 6 and 7. Tags of 32 octets (Tagger), 16 at most, in any order; only the side that supplied them may open
  // them: the releasing one, or the receiving one where it alone is named or SetSupplier says so (field 20).
  EntryDraft& SetSubject(uint32_t number, absl::string_view role, std::vector<std::string> tags);
  EntryDraft& SetSupplier(Side side);
  // Field 8.
  EntryDraft& AddCategory(CategoryLine line);
  // Field 9.
  EntryDraft& SetPurpose(absl::string_view purpose, absl::string_view profile, absl::string_view board,
                         absl::string_view area);
  // Fields 9 and 13: the route beside the ordinary one, and the document that it names; may be empty.
  EntryDraft& SetRoute(absl::string_view route, absl::string_view document);
  // Fields 10 and 11, of each side.
  EntryDraft& SetBases(Side side, absl::Span<const std::string> bases, absl::Span<const std::string> regimes);
  EntryDraft& SetConditions(Side side, absl::Span<const std::string> conditions);
  // Field 12.
  EntryDraft& SetAgreement(absl::string_view agreement, absl::string_view revision);
  // Field 13.
  EntryDraft& SetIds(absl::string_view share, absl::string_view request, absl::string_view case_id);
  // Field 14. `reasons`: those every party may see, sorted by the caller. Digests may be zero: left out.
  EntryDraft& SetOutcome(absl::string_view outcome, absl::Span<const std::string> reasons, const Sha256Digest& policy,
                         const Sha256Digest& registers);
  // Field 15.
  EntryDraft& SetManifestDigest(const Sha256Digest& digest);
  // Field 16. `overridden`: code of the override used, empty for none. The digest may be empty or 32 octets.
  EntryDraft& SetGrounds(absl::Span<const std::string> grounds, absl::string_view overridden,
                         absl::string_view justification_digest);
  // Field 17 is the SHA-256 of `canonical`; the body itself is kept beside the entry, erasable.
  EntryDraft& SetDecisionRequest(std::string canonical);
  // Field 18.
  EntryDraft& SetRevisions(absl::string_view semantics, absl::string_view policy, absl::string_view registers);
  // Field 19: 32 octets that the holder made.
  EntryDraft& SetHolderCommitment(absl::string_view commitment);
  // Field 20 also counts repeats (refusals within the minute) and rows told (reads).
  EntryDraft& SetCount(uint64_t count);

 private:
  friend class EntryPacker;
  EntryDraft() = default;

  struct SidePart {
    std::string agency, person, bases, regimes, conditions;
  };
  SidePart& part(Side side) { return sides_[side == Side::kReleasing ? 0 : 1]; }
  // Remembers the first broken code; returns it as given.
  std::string Checked(absl::string_view code);
  std::string CheckedList(absl::Span<const std::string> codes);

  absl::Status status_;
  trust::EntryKind kind_ = trust::EntryKind::kSealed;
  std::string body_;
  Actor actor_ = Actor::kBroker;
  Side supplier_ = Side::kReleasing;
  std::array<SidePart, 2> sides_;
  std::vector<std::string> tags_;
  std::vector<CategoryLine> categories_;
  std::string subject_, role_, area_, route_, document_, agreement_, agreement_revision_, request_, case_,
      policy_digest_, register_digest_;
  std::string manifest_, grounds_, override_, justification_, semantics_, policy_revision_, register_revision_,
      commitment_;
  std::string decision_request_;
  std::string count_;
  store::EntryColumns columns_;  // what is searched by; the sealed fields say the same
};

}  // namespace derwent::ledger
