#include "agents/register/people.h"

#include <algorithm>
#include <set>
#include <utility>

#include "agents/register/tables.h"

namespace derwent::agents {
namespace {

// Each flag once: several rows may say the same.
void TidyFlags(v1::CaseRecord& record) {
  const std::set<std::string> flags(record.subject_flags().begin(), record.subject_flags().end());
  record.clear_subject_flags();
  for (const std::string& flag : flags) record.add_subject_flags(flag);
}

}  // namespace

void PeopleBuilder::Name(const std::string& file, connectors::Problem problem) {
  ++built_.problem_count;
  if (built_.problems.size() < kMaxProblemsKept)
    built_.problems.push_back({.file = file, .problem = std::move(problem)});
}

void PeopleBuilder::AddRow(const std::string& file, connectors::RegisterRow row) {
  const auto [found, fresh] = people_.try_emplace(row.record.record_ref());
  Person& person = found->second;
  if (fresh) {
    person.file = file;
    person.row = row.row;
  }
  const std::string& before = person.record.date_of_birth();
  const std::string& now = row.record.date_of_birth();
  if (!before.empty() && !now.empty() && before != now) {
    Name(file, {row.row, "date_of_birth", "must be the same in every row of a person"});
    row.sound = false;
  }
  person.sound = person.sound && row.sound;
  person.record.MergeFrom(row.record);
}

void PeopleBuilder::Add(const std::string& file, connectors::Batch batch) {
  for (connectors::Problem& problem : batch.problems) Name(file, std::move(problem));
  for (connectors::RegisterRow& row : batch.rows) AddRow(file, std::move(row));
}

People PeopleBuilder::Build() {
  for (auto& [ref, person] : people_) {
    if (!person.sound) continue;
    if (HoldsCountsAlone(person.record)) {
      built_.counts.MergeFrom(TablesOf(person.record.aggregate()));
      continue;
    }
    if (person.record.has_aggregate()) {
      Name(person.file, {person.row, "record_ref", "must hold counts alone, or none: they are of nobody"});
      continue;
    }
    if (person.record.identity().facts().empty()) {
      Name(person.file, {person.row, "record_ref", "must be a person whom some row names"});
      continue;
    }
    TidyFlags(person.record);
    built_.records.push_back(std::move(person.record));
  }
  return std::move(built_);
}

}  // namespace derwent::agents
