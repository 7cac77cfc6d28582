// How far a breach reaches: what the entries it touched are about, as counts and codes. Tags are compared, never told,
// and only those that the asking agency supplied itself.
#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "broker/exchange/command/refusal.h"
#include "broker/exchange/officer/audit.h"
#include "broker/exchange/officer/credentials.h"
#include "broker/ledger/attributes.h"
#include "broker/ledger/packed_entry.h"
#include "broker/ledger/visibility.h"
#include "trust/base/digest.h"
#include "trust/base/status_macros.h"

namespace derwent::exchange {
namespace {

using ledger::Attribute;
using trust::Field;

constexpr size_t kMostEntries = 200'000;
constexpr size_t kAtOnce = 1000;

// People told apart by their tags: entries with a tag in common are about one.
class People {
 public:
  // A number of the person; the same for all tags given together.
  size_t Of(const std::vector<std::string>& tags) {
    const size_t first = Find(Number(tags.front()));
    for (const std::string& tag : tags) parents_[Find(Number(tag))] = first;
    return first;
  }
  // The person that a number given before is now known to be.
  size_t Find(size_t number) {
    while (parents_[number] != number) number = parents_[number] = parents_[parents_[number]];
    return number;
  }

 private:
  size_t Number(const std::string& tag) {
    const auto [known, fresh] = numbers_.emplace(tag, parents_.size());
    if (fresh) parents_.push_back(parents_.size());
    return known->second;
  }
  std::map<std::string, size_t> numbers_;
  std::vector<size_t> parents_;
};

// One entry's part in it.
struct Touched {
  std::string share;
  std::string agency;  // The other side.
  std::vector<std::string> categories;
  std::string whom;  // Of somebody without a tag to go by: the share and the subject's number.
  size_t person = 0;
};

std::vector<std::string> TagsOf(const std::string& value) {
  std::vector<std::string> tags;
  for (size_t at = 0; at + Sha256Digest::kSize <= value.size(); at += Sha256Digest::kSize)
    tags.push_back(value.substr(at, Sha256Digest::kSize));
  return tags;
}

std::vector<std::string> CategoriesGiven(const std::string& lines) {
  std::vector<std::string> categories;
  for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    if (!Attribute(line, "form").empty()) categories.emplace_back(Attribute(line, "category"));
  }
  return categories;
}

// Who and what is counted, under one code or in all.
struct Tally {
  std::set<std::string> shares;
  std::set<size_t> people;
  std::set<std::string> nameless;

  void Add(const Touched& touched, People& people_known) {
    shares.insert(touched.share);
    if (touched.whom.empty())
      people.insert(people_known.Find(touched.person));
    else
      nameless.insert(touched.whom);
  }
};

void Fill(const std::map<std::string, Tally>& tallies, google::protobuf::RepeatedPtrField<v1::BreachPart>& parts) {
  for (const auto& [code, tally] : tallies) {
    v1::BreachPart& part = *parts.Add();
    part.set_code(code);
    part.set_shares(tally.shares.size());
    part.set_people(tally.people.size() + tally.nameless.size());
  }
}

class Reach {
 public:
  Reach(std::string agency, const ledger::Tagger& tagger) : agency_(std::move(agency)), tagger_(tagger) {}

  void Add(const ledger::PackedEntry& entry) {
    const trust::SealedFields& fields = entry.fields;
    ++entries_;
    Touched touched{.share = std::string(Attribute(fields[Field::kIds], "share")),
                    .agency = fields[Field::kReleasingAgency] == agency_ ? fields[Field::kReceivingAgency]
                                                                         : fields[Field::kReleasingAgency],
                    .categories = CategoriesGiven(fields[Field::kCategories])};
    if (touched.share.empty()) return;  // A look, a plan, a refused call: an entry, but nobody's data went.
    const std::vector<std::string> tags = TagsToOpen(entry);
    if (tags.empty())
      touched.whom = absl::StrCat(touched.share, "/", Attribute(fields[Field::kSubjectRole], "subject"));
    else
      touched.person = people_.Of(tags);
    touched_.push_back(std::move(touched));
  }

  v1::BreachReport Report() {
    Tally all;
    std::map<std::string, Tally> categories;
    std::map<std::string, Tally> agencies;
    for (const Touched& touched : touched_) {
      all.Add(touched, people_);
      for (const std::string& category : touched.categories) categories[category].Add(touched, people_);
      if (!touched.agency.empty()) agencies[touched.agency].Add(touched, people_);
    }
    v1::BreachReport report;
    report.set_entries(entries_);
    report.set_shares(all.shares.size());
    report.set_people(all.people.size() + all.nameless.size());
    report.set_without_reference(all.nameless.size());
    Fill(categories, *report.mutable_categories());
    Fill(agencies, *report.mutable_agencies());
    return report;
  }

 private:
  // With what they are linked by under later keys. None where another agency supplied them: whether there are any may
  // tell whether that agency knows the person.
  std::vector<std::string> TagsToOpen(const ledger::PackedEntry& entry) const {
    const bool supplied = ledger::Has(ledger::ViewerOf(entry.Columns(), agency_), ledger::Viewer::kSupplier);
    if (!supplied) return {};
    std::vector<std::string> tags = TagsOf(entry.fields[Field::kSubjectTags]);
    for (size_t i = tags.size(); i-- > 0;) std::ranges::move(tagger_.LinksTo(tags[i]), std::back_inserter(tags));
    return tags;
  }

  const std::string agency_;
  const ledger::Tagger& tagger_;
  uint64_t entries_ = 0;
  People people_;
  std::vector<Touched> touched_;
};

// What its bearer did since it first acted.
absl::Status NarrowToCredential(const std::string& serial, ledger::SearchQuery& query, store::Reader& reader) {
  if (serial.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<Credential> credential,
                   FindCredential(serial, query.rows.viewer_agency, reader));
  if (!credential.has_value())
    return Refuse(absl::StatusCode::kNotFound, "CREDENTIAL_UNKNOWN",
                  "no certificate of this agency with that serial has acted here");
  query.person = credential->person;
  query.rows.start = std::max(query.rows.start, credential->first_time);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::BreachReport> ReportBreach(const CheckedAudit& audit, uint64_t entry, const ledger::Tagger& tagger,
                                              store::Reader& reader) {
  ledger::SearchQuery query = audit.query;
  RETURN_IF_ERROR(NarrowToCredential(audit.serial, query, reader));
  query.rows.before_index = entry;
  query.rows.limit = kAtOnce;
  Reach reach(query.rows.viewer_agency, tagger);
  for (size_t matched = 0;;) {
    ASSIGN_OR_RETURN(const ledger::MatchedPage page, ledger::Match(reader, query));
    for (const ledger::FoundEntry& found : page.entries) reach.Add(found.entry);
    matched += page.entries.size();
    if (page.last) break;
    if (matched > kMostEntries)
      return Refuse(absl::StatusCode::kFailedPrecondition, "TOO_MUCH_AT_ONCE",
                    "the window holds more entries than one report goes through: narrow it");
    query.rows.from_index = page.next;
  }
  v1::BreachReport report = reach.Report();
  report.mutable_query_receipt()->set_index(entry);
  return report;
}

}  // namespace derwent::exchange
