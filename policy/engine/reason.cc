#include "policy/engine/reason.h"

#include <algorithm>
#include <array>

namespace derwent::policy {
namespace {

constexpr std::array<ReasonEntry, 36> kTable = {{
    {ReasonCode::kPurposeNotPermitted, "PURPOSE_NOT_PERMITTED", false, "the profile does not serve this purpose",
     "ask under a profile that names the purpose"},
    {ReasonCode::kSenderNotPermitted, "SENDER_NOT_PERMITTED", false,
     "the profile does not name this kind of holder as a sender", "ask another holder"},
    {ReasonCode::kRecipientNotParty, "RECIPIENT_NOT_PARTY", false,
     "one side is not a party, or both sides are one organisation", "have the agreement adopted"},
    {ReasonCode::kRoleNotEntitled, "ROLE_NOT_ENTITLED", false, "the role may not have this, or nobody holds it today",
     "ask in a role that the profile names"},
    {ReasonCode::kAreaNotCovered, "AREA_NOT_COVERED", false, "the agreement does not cover the area",
     "ask under the area's own agreement"},
    {ReasonCode::kAgreementNotInForce, "AGREEMENT_NOT_IN_FORCE", false,
     "no agreement between the parties is in force on this day", "renew the agreement; an emergency has its own route"},
    {ReasonCode::kAgreementNotSigned, "AGREEMENT_NOT_SIGNED", false,
     "the agreement is not signed by both parties' signatories", "have the signatories sign"},
    {ReasonCode::kCaseLinkRequired, "CASE_LINK_REQUIRED", false, "no open case of the parties is named",
     "name the case or referral"},
    {ReasonCode::kLegalGatewayMissing, "LEGAL_GATEWAY_MISSING", false,
     "no legal gateway of the profile carries this between these parties",
     "ask for an aggregate, or name another lawful route"},
    {ReasonCode::kLawfulBasisMissing, "LAWFUL_BASIS_MISSING", false,
     "a lawful basis, condition or policy document is missing or out of date", "have the agreement's owner review it"},
    {ReasonCode::kJustificationRequired, "JUSTIFICATION_REQUIRED", false,
     "a note on necessity and proportionality is required", "say why it is necessary and proportionate"},
    {ReasonCode::kDocumentRequired, "DOCUMENT_REQUIRED", false, "a statutory request needs its written document",
     "name the document"},
    {ReasonCode::kCategoryNotPermitted, "CATEGORY_NOT_PERMITTED", false,
     "the profile does not release this category to this recipient", "ask for a category that the profile names"},
    {ReasonCode::kGroundNotAsserted, "GROUND_NOT_ASSERTED", false, "the category's condition was not asserted",
     "assert the ground if it is true"},
    {ReasonCode::kCeilingReached, "CEILING_REACHED", false, "the receiver's ceiling does not include this category",
     "ask the co-ordinator to act instead"},
    {ReasonCode::kProductRequired, "PRODUCT_REQUIRED", false,
     "the product is missing or does not include this category", "name the product"},
    {ReasonCode::kFormsDoNotMeet, "FORMS_DO_NOT_MEET", false,
     "two rules reduce the category in ways that have no common form", "ask the agreement's owner"},
    {ReasonCode::kDepersonalisedOnly, "DEPERSONALISED_ONLY", false,
     "for this purpose nothing that identifies a person leaves", "ask for an aggregate"},
    {ReasonCode::kTableTooFine, "TABLE_TOO_FINE", false, "the table is finer than its topic allows",
     "ask at the limit"},
    {ReasonCode::kOnwardNotPermitted, "ONWARD_NOT_PERMITTED", false, "this category never goes onward",
     "the next recipient asks the originator"},
    {ReasonCode::kOriginatorRefused, "ORIGINATOR_REFUSED", false, "the originator refused",
     "the next recipient asks the originator"},
    {ReasonCode::kPayloadRejected, "PAYLOAD_REJECTED", false, "the message carries what it may not",
     "send again without it"},
    {ReasonCode::kBreakGlassNotEntitled, "BREAK_GLASS_NOT_ENTITLED", false,
     "only a duty officer may, for an imminent risk to life", "ask in the ordinary way"},
    {ReasonCode::kApprovalRequired, "APPROVAL_REQUIRED", false, "a named role must agree first",
     "wait for the decision"},
    {ReasonCode::kNecessary, "NECESSARY", false, "the profile names the category as necessary", ""},
    {ReasonCode::kConditionMet, "CONDITION_MET", false, "the category's condition was asserted", ""},
    {ReasonCode::kReducedForm, "REDUCED_FORM", false, "only a reduced form is needed", ""},
    {ReasonCode::kUnknownName, "UNKNOWN_NAME", false, "a name is not in the vocabulary", "correct the name"},
    {ReasonCode::kPolicyChanged, "POLICY_CHANGED", false, "policy became stricter since the plan", "plan again"},
    {ReasonCode::kSubjectFlag, "SUBJECT_FLAG", true, "a flag on the record stops or reduces this", ""},
    {ReasonCode::kSubjectRestricted, "SUBJECT_RESTRICTED", true, "the record is restricted or objected to", ""},
    {ReasonCode::kConsentMissing, "CONSENT_MISSING", true, "a consent that the share needs is not there", ""},
    {ReasonCode::kProductNotApt, "PRODUCT_NOT_APT", true, "the product is not for a person of this age", ""},
    {ReasonCode::kConditionNotMet, "CONDITION_NOT_MET", true, "the condition rests on a fact that does not hold", ""},
    {ReasonCode::kFactsUnknown, "FACTS_UNKNOWN", true, "a fact that must be known is not", ""},
    {ReasonCode::kEnginesDiffer, "ENGINES_DIFFER", true, "two engines decide this differently: a fault of the software",
     ""},
}};

}  // namespace

const ReasonEntry& Describe(ReasonCode code) { return kTable[static_cast<size_t>(code)]; }

const ReasonEntry* FindReason(absl::string_view name) {
  const auto found =
      std::find_if(kTable.begin(), kTable.end(), [&](const ReasonEntry& entry) { return entry.name == name; });
  return found == kTable.end() ? nullptr : &*found;
}

bool StandsAgainst(ReasonCode code) {
  return code != ReasonCode::kNecessary && code != ReasonCode::kConditionMet && code != ReasonCode::kReducedForm &&
         code != ReasonCode::kApprovalRequired;
}

}  // namespace derwent::policy
