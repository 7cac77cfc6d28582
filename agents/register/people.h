#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agents/connectors/batch.h"
#include "derwent/v1/record.pb.h"

namespace derwent::agents {

// One value of one file of the agency's own system that broke a rule. Never repeats the value.
struct SystemProblem {
  std::string file;  // Name without its folder.
  connectors::Problem problem;
};

// Whom the agency's own system held when it was read. Immutable once read.
struct People {
  std::vector<v1::CaseRecord> records;  // One a person, ordered by `record_ref`.
  v1::AggregateFacts counts;            // Tables of nobody in particular.
  std::vector<SystemProblem> problems;  // The first 1000.
  size_t problem_count = 0;
};

inline constexpr size_t kMaxPeople = 200'000;
inline constexpr size_t kMaxProblemsKept = 1000;

// Puts rows of all files together: what has one `record_ref` is about one person. A person about whom any row is bad is
// left out as a whole, for the bad row may be the one that protects them; so is one whom no row names, and one whose
// rows disagree about the date of birth. What holds counts and names nobody is no person: its tables count for the
// agency. Not thread-safe; use once.
class PeopleBuilder {
 public:
  void Add(const std::string& file, connectors::Batch batch);
  People Build();

 private:
  struct Person {
    v1::CaseRecord record;
    std::string file;  // Of the first row.
    int64_t row = 0;
    bool sound = true;
  };
  void Name(const std::string& file, connectors::Problem problem);
  void AddRow(const std::string& file, connectors::RegisterRow row);

  std::map<std::string, Person> people_;
  People built_;
};

}  // namespace derwent::agents
