#include "agents/connectors/mapping.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "agents/connectors/provenance.h"
#include "agents/connectors/record_path.h"
#include "trust/base/status_macros.h"

namespace derwent::connectors {
namespace {

// Adds a problem of this row once: one source may fill several fields.
void Add(Problem problem, size_t first_of_row, std::vector<Problem>& problems) {
  const auto same = [&](const Problem& other) { return other.column == problem.column && other.rule == problem.rule; };
  if (std::any_of(problems.begin() + static_cast<std::ptrdiff_t>(first_of_row), problems.end(), same)) return;
  problems.push_back(std::move(problem));
}

}  // namespace

bool Mapping::Wanted(const Lookup& lookup) const {
  return std::ranges::all_of(only_, [&](const Only& one) {
    const std::string value = lookup(one.source).value_or("");
    return one.given.has_value() ? *one.given != value.empty() : one.words.contains(value);
  });
}

void Mapping::FillHead(const Lookup& lookup, int64_t row, v1::PushReferralRequest& referral,
                       std::vector<Problem>& problems) const {
  for (const auto& [member, source] : head_) {
    std::string value = lookup(source).value_or("");
    if (value.empty() && member == "referral_ref") problems.push_back({row, source, "must be given"});
    if (value.empty()) continue;
    if (member == "referral_ref") referral.set_referral_ref(std::move(value));
    if (member == "justification") referral.set_justification(std::move(value));
    if (member == "area") referral.set_area(std::move(value));
    if (member == "acting_person") referral.set_acting_person(std::move(value));
  }
}

// Error: kInvalidArgument with the rule that the row breaks, for its problem.
absl::Status Mapping::FillField(const Field& field, const Lookup& lookup, v1::CaseRecord& record) {
  if (!field.constant.empty()) {
    const bool wanted = field.when.empty() || !lookup(field.when).value_or("").empty();
    if (!wanted || SetAt(record, field.to, field.constant).ok()) return absl::OkStatus();
    return absl::InvalidArgumentError("the mapping's constant does not fit");
  }
  std::string value = lookup(field.from).value_or("");
  if (value.empty()) return field.needed ? absl::InvalidArgumentError("must be given") : absl::OkStatus();
  if (!field.values.empty()) {
    const auto meaning = field.values.find(value);
    if (meaning == field.values.end()) return absl::InvalidArgumentError("must be a word that the mapping knows");
    if (meaning->second.empty()) return absl::OkStatus();  // A word that says nothing.
    value = meaning->second;
  }
  ASSIGN_OR_RETURN(const std::string read, ReadValue(field.rule, value));
  return SetAt(record, field.to, read);
}

void Mapping::FillRecord(const Lookup& lookup, int64_t row, v1::CaseRecord& record,
                         std::vector<Problem>& problems) const {
  const size_t first = problems.size();
  for (const Field& field : fields_) {
    const absl::Status filled = FillField(field, lookup, record);
    if (!filled.ok())
      Add({row, field.constant.empty() ? field.from : field.when, std::string(filled.message())}, first, problems);
  }
  if (!provenance_.has_value()) return;
  v1::Provenance common = *provenance_;
  const auto as_at = head_.find("as_at");
  const absl::StatusOr<std::string> day =
      ReadValue(Rule::kDate, as_at == head_.end() ? "" : lookup(as_at->second).value_or(""));
  if (day.ok()) common.set_as_at(*day);
  // A referral is found again by its reference. Its row is no part of it: a later export has it elsewhere.
  if (is_register_) common.set_source_pointer(absl::StrCat(common.source_pointer(), "#", row));
  CompleteProvenance(record, common);
}

std::set<std::string> Mapping::NeededSources() const {
  std::set<std::string> sources;
  for (const auto& [member, source] : head_) sources.insert(source);
  for (const Only& one : only_) sources.insert(one.source);
  for (const Field& field : fields_) {
    const std::string& source = field.constant.empty() ? field.from : field.when;
    if (!field.optional && !source.empty()) sources.insert(source);
  }
  return sources;
}

void Mapping::Apply(const Lookup& lookup, int64_t row, Batch& batch) const {
  if (!Wanted(lookup)) return;
  const size_t before = batch.problems.size();
  if (!is_register_) {
    v1::PushReferralRequest referral = fixed_;
    FillHead(lookup, row, referral, batch.problems);
    FillRecord(lookup, row, *referral.mutable_subjects(0)->mutable_record(), batch.problems);
    if (batch.problems.size() == before) batch.referrals.push_back({row, std::move(referral)});
    return;
  }
  const std::string& source = head_.at("record_ref");
  std::string ref = lookup(source).value_or("");
  if (ref.empty()) batch.problems.push_back({row, source, "must be given"});
  RegisterRow person{.row = row};
  FillRecord(lookup, row, person.record, batch.problems);
  if (batch.problems.size() > before) return Refuse(lookup, row, batch);
  person.record.set_record_ref(std::move(ref));
  batch.rows.push_back(std::move(person));
}

void Mapping::Refuse(const Lookup& lookup, int64_t row, Batch& batch) const {
  if (!is_register_) return;
  std::string ref = lookup(head_.at("record_ref")).value_or("");
  if (ref.empty()) return;
  RegisterRow& person = batch.rows.emplace_back(RegisterRow{.row = row, .sound = false});
  person.record.set_record_ref(std::move(ref));
}

}  // namespace derwent::connectors
