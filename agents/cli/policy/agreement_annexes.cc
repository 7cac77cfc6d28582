#include "agents/cli/policy/agreement_annexes.h"

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/policy/html.h"

namespace derwent::cli {
namespace {

using Row = std::vector<std::string>;  // Escaped.

std::string P(absl::string_view escaped) { return absl::StrCat("<p>", escaped, "</p>\n"); }
std::string Title(absl::string_view escaped) { return absl::StrCat("<h3>", escaped, "</h3>\n"); }
std::string ToComplete(absl::string_view what) {
  return absl::StrCat("<p class=\"open\">To be completed: ", what, "</p>\n");
}

std::string Table(const Row& head, const std::vector<Row>& rows, absl::string_view kind = "") {
  const auto cells = [](const Row& row, absl::string_view tag) {
    std::string all;
    for (const std::string& cell : row) absl::StrAppend(&all, "<", tag, ">", cell, "</", tag, ">");
    return all;
  };
  std::string table = absl::StrCat("<table", kind, "><thead><tr>", cells(head, "th"), "</tr></thead><tbody>\n");
  for (const Row& row : rows) absl::StrAppend(&table, "<tr>", cells(row, "td"), "</tr>\n");
  return absl::StrCat(table, "</tbody></table>\n");
}

// A form to fill in: what is asked, and room.
std::string Form(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::vector<Row> rows;
  for (const auto& [what, hint] : lines) rows.push_back({Escaped(what), Escaped(hint), ""});
  return Table({"Field", "What to write", ""}, rows, " class=\"sign\"");
}

std::string Purposes(const AgreementText& text) {
  std::set<std::string> purposes;
  for (const v1::Profile& profile : text.profiles)
    purposes.insert(profile.purposes().begin(), profile.purposes().end());
  return absl::StrJoin(purposes, ", ");
}

}  // namespace

std::string PublicAccessHtml() {
  return absl::StrCat(
      Title("Freedom of information and environmental information"),
      P("A party that is a public authority answers a request for recorded information within 20 working days (Freedom "
        "of Information Act 2000 s10; Environmental Information Regulations 2004 reg 5). Who receives a request for "
        "what another party gave asks that party first; the decision stays with who was asked. Personal data of others "
        "is exempt under s40 and reg 13, what was given in confidence under s41 and reg 12(5)(f), and whether it is "
        "held "
        "is neither confirmed nor denied where that alone would tell of a person."),
      P("This agreement is itself published in each party's scheme, without annexes that would weaken its security."),
      ToComplete("each party's contact for such requests."));
}

std::string VolumesHtml(const AgreementText& text) {
  std::vector<Row> rows;
  for (const v1::Profile& profile : text.profiles)
    rows.push_back(
        {Escaped(profile.id()),
         profile.kind() == "board" ? "as the board meets; statistics" : "case by case, on request or referral",
         "to be completed"});
  return absl::StrCat(Title("Volumes and frequency"), Table({"Profile", "How often", "Expected shares a year"}, rows),
                      ToComplete("the volumes, from the first year's counts in the ledger (`derwent audit search`)."));
}

std::string ChildsVoiceHtml() {
  return absl::StrCat(
      Title("The child's voice and wishes"),
      P("What a child says and wants is asked for in a way that fits their age and understanding, recorded in their "
        "own "
        "words where it can be, and goes with the share; it carries weight, and where it is not followed the note says "
        "why. A child is told in plain words what is shared, with whom and why, unless that would put somebody at "
        "risk. "
        "A child who understands exercises their own rights; a parent does so for them only as far as that serves the "
        "child (UK GDPR recitals 38 and 58; Children Act 1989 s1(3)(a))."));
}

std::string ReturnHtml() {
  return absl::StrCat(
      Title("Return or deletion"),
      P("When this agreement ends, or a party leaves it, each receiver keeps what it holds only as long as section 11 "
        "lets it for the purpose it was given for; the rest is returned, where the giver asks for it, or deleted, "
        "within 30 days, and the receiver's agent attests it. What waits in the broker is never handed over any more. "
        "What must be kept by law or under a legal hold is named to the giver. Confidentiality, the obligations that "
        "came with an item, liability for what was done before, and the ledger outlast the agreement."));
}

std::string GlossaryHtml(const AgreementText& text) {
  std::vector<Row> rows = {
      {"agent", "the program of a party that seals, opens and decides for it"},
      {"broker", "the processor's program that carries sealed messages and keeps the ledger"},
      {"ground", "what the asker states on record: that the condition of an item is true"},
      {"gateway", "the statute or common-law power that lets a party share"},
      {"form",
       "how much of an item leaves: in full, summarised, generalised, masked, pseudonymised, as an aggregate, as "
       "a flag, as whom to ask, or by relay"},
      {"ledger", "the record of every decision, which nobody can change unseen"},
      {"necessary", "released to an entitled receiver for the purposes named, without asking anybody first"},
      {"overlay", "what this agreement tightens of a profile"},
      {"Part 3", "Data Protection Act 2018, Part 3: processing for law enforcement by competent authorities"},
      {"profile", "the rules of one board or process"},
      {"SPOC", "the single point of contact whom each party names"}};
  std::set<std::string> used;
  for (const v1::Profile& profile : text.profiles) {
    used.insert(profile.marking());
    used.insert(profile.obligations().begin(), profile.obligations().end());
  }
  for (const std::string& word : used) {
    const auto meaning = text.words.find(word);
    if (meaning != text.words.end()) rows.push_back({Escaped(word), Escaped(meaning->second)});
  }
  return absl::StrCat(Title("Glossary"), Table({"Word", "Meaning here"}, rows));
}

std::string FormsHtml(const AgreementText& text) {
  return absl::StrCat(Title("Sample form: request"),
                      Form({{"Asker", "party, role and reference; no name"},
                            {"Holder", "the party asked"},
                            {"Profile and purpose", Purposes(text)},
                            {"Case or referral", "its reference, area and board"},
                            {"About", "the role of the person; the identifiers go sealed"},
                            {"Items", "of section 5, with the ground of each conditional one"},
                            {"Why it is necessary and proportionate", "sealed with the request"},
                            {"Consent", "who gave it, for which step, or why none was sought"},
                            {"Is the person told, and what do they say", "for a child: their voice and wishes"},
                            {"By when", "and what happens if it is late"}}),
                      Title("Sample form: decision"),
                      Form({{"Request", "its reference, and when it was received"},
                            {"Decision", "by item: released, in which form, once who agrees, or refused"},
                            {"Reasons", "of each refusal and reduction; `derwent policy explain` prints them"},
                            {"Legal basis", "gateway, basis, condition and regime of each side"},
                            {"Confidence", "for health items: consent, law or public interest"},
                            {"Who decided and who agreed", "role and reference"},
                            {"Obligations, marking, retention", "as they go with the release"},
                            {"Is the person told", "if not: why not, and until when"},
                            {"Date and signature", ""}}));
}

}  // namespace derwent::cli
