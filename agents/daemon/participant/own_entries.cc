#include "agents/daemon/participant/own_entries.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include "agents/sdk/receipts.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

using trust::Field;

// What an entry of a step rests on beside the broker's word (broker/ledger/FORMAT.md, field 20).
enum class Rests {
  kPackage,      // A manifest that the sender signed.
  kMessage,      // A message that who acted signed, about a package.
  kState,        // Nobody's signature: what became of a package.
  kApproval,     // A question that the releasing side signed.
  kApprovalUse,  // Approvals that came with a package of the releasing side.
  kRights,       // A notice or answer about a person's rights that who acted signed.
  kNothing,      // Nobody's, or a person's own.
};
struct Step {
  absl::string_view name;
  Rests rests;
};
constexpr std::array<Step, 44> kSteps = {{
    {"referral", Rests::kPackage},
    {"request", Rests::kPackage},
    {"emergency", Rests::kPackage},
    {"answer", Rests::kPackage},
    {"emergency_answer", Rests::kPackage},
    {"supplement", Rests::kPackage},
    {"check", Rests::kPackage},
    {"acknowledgement", Rests::kMessage},
    {"progress", Rests::kMessage},
    {"withdrawal", Rests::kMessage},
    {"notice", Rests::kMessage},
    {"collection", Rests::kState},
    {"held", Rests::kState},
    {"expiry", Rests::kState},
    {"supersession", Rests::kState},
    {"acceptance_overdue", Rests::kState},
    {"outcome_overdue", Rests::kState},
    {"approval_asked", Rests::kApproval},
    {"approval", Rests::kApproval},
    {"approval_declined", Rests::kApproval},
    {"approval_steps", Rests::kNothing},
    {"approval_used", Rests::kApprovalUse},
    {"rights_notice", Rests::kRights},
    {"rights_answer", Rests::kRights},
    {"rights_unanswered", Rests::kNothing},
    {"plan", Rests::kNothing},
    {"read", Rests::kNothing},
    {"refused_call", Rests::kNothing},
    {"quota_exceeded", Rests::kNothing},
    {"restriction", Rests::kNothing},
    {"case_opened", Rests::kNothing},
    {"case_member", Rests::kNothing},
    {"case_member_removed", Rests::kNothing},
    {"case_readmitted", Rests::kNothing},
    {"case_closed", Rests::kNothing},
    {"emergency_declared", Rests::kNothing},
    {"emergency_reviewed", Rests::kNothing},
    {"emergency_review_overdue", Rests::kNothing},
    {"hold", Rests::kNothing},
    {"hold_lifted", Rests::kNothing},
    {"erasure_asked", Rests::kNothing},
    {"erasure_agreed", Rests::kNothing},
    {"erasure_attested", Rests::kNothing},
    {"erasure_unattested", Rests::kNothing},
}};

const Step* FindStep(absl::string_view name) {
  const auto found = std::ranges::find(kSteps, name, &Step::name);
  return found == kSteps.end() ? nullptr : &*found;
}

}  // namespace

// What an entry says, as far as it is opened to a participant.
struct OwnEntries::Said {
  std::string step;
  std::string share;
  std::string request;
  std::string manifest;  // 32 octets, or empty.
  std::string other;     // The other party; empty: none is named.
  bool releasing = false;
  bool acted = false;  // By this agency.
  bool gives = false;  // It says that something was released.

  static absl::StatusOr<Said> Of(const trust::Opening& entry, const std::string& agency) {
    for (const Field field : {Field::kReleasingAgency, Field::kReceivingAgency, Field::kCategories, Field::kIds,
                              Field::kManifestDigest, Field::kStep}) {
      if (entry.Value(field) == nullptr)
        return absl::InvalidArgumentError(
            absl::StrCat("the entry does not open its ", trust::FieldName(static_cast<int>(field))));
    }
    const std::string& releasing = *entry.Value(Field::kReleasingAgency);
    const std::string& receiving = *entry.Value(Field::kReceivingAgency);
    if (agency != releasing && agency != receiving)
      return absl::InvalidArgumentError("the entry does not name this agency");
    const absl::string_view actor = FieldAttribute(*entry.Value(Field::kStep), "actor");
    const bool is_releasing = agency == releasing;
    return Said{.step = std::string(FieldAttribute(*entry.Value(Field::kStep), "step")),
                .share = std::string(FieldAttribute(*entry.Value(Field::kIds), "share")),
                .request = std::string(FieldAttribute(*entry.Value(Field::kIds), "request")),
                .manifest = *entry.Value(Field::kManifestDigest),
                .other = is_releasing ? receiving : releasing,
                .releasing = is_releasing,
                .acted = actor == (is_releasing ? "releasing" : "receiving"),
                .gives = !FieldAttribute(*entry.Value(Field::kCategories), "form").empty()};
  }
};

absl::StatusOr<std::string> OwnEntries::Misfit(const trust::Opening& entry) {
  ASSIGN_OR_RETURN(const Said said, Said::Of(entry, agency_));
  const Step* const step = FindStep(said.step);
  if (step == nullptr) return said.releasing ? "it tells of a step that this agency does not know" : "";
  switch (step->rests) {
    case Rests::kPackage: {
      const bool asks = said.step == "request" || said.step == "emergency";
      // Who sends is the releasing side, but of a question the receiving one; of a check whoever acted.
      return PackageMisfit(said, said.step == "check" ? said.acted : said.releasing != asks);
    }
    case Rests::kMessage:
      return MessageMisfit(said);
    case Rests::kState:
      return PackageMisfit(said, /*sends=*/false);
    case Rests::kApproval:
      return ApprovalMisfit(said);
    case Rests::kApprovalUse:
      return ApprovalUseMisfit(said);
    case Rests::kRights: {
      ASSIGN_OR_RETURN(const std::string misfit, RightsMisfit(said));
      if (!misfit.empty()) return misfit;
      break;
    }
    case Rests::kNothing:
      break;
  }
  return said.releasing && said.gives ? "it tells that this agency released something in a step that releases nothing"
                                      : "";
}

absl::StatusOr<std::string> OwnEntries::PackageMisfit(const Said& said, bool sends) {
  ASSIGN_OR_RETURN(const KnownShare known, known_.Find(said.share, said.other));
  if (sends && !known.ours) return "it tells that this agency sent a share that it did not sign";
  // A question that this agency has not collected, or never will.
  if (!known.known())
    return said.releasing && said.gives ? "it tells that this agency released a share that it does not know" : "";
  if (known.manifests.contains(said.manifest) || (known.manifests.empty() && known.erased)) return "";
  return sends ? "it tells that this agency sent another manifest than it signed"
               : "it tells of another manifest than this agency knows";
}

absl::StatusOr<std::string> OwnEntries::MessageMisfit(const Said& said) {
  if (said.acted) {
    ASSIGN_OR_RETURN(const bool told, known_.HasSaid(said.share, said.other, absl::AsciiStrToUpper(said.step)));
    if (!told) return absl::StrCat("it tells of a message that this agency did not sign: ", said.step);
  }
  return PackageMisfit(said, /*sends=*/false);
}

absl::StatusOr<std::string> OwnEntries::RightsMisfit(const Said& said) {
  if (!said.acted) return "";
  ASSIGN_OR_RETURN(const bool told, known_.HasSaidOfRights(said.share, said.other, said.manifest));
  return told ? "" : "it tells of a message about a person's rights that this agency did not sign";
}

absl::StatusOr<std::string> OwnEntries::ApprovalMisfit(const Said& said) {
  if (!said.releasing) return "";
  ASSIGN_OR_RETURN(const bool asked, known_.HasAsked(said.request));
  return asked ? "" : "it tells of an approval that this agency did not ask for";
}

absl::StatusOr<std::string> OwnEntries::ApprovalUseMisfit(const Said& said) {
  if (!said.releasing) return "";
  ASSIGN_OR_RETURN(const KnownShare known, known_.Find(said.share, ""));
  return known.ours ? "" : "it tells that approvals were used for a share that this agency did not sign";
}

}  // namespace derwent::agents
