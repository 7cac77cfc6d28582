#include "agents/sdk/project.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

#include "derwent/v1/options.pb.h"
#include "trust/base/status_macros.h"

namespace derwent::agents {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr absl::string_view kCounts = "aggregate";

enum class Form { kFull, kGeneralise, kMask, kPseudonymise, kFlagOnly };

std::optional<Form> FactsForm(absl::string_view form) {
  static const auto& forms = *new std::map<absl::string_view, Form>{{"full", Form::kFull},
                                                                    {"generalise", Form::kGeneralise},
                                                                    {"mask", Form::kMask},
                                                                    {"pseudonymise", Form::kPseudonymise},
                                                                    {"flag_only", Form::kFlagOnly}};
  const auto found = forms.find(form);
  if (found == forms.end()) return std::nullopt;
  return found->second;
}

v1::Reduction RuleFor(const FieldDescriptor& field, Form form) {
  const v1::Reduce& reduce = field.options().GetExtension(v1::reduce);
  switch (form) {
    case Form::kFull:
      return field.message_type() != nullptr ? v1::REDUCTION_DESCEND : v1::REDUCTION_KEEP;
    case Form::kGeneralise:
      return reduce.generalise();
    case Form::kMask:
      return reduce.mask();
    case Form::kPseudonymise:
      return reduce.pseudonymise();
    case Form::kFlagOnly:
      return reduce.flag_only();
  }
  return v1::REDUCTION_UNSPECIFIED;
}

std::string ReduceText(const std::string& value, v1::Reduction rule, const Pseudonymiser& pseudonyms) {
  switch (rule) {
    case v1::REDUCTION_KEEP:
      return value;
    case v1::REDUCTION_MONTH:
      return CutToMonth(value);
    case v1::REDUCTION_YEAR:
      return CutToYear(value);
    case v1::REDUCTION_OUTWARD_POSTCODE:
      return OutwardPostcode(value);
    case v1::REDUCTION_INITIALS:
      return Initials(value);
    case v1::REDUCTION_MASK:
      return MaskValue(value);
    case v1::REDUCTION_PSEUDONYM:
      return pseudonyms.Apply(value);
    default:
      return "";
  }
}

// Reduces a message in place. `depth` bounds recursion: the record's messages nest five deep at most.
class Reducer {
 public:
  Reducer(Form form, const Pseudonymiser& pseudonyms) : form_(form), pseudonyms_(pseudonyms) {}

  void Apply(Message& message, bool reviewed = false, int depth = 0) const {
    const Reflection& reflection = *message.GetReflection();
    reflection.MutableUnknownFields(&message)->Clear();
    // By which share a fact came is between its originator and who holds it.
    if (message.GetDescriptor() == v1::Provenance::descriptor())
      static_cast<v1::Provenance&>(message).clear_received_share_id();
    const bool text_reviewed = reviewed || IsReviewed(message);
    std::vector<const FieldDescriptor*> present;
    reflection.ListFields(message, &present);
    for (const FieldDescriptor* field : present) {
      const v1::Reduction rule = RuleFor(*field, form_);
      const bool free_text = field->options().GetExtension(v1::free_text);
      const bool kept = rule != v1::REDUCTION_UNSPECIFIED && depth < kMaxDepth &&
                        (!free_text || (form_ == Form::kFull && text_reviewed));
      if (!kept || !ApplyTo(message, *field, rule, text_reviewed, depth)) reflection.ClearField(&message, field);
    }
  }

 private:
  static constexpr int kMaxDepth = 8;

  static bool IsReviewed(const Message& message) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName("provenance");
    if (field == nullptr || field->message_type() != v1::Provenance::descriptor()) return false;
    const Message& provenance = message.GetReflection()->GetMessage(message, field);
    return !static_cast<const v1::Provenance&>(provenance).reviewed_by().empty();
  }

  // False: the rule does not fit the field's type; the field is dropped.
  bool ApplyTo(Message& message, const FieldDescriptor& field, v1::Reduction rule, bool reviewed, int depth) const {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return ApplyToMessages(message, field, rule, reviewed, depth);
      case FieldDescriptor::CPPTYPE_STRING:
        return ApplyToTexts(message, field, rule);
      case FieldDescriptor::CPPTYPE_INT32:
        return ApplyToNumber(message, field, rule);
      default:
        return rule == v1::REDUCTION_KEEP;
    }
  }

  bool ApplyToMessages(Message& message, const FieldDescriptor& field, v1::Reduction rule, bool reviewed,
                       int depth) const {
    if (rule != v1::REDUCTION_DESCEND) return false;
    const Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated()) {
      Apply(*reflection.MutableMessage(&message, &field), reviewed, depth + 1);
      return true;
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      Apply(*reflection.MutableRepeatedMessage(&message, &field, i), reviewed, depth + 1);
    }
    return true;
  }

  bool ApplyToTexts(Message& message, const FieldDescriptor& field, v1::Reduction rule) const {
    if (rule == v1::REDUCTION_KEEP) return true;
    if (field.type() != FieldDescriptor::TYPE_STRING) return false;
    const Reflection& reflection = *message.GetReflection();
    if (!field.is_repeated()) {
      reflection.SetString(&message, &field, ReduceText(reflection.GetString(message, &field), rule, pseudonyms_));
      return true;
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
      const std::string reduced = ReduceText(reflection.GetRepeatedString(message, &field, i), rule, pseudonyms_);
      reflection.SetRepeatedString(&message, &field, i, reduced);
    }
    return true;
  }

  static bool ApplyToNumber(Message& message, const FieldDescriptor& field, v1::Reduction rule) {
    if (rule == v1::REDUCTION_KEEP) return true;
    if (rule != v1::REDUCTION_BAND_OF_TEN || field.is_repeated()) return false;
    const Reflection& reflection = *message.GetReflection();
    reflection.SetInt32(&message, &field, static_cast<int32_t>(BandOfTen(reflection.GetInt32(message, &field))));
    return true;
  }

  const Form form_;
  const Pseudonymiser& pseudonyms_;
};

// The field of CaseRecord or UnitContent that holds a category, or null.
const FieldDescriptor* CategoryField(const Descriptor& descriptor, absl::string_view category) {
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor* field = descriptor.field(i);
    if (field->message_type() == nullptr) continue;
    const std::string& bound = field->message_type()->options().GetExtension(v1::category);
    if (!bound.empty() && bound == category) return field;
  }
  return nullptr;
}

bool IsEmpty(const Message& message) { return message.ByteSizeLong() == 0; }

absl::Status ProjectSummary(const v1::CaseRecord& record, absl::string_view category, v1::UnitContent& content) {
  for (const v1::CategorySummary& summary : record.summaries()) {
    if (summary.category() != category) continue;
    if (summary.summary().author().empty()) break;
    content.mutable_summary()->set_text(summary.summary().text());
    content.mutable_summary()->set_author(summary.summary().author());
    content.mutable_summary()->set_as_at(summary.summary().as_at());
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat("no named person wrote a gist of `", category, "`"));
}

absl::Status ProjectFacts(const v1::CaseRecord& record, const FieldDescriptor& source, Form form,
                          const Pseudonymiser& pseudonyms, v1::UnitContent& content) {
  const Message& facts = record.GetReflection()->GetMessage(record, &source);
  if (IsEmpty(facts))
    return absl::NotFoundError(absl::StrCat("the record holds no facts of `", content.category(), "`"));
  const FieldDescriptor* target = CategoryField(*v1::UnitContent::descriptor(), content.category());
  Message* copy = content.GetReflection()->MutableMessage(&content, target);
  copy->CopyFrom(facts);
  Reducer(form, pseudonyms).Apply(*copy);
  return absl::OkStatus();
}

}  // namespace

bool HoldsFacts(absl::string_view form) { return FactsForm(form).has_value(); }

std::vector<std::string> HeldCategories(const v1::CaseRecord& record) {
  std::set<std::string> held;
  for (const v1::CategorySummary& summary : record.summaries()) held.insert(summary.category());
  std::vector<const FieldDescriptor*> present;
  record.GetReflection()->ListFields(record, &present);
  for (const FieldDescriptor* field : present) {
    if (field->message_type() == nullptr || field->is_repeated()) continue;
    const std::string& category = field->message_type()->options().GetExtension(v1::category);
    if (!category.empty() && !IsEmpty(record.GetReflection()->GetMessage(record, field))) held.insert(category);
  }
  return {held.begin(), held.end()};
}

absl::StatusOr<v1::UnitContent> ProjectUnit(const v1::CaseRecord& record, absl::string_view category,
                                            absl::string_view form, const Pseudonymiser& pseudonyms,
                                            const HolderContact& holder) {
  if (category == kCounts && HeldCategories(record) != std::vector<std::string>{std::string(kCounts)})
    return absl::NotFoundError("counts are of nobody: no record of a person holds a table");
  const FieldDescriptor* source = CategoryField(*v1::CaseRecord::descriptor(), category);
  if (source == nullptr)
    return absl::InvalidArgumentError(absl::StrCat("`", category, "` is no category of a case record"));
  v1::UnitContent content;
  content.set_category(std::string(category));
  content.set_form(std::string(form));
  if (form == "summarise") {
    RETURN_IF_ERROR(ProjectSummary(record, category, content));
  } else if (form == "contact_owner") {
    *content.mutable_owner_contact() = holder.owner;
  } else if (form == "relay") {
    *content.mutable_relay() = holder.relay;
  } else if (const auto facts_form = FactsForm(form); facts_form.has_value()) {
    RETURN_IF_ERROR(ProjectFacts(record, *source, *facts_form, pseudonyms, content));
  } else {
    return absl::InvalidArgumentError(absl::StrCat("`", form, "` is no form of a unit"));
  }
  return content;
}

absl::Status ProjectAgain(v1::UnitContent& content, const Pseudonymiser& pseudonyms) {
  const auto form = FactsForm(content.form());
  if (!form.has_value()) return absl::OkStatus();
  const Descriptor& descriptor = *v1::UnitContent::descriptor();
  const FieldDescriptor* field = CategoryField(descriptor, content.category());
  if (field == nullptr || content.content_case() != static_cast<v1::UnitContent::ContentCase>(field->number())) {
    return absl::InvalidArgumentError("the unit's content is not of its category");
  }
  content.GetReflection()->MutableUnknownFields(&content)->Clear();
  Reducer(*form, pseudonyms).Apply(*content.GetReflection()->MutableMessage(&content, field));
  return absl::OkStatus();
}

void MoveProtectedAddresses(v1::CaseRecord& record) {
  if (std::ranges::find(record.subject_flags(), "address_protected") == record.subject_flags().end()) return;
  for (v1::LocationCurrentFact& address : *record.mutable_location_current()->mutable_facts()) {
    v1::LocationProtectedFact& moved = *record.mutable_location_protected()->add_facts();
    moved.mutable_provenance()->Swap(address.mutable_provenance());
    moved.set_kind(v1::PROTECTION_KIND_WITHHELD);
    moved.mutable_place()->Swap(address.mutable_place());
    if (address.has_period()) moved.mutable_period()->Swap(address.mutable_period());
  }
  record.clear_location_current();
}

std::string NeutralText(absl::string_view holder_agency) {
  return absl::StrCat("nothing is shared here; ask the single point of contact of ", holder_agency);
}

}  // namespace derwent::agents
