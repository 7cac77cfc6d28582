// Public sets of people with errors and known truth. Prints precision and recall of each; precision comes first, for a
// wrong answer gives away a stranger's record. Skipped where the sets are not at hand.
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

#include "agents/connectors/csv/csv.h"
#include "agents/matching/person_index.h"
#include "tests/support/matchers.h"

namespace derwent::matching {
namespace {

// One record of a set and whose it is.
struct Labelled {
  v1::CaseRecord record;
  std::string person;
  bool original = false;  // For the register; the others are asked for.
};

using Row = std::map<std::string, std::string>;

std::vector<Row> ReadRows(const std::string& name) {
  std::ifstream file("../shared/data/" + name);
  std::vector<Row> rows;
  const auto table =
      connectors::ParseCsv(std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>()));
  for (size_t i = 1; table.ok() && i < table->size(); ++i) {
    Row& row = rows.emplace_back();
    for (size_t k = 0; k < (*table)[i].size() && k < table->front().size(); ++k) {
      row[std::string(absl::StripAsciiWhitespace((*table)[0][k]))] =
          std::string(absl::StripAsciiWhitespace((*table)[i][k]));
    }
  }
  return rows;
}

// An Australian postcode in the shape of a British one, digit by digit: errors in it stay errors.
std::string BritishShape(const std::string& code) {
  if (code.size() != 4 || code.find_first_not_of("0123456789") != std::string::npos) return "";
  return absl::StrCat("A", code.substr(0, 2), " ", code.substr(2, 1), "A", std::string(1, "ABDEFGHJLN"[code[3] - '0']));
}

v1::CaseRecord RecordOf(const std::string& first, const std::string& last, const std::string& born,
                        const std::string& line, const std::string& postcode) {
  v1::CaseRecord record;
  v1::IdentityFact& name = *record.mutable_identity()->add_facts();
  if (!first.empty()) name.add_given_names(first);
  name.set_surname(last);
  record.set_date_of_birth(born);
  v1::Place& place = *record.mutable_location_current()->add_facts()->mutable_place();
  if (!line.empty()) place.add_lines(line);
  place.set_postcode(postcode);
  return record;
}

std::vector<Labelled> Febrl(const std::vector<std::string>& files) {
  std::vector<Labelled> set;
  for (const std::string& file : files) {
    for (Row& row : ReadRows("matching-febrl/" + file)) {
      const std::vector<std::string> id = absl::StrSplit(row["rec_id"], '-');
      const std::string& born = row["date_of_birth"];
      const std::string iso =
          born.size() == 8 ? absl::StrCat(born.substr(0, 4), "-", born.substr(4, 2), "-", born.substr(6)) : "";
      set.push_back(
          {.record = RecordOf(row["given_name"], row["surname"], iso,
                              absl::StrCat(row["street_number"], " ", row["address_1"]), BritishShape(row["postcode"])),
           .person = id[1],
           .original = id[2] == "org"});
    }
  }
  return set;
}

std::vector<Labelled> Splink(const std::string& file, const std::string& postcode) {
  std::vector<Labelled> set;
  std::set<std::string> seen;
  for (Row& row : ReadRows("matching-splink/" + file)) {
    const bool original = seen.insert(row["cluster"]).second;
    Labelled& one =
        set.emplace_back(Labelled{.record = RecordOf(row["first_name"], row["surname"], row["dob"], "", row[postcode]),
                                  .person = row["cluster"],
                                  .original = original});
    if (!row["email"].empty()) one.record.mutable_contact()->add_facts()->set_value(row["email"]);
  }
  return set;
}

struct Figures {
  int asked = 0;      // Whose record the register has.
  int strangers = 0;  // Whose it has not.
  int right = 0;
  int wrong = 0;
  double precision() const { return right + wrong == 0 ? 1 : static_cast<double>(right) / (right + wrong); }
  double recall() const { return asked == 0 ? 0 : static_cast<double>(right) / asked; }
};

// The register holds the originals of every other person only, so that half of those asked for are strangers.
Figures Measure(const std::vector<Labelled>& set) {
  std::map<std::string, bool> held;
  for (const Labelled& one : set) held.emplace(one.person, held.size() % 2 == 0);
  std::vector<v1::CaseRecord> records;
  std::vector<std::string> persons;
  for (const Labelled& one : set) {
    if (!one.original || !held[one.person]) continue;
    records.push_back(one.record);
    persons.push_back(one.person);
  }
  const PersonIndex index(records, 2026);
  Figures figures;
  for (const Labelled& one : set) {
    if (one.original) continue;
    ++(held[one.person] ? figures.asked : figures.strangers);
    const Match found = index.Find(one.record);
    if (found.outcome != Match::Outcome::kOne) continue;
    ++(persons[found.record] == one.person ? figures.right : figures.wrong);
  }
  return figures;
}

struct Set {
  const char* name;
  double recall;  // Less than this was found to be reached is a step back.
  std::function<std::vector<Labelled>()> read;
};

TEST(PublicSets, APrecisionOf999InAThousandThenRecall) {
  const Set sets[] = {{"febrl1", 0.48, [] { return Febrl({"dataset1.csv"}); }},
                      {"febrl2", 0.538, [] { return Febrl({"dataset2.csv"}); }},
                      {"febrl3", 0.515, [] { return Febrl({"dataset3.csv"}); }},
                      {"febrl4", 0.515,
                       [] {
                         return Febrl({"dataset4a.csv", "dataset4b.csv"});
                       }},
                      {"fake_1000", 0.01, [] { return Splink("fake_1000.csv", "postcode"); }},
                      {"historical_12k", 0.224, [] { return Splink("historical_figures_12k.csv", "postcode_fake"); }}};
  int at_hand = 0;
  for (const Set& one : sets) {
    const std::vector<Labelled> set = one.read();
    if (set.empty()) continue;
    ++at_hand;
    const Figures figures = Measure(set);
    std::cout << absl::StrFormat(
        "  %-15s asked %5d, strangers %5d: right %5d, wrong %3d, precision %.4f, recall %.3f\n", one.name,
        figures.asked, figures.strangers, figures.right, figures.wrong, figures.precision(), figures.recall());
    EXPECT_GE(figures.precision(), 0.999) << one.name;
    EXPECT_GE(figures.recall(), one.recall) << one.name;
  }
  if (at_hand == 0) GTEST_SKIP() << "the public sets are not at hand";
  EXPECT_EQ(at_hand, std::ssize(sets)) << "some of the sets are missing";
}

}  // namespace
}  // namespace derwent::matching
