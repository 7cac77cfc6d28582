#include "agents/cli/ledger/entry_view.h"

#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/time_util.h"

#include "agents/cli/terminal/text.h"
#include "policy/engine/reason.h"

namespace derwent::cli {
namespace {

std::string Listed(absl::string_view list) { return absl::StrReplaceAll(list, {{",", ", "}}); }

// The published entry of a reason; nullptr for a name that is not in the table (a later version's).
const policy::ReasonEntry* FindReason(absl::string_view name) {
  for (int code = 0; code <= static_cast<int>(policy::ReasonCode::kFactsUnknown); ++code) {
    const policy::ReasonEntry& entry = policy::Describe(static_cast<policy::ReasonCode>(code));
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string ReasonSentence(absl::string_view code) {
  const policy::ReasonEntry* const entry = FindReason(code);
  if (entry == nullptr) return std::string(code);
  return absl::StrCat(entry->sentence, " (", code, ")",
                      entry->next.empty() ? "" : absl::StrCat("; next: ", entry->next));
}

// A package sent by these steps holds only what was permitted or agreed to.
bool HoldsWhatWasAgreed(absl::string_view step) { return step == "referral" || step == "supplement"; }

std::string CategorySentence(absl::string_view line, absl::string_view step) {
  const std::map<std::string, std::string> pair = ParsePairs(line);
  const auto value = [&](const std::string& key) { return pair.contains(key) ? pair.at(key) : std::string(); };
  std::string text = absl::StrCat("  ", value("category"), ": ");
  const std::string outcome = value("outcome");
  if (outcome == "DENY") return absl::StrCat(text, "not permitted");
  if (outcome == "APPROVE") {
    if (value("form").empty()) return absl::StrCat(text, "waits for agreement");
    return HoldsWhatWasAgreed(step)
               ? absl::StrCat(text, "agreed to, in form ", value("form"))
               : absl::StrCat(text, "permitted once it is agreed to, at most in form ", value("form"));
  }
  // In an existence-sensitive profile the entry holds the rules' answer; the holder may have given less, never more.
  absl::StrAppend(&text, outcome == "PERMIT" ? "permitted" : absl::AsciiStrToLower(outcome));
  if (!value("form").empty()) absl::StrAppend(&text, ", at most in form ", value("form"));
  return text;
}

}  // namespace

std::map<std::string, std::string> ParsePairs(absl::string_view value) {
  std::map<std::string, std::string> pairs;
  for (const absl::string_view word : absl::StrSplit(value, ' ', absl::SkipEmpty())) {
    const size_t equals = word.find('=');
    if (equals != absl::string_view::npos)
      pairs.emplace(std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)));
  }
  return pairs;
}

EntryView::EntryView(const v1::LedgerEntry& entry) : index_(entry.index()) {
  for (const v1::OpenedField& field : entry.fields()) fields_.emplace(field.name(), OctetsText(field.value()));
  if (!entry.has_public_entry()) return;
  // It has no fields to open: what the broker says of it stands where they would.
  const v1::PublicEntry& told = entry.public_entry();
  fields_.emplace("time", absl::StrCat(google::protobuf::util::TimeUtil::TimestampToMilliseconds(told.time())));
  fields_.emplace("releasing_agency", told.agency());
  fields_.emplace("step", absl::StrCat("step=", told.step(), told.agency().empty() ? " actor=broker" : ""));
}

const std::string& EntryView::Field(absl::string_view name) const {
  static const std::string* const kNone = new std::string();
  const auto found = fields_.find(name);
  return found == fields_.end() ? *kNone : found->second;
}

std::string EntryView::Pair(absl::string_view field, absl::string_view key) const {
  const std::map<std::string, std::string> pairs = ParsePairs(Field(field));
  const auto found = pairs.find(std::string(key));
  return found == pairs.end() ? "" : found->second;
}

std::string EntryView::Time() const { return TimeText(Field("time")); }

std::vector<std::string> EntryView::Decision() const {
  std::vector<std::string> text;
  const std::string outcome = Pair("outcome", "outcome");
  const std::string step = Pair("step", "step");
  if (!outcome.empty())
    text.push_back(absl::StrCat(
        "Outcome: ", outcome,
        outcome == "PENDING" && HoldsWhatWasAgreed(step) ? " by the rules; what is given was agreed to." : "."));
  if (!Field("categories").empty()) text.emplace_back("Category by category:");
  for (const absl::string_view line : absl::StrSplit(Field("categories"), '\n', absl::SkipEmpty()))
    text.push_back(CategorySentence(line, step));
  const std::string reasons = Pair("outcome", "reasons");
  if (!reasons.empty()) text.emplace_back("Because:");
  for (const absl::string_view code : absl::StrSplit(reasons, ',', absl::SkipEmpty()))
    text.push_back(absl::StrCat("  ", ReasonSentence(code)));
  return text;
}

std::vector<std::string> EntryView::Law() const {
  std::vector<std::string> text;
  for (const auto& [side, agency] :
       {std::pair{"releasing", Field("releasing_agency")}, std::pair{"receiving", Field("receiving_agency")}}) {
    std::vector<std::string> parts;
    for (const auto& [field, key, word] :
         {std::tuple{"bases", "bases", "bases"}, std::tuple{"bases", "regimes", "regimes"},
          std::tuple{"conditions", "conditions", "conditions"}}) {
      const std::string value = Pair(field, absl::StrCat(side, ".", key));
      if (!value.empty()) parts.push_back(absl::StrCat(word, " ", Listed(value)));
    }
    if (!parts.empty())
      text.push_back(absl::StrCat("Law, ", agency, " (", side, "): ", absl::StrJoin(parts, "; "), "."));
  }
  const std::string agreement = Pair("agreement", "agreement");
  if (!agreement.empty())
    text.push_back(absl::StrCat("Agreement: ", agreement, ", revision ", Pair("agreement", "revision"), "."));
  const std::string grounds = Pair("grounds", "grounds");
  if (!grounds.empty()) text.push_back(absl::StrCat("Grounds asserted: ", Listed(grounds), "."));
  if (!Pair("grounds", "justification").empty())
    text.emplace_back("A justification was given; it is sealed to the parties, its digest is in the entry.");
  return text;
}

std::vector<std::string> EntryView::Sentences() const {
  std::vector<std::string> text;
  const std::string actor = Pair("step", "actor");
  std::string head = absl::StrCat("Entry ", index_, ", ", Time(), ": ", Pair("step", "step"));
  if (!Field("releasing_agency").empty()) absl::StrAppend(&head, " from ", Field("releasing_agency"));
  if (!Field("receiving_agency").empty()) absl::StrAppend(&head, " to ", Field("receiving_agency"));
  if (!actor.empty())
    absl::StrAppend(&head, ", done by the ", actor == "broker" ? "broker itself" : absl::StrCat(actor, " side"));
  text.push_back(head + ".");
  if (!Pair("subject_role", "role").empty())
    text.push_back(
        absl::StrCat("About: subject ", Pair("subject_role", "subject"), ", ", Pair("subject_role", "role"), "."));
  for (const auto& [side, field] :
       {std::pair{"releasing", "releasing_person"}, std::pair{"receiving", "receiving_person"}}) {
    if (!Field(field).empty())
      text.push_back(absl::StrCat("Acting person of the ", side, " side: ", Field(field), "."));
  }
  if (!Pair("purpose", "purpose").empty()) {
    std::string purpose =
        absl::StrCat("Purpose: ", Pair("purpose", "purpose"), ", profile ", Pair("purpose", "profile"));
    for (const char* const key : {"board", "area"}) {
      if (!Pair("purpose", key).empty()) absl::StrAppend(&purpose, ", ", key, " ", Pair("purpose", key));
    }
    text.push_back(purpose + ".");
  }
  const std::string route = Pair("purpose", "route");
  const std::string document = Pair("ids", "document");
  if (!route.empty())
    text.push_back(absl::StrCat("Route: ", route, document.empty() ? "" : absl::StrCat(", document ", document), "."));
  for (std::string& line : Decision()) text.push_back(std::move(line));
  for (std::string& line : Law()) text.push_back(std::move(line));
  if (!Pair("ids", "share").empty()) text.push_back(absl::StrCat("Share: ", Pair("ids", "share"), "."));
  return text;
}

}  // namespace derwent::cli
