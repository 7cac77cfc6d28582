#include "policy/space/weight.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

namespace derwent::policy {
namespace {

using google::protobuf::FieldDescriptor;

std::string NameOf(const FieldDescriptor& field) {
  return absl::StrCat(field.containing_type()->name(), ".", field.name());
}

const absl::flat_hash_map<std::string, Weighing>& Fields() {
  using enum Weighing;
  static const auto& fields = *new absl::flat_hash_map<std::string, Weighing>({
      {"Profile.purposes", kDecided},
      {"Profile.senders", kDecided},
      {"Profile.receivers", kDecided},
      {"Profile.recipient_organisations", kDecided},
      {"Profile.gateways", kDecided},
      {"Profile.necessary", kDecided},
      {"Profile.conditional", kDecided},
      {"Profile.ceilings", kDecided},
      {"Profile.products", kDecided},
      {"Profile.denied_purposes", kDecided},
      {"Profile.blocked_flags", kDecided},
      {"Profile.separate_purpose", kDecided},
      {"Profile.prohibited_payload", kLessLoosens},
      {"Profile.existence_sensitive", kLessLoosens},
      {"Profile.answer_slot", kSaidOnly},
      {"Profile.marking", kLessStrictLoosens},
      {"Profile.collection_hours", kMoreLoosens},
      {"Profile.acceptance_hours", kSaidOnly},
      {"Profile.outcome_hours", kSaidOnly},
      {"Profile.request_hours", kMoreLoosens},
      {"Profile.obligations", kLessLoosens},
      {"Profile.decision_support", kLessLoosens},
      {"Profile.clocks", kSaidOnly},
      {"Profile.convenors", kMoreLoosens},
      {"Profile.transition_authorities", kMoreLoosens},
      {"Profile.owners", kMoreLoosens},
      {"BoardOwner.areas", kMoreLoosens},
      {"Clock.hours", kSaidOnly},
      {"Clock.working_days", kSaidOnly},
      {"Clock.days", kSaidOnly},
      {"Clock.months", kSaidOnly},
      {"Clock.starts", kSaidOnly},
      {"ReceiverScope.case_scope", kDecided},
      {"ReceiverScope.categories", kDecided},
      {"ReceiverScope.necessary_with_open_case", kDecided},
      {"ReceiverScope.approver", kDecided},
      {"RecipientOrganisation.by_product", kDecided},
      {"ConditionalCategory.form", kDecided},
      {"ConditionalCategory.approver", kDecided},
      {"ConditionalCategory.age", kDecided},
      {"ConditionalCategory.or_consent", kDecided},
      {"ReceiverCeiling.permit", kDecided},
      {"ReceiverCeiling.redact", kDecided},
      {"ReceiverCeiling.approve", kDecided},
      {"Product.age", kDecided},
      {"Product.allow", kDecided},
      {"Product.fields", kMoreLoosens},
      {"Vocabulary.categories", kDecided},
      {"Vocabulary.subject_roles", kSaidOnly},
      {"Vocabulary.flags", kDecided},
      {"Vocabulary.roles", kDecided},
      {"Vocabulary.purposes", kDecided},
      {"Vocabulary.consent_steps", kDecided},
      {"Vocabulary.obligations", kSaidOnly},
      {"Category.classes", kLessLoosens},
      {"Category.harm", kLessLoosens},
      {"Category.confidential", kLessLoosens},
      {"Category.forms", kDecided},
      {"Category.meets", kDecided},
      {"Flag.denies", kDecided},
      {"Flag.reduces", kDecided},
      {"Flag.approver", kDecided},
      {"Flag.approver_categories", kDecided},
      {"Flag.exception_grounds", kDecided},
      {"Flag.exception_approver", kDecided},
      {"Flag.obligations", kLessLoosens},
      {"Flag.spares_rights_events", kMoreLoosens},
      {"TableLimit.primary_threshold", kLessLoosens},
      {"TableLimit.round_to", kLessLoosens},
      {"Role.may", kMoreLoosens},
      {"Role.appointer", kLessLoosens},
      {"Purpose.excluded", kLessLoosens},
      {"ConsentStep.cite", kSaidOnly},
      {"Organisations.types", kDecided},
      {"Organisations.organisations", kDecided},
      {"Organisation.type", kDecided},
      {"Organisation.name", kSaidOnly},
      {"Organisation.legal_controller", kSaidOnly},
      {"Organisation.successors", kSaidOnly},
      {"Organisation.aliases", kSaidOnly},
      {"Areas.areas", kDecided},
      {"Area.name", kSaidOnly},
      {"Area.within", kDecided},
      {"Calendar.bank_holidays", kSaidOnly},
      {"Gateways.gateways", kDecided},
      {"Gateway.cite", kSaidOnly},
      {"Gateway.test", kSaidOnly},
      {"Gateway.kind", kDecided},
      {"Gateway.from", kDecided},
      {"Gateway.to", kDecided},
      {"Gateway.excludes_categories", kDecided},
      {"Gateway.excludes_content", kDecided},
      {"Gateway.excludes_sender", kDecided},
      {"Gateway.excludes_flags", kDecided},
      {"Gateway.depersonalised_only", kDecided},
      {"Gateway.never_used", kDecided},
      {"Gateway.needs_commencement", kDecided},
      {"Gateway.effective_from", kDecided},
      {"Gateway.effective_to", kDecided},
      {"Gateway.compels_by_document", kDecided},
      {"Gateway.tells_whom", kDecided},
      {"Gateway.use_limitation", kLessLoosens},
      {"Agreement.revision", kSaidOnly},
      {"Agreement.title", kSaidOnly},
      {"Agreement.parties", kDecided},
      {"Agreement.profiles", kDecided},
      {"Agreement.areas", kDecided},
      {"Agreement.effective_from", kDecided},
      {"Agreement.effective_to", kDecided},
      {"Agreement.review_date", kSaidOnly},
      {"Agreement.owner", kSaidOnly},
      {"Agreement.dpia_reference", kSaidOnly},
      {"Agreement.apd_reference", kSaidOnly},
      {"Agreement.apd_review_date", kDecided},
      {"Agreement.overlays", kDecided},
      {"Agreement.kind", kDecided},
      {"Agreement.givers", kDecided},
      {"JointArrangement.contact_point", kSaidOnly},
      {"JointArrangement.answers_subjects", kSaidOnly},
      {"JointArrangement.notifies_breaches", kSaidOnly},
      {"JointArrangement.essence", kSaidOnly},
      {"Assertions.assertions", kSaidOnly},
  });
  return fields;
}

// Of whatever message.
const absl::flat_hash_map<std::string, Weighing>& CommonFields() {
  using enum Weighing;
  static const auto& fields = *new absl::flat_hash_map<std::string, Weighing>({{"description", kSaidOnly},
                                                                               {"needs_confirmation", kSaidOnly},
                                                                               {"valid_from", kDecided},
                                                                               {"valid_to", kDecided}});
  return fields;
}

}  // namespace

absl::string_view WeightName(Weight weight) {
  return weight == Weight::kLooser ? "looser" : weight == Weight::kTighter ? "tighter" : "changed";
}

Weighing WeighingOf(const FieldDescriptor& field) {
  const auto found = Fields().find(NameOf(field));
  if (found != Fields().end()) return found->second;
  const auto common = CommonFields().find(field.name());
  return common != CommonFields().end() ? common->second : Weighing::kEveryChangeLoosens;
}

absl::string_view MeaningOf(const FieldDescriptor& field) {
  static const auto& meanings = *new absl::flat_hash_map<std::string, absl::string_view>({
      {"Profile.existence_sensitive", "an answer must not tell whether somebody is known"},
      {"Profile.prohibited_payload", "what a message must not carry"},
      {"Profile.convenors", "who may open a case"},
      {"Profile.enclave", "whose reference key marks its subjects"},
      {"Profile.owners", "who appoints to the board's roles"},
      {"Profile.footings", "what its parties rest on in law"},
      {"Profile.companions", "further shares that a referral sets off"},
      {"Profile.request_hours", "how long a request waits for answers"},
      {"Profile.collection_hours", "how long a payload waits in the broker"},
      {"Profile.ledger_months", "how long an entry keeps its fields"},
      {"Role.appointer", "who appoints"},
      {"Role.panel", "whose panel's owner appoints"},
  });
  const auto found = meanings.find(NameOf(field));
  return found == meanings.end() ? "" : found->second;
}

bool IsOrdered(const FieldDescriptor& field) {
  static const auto& ordered = *new absl::flat_hash_set<std::string>(
      {"Vocabulary.markings", "Category.forms", "CompanionShare.agencies", "Profile.transition_authorities"});
  return ordered.contains(NameOf(field));
}

Weight Weigh(Weighing weighing, bool more) {
  switch (weighing) {
    case Weighing::kMoreLoosens:
      return more ? Weight::kLooser : Weight::kTighter;
    case Weighing::kLessLoosens:
      return more ? Weight::kTighter : Weight::kLooser;
    case Weighing::kDecided:
    case Weighing::kSaidOnly:
      return Weight::kChanged;
    case Weighing::kLessStrictLoosens:
    case Weighing::kEveryChangeLoosens:
      break;
  }
  return Weight::kLooser;
}

Weight WeighMarking(const std::string& was, const std::string& now, const std::vector<std::string>& markings) {
  const auto before = std::find(markings.begin(), markings.end(), was);
  const auto after = std::find(markings.begin(), markings.end(), now);
  return after == markings.end() || after < before ? Weight::kLooser : Weight::kTighter;
}

}  // namespace derwent::policy
