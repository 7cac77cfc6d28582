#include <functional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/policy/agreement_annexes.h"
#include "agents/cli/policy/agreement_footing.h"
#include "agents/cli/policy/agreement_text.h"
#include "agents/cli/policy/html.h"

namespace derwent::cli {
namespace {

constexpr char kStyle[] = R"(
@page { size: A4; margin: 18mm 16mm 20mm; }
body { font: 10.5pt/1.4 Georgia, serif; max-width: 178mm; margin: 2em auto; padding: 0 1em; color: #111; }
h1 { font-size: 20pt; line-height: 1.2; } h2 { font-size: 13pt; margin-top: 1.6em; border-bottom: 1px solid #888; break-after: avoid; } h3 { font-size: 11pt; break-after: avoid; }
table { border-collapse: collapse; width: 100%; font-size: 9pt; margin: .6em 0; } th, td { border: 1px solid #999; padding: 3px 5px; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
thead { display: table-header-group; } tr { break-inside: avoid; } th { background: #eee; }
.digest { font: 8.5pt monospace; overflow-wrap: anywhere; } .open { border-left: 3px solid #b00; padding-left: .6em; } .sign td { height: 2.2em; }
@media print { body { margin: 0; max-width: none; padding: 0; } a { color: inherit; text-decoration: none; } }
)";

std::string LimitOf(const v1::Clock& clock) {
  if (clock.hours() > 0) return absl::StrCat(clock.hours(), " hours");
  if (clock.working_days() > 0) return absl::StrCat(clock.working_days(), " working days");
  if (clock.days() > 0) return absl::StrCat(clock.days(), " days");
  return absl::StrCat(clock.months(), " months");
}

class Document {
 public:
  explicit Document(const AgreementText& text) : t_(text), a_(text.agreement) {}

  std::string Write() {
    const std::pair<const char*, void (Document::*)()> sections[] = {
        {"Parties and dates", &Document::Parties},
        {"Kind of sharing", &Document::Kind},
        {"Purpose", &Document::Purpose},
        {"Other organisations, processors and onward sharing", &Document::Others},
        {"Data items and categories", &Document::Items},
        {"Lawful basis and legal gateways", &Document::Basis},
        {"Special category and criminal offence data", &Document::Special},
        {"Individual rights and transparency", &Document::Rights},
        {"Governance and approvals", &Document::Governance},
        {"Security and handling", &Document::Security},
        {"Retention and disposal", &Document::Retention},
        {"Consent", &Document::Consent},
        {"Children and people at risk", &Document::Children},
        {"Emergency sharing", &Document::Emergency},
        {"Termination and withdrawal", &Document::Termination},
        {"Review", &Document::Review},
        {"Annexes", &Document::Annexes}};
    const std::string title = Escaped(a_.title());
    absl::StrAppend(
        &out_, "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>", title, "</title><style>",
        kStyle, "</style></head><body>\n<h1>", title, "</h1>\n<p>Agreement <b>", Escaped(a_.id()), "</b>, revision ",
        a_.revision(), ", ", KindTitle(t_), ". In force from ", Escaped(a_.effective_from()), " to ",
        Escaped(a_.effective_to()),
        " between the parties whose signatories signed this revision.</p>\n<p class=\"digest\">Policy bundle SHA-256 ",
        t_.digest,
        "</p>\n<p>This text is generated from the policy that decides every share; that digest names it. Where paper "
        "and policy differ, they are not of one digest.</p>\n<ol>\n");
    int number = 0;
    for (const auto& [name, write] : sections)
      absl::StrAppend(&out_, "<li><a href=\"#s", ++number, "\">", name, "</a></li>\n");
    absl::StrAppend(&out_, "</ol>\n");
    number = 0;
    for (const auto& [name, write] : sections) {
      ++number;
      absl::StrAppend(&out_, "<h2 id=\"s", number, "\">", number, ". ", name, "</h2>\n");
      (this->*write)();
    }
    absl::StrAppend(&out_, "<p class=\"digest\">Policy bundle SHA-256 ", t_.digest, "</p>\n</body></html>\n");
    return std::move(out_);
  }

 private:
  using Row = std::vector<std::string>;  // Escaped.

  void P(absl::string_view escaped) { absl::StrAppend(&out_, "<p>", escaped, "</p>\n"); }
  void Table(const Row& head, const std::vector<Row>& rows, const char* kind = "") {
    absl::StrAppend(&out_, "<table", kind, "><thead><tr>");
    for (const std::string& cell : head) absl::StrAppend(&out_, "<th scope=\"col\">", cell, "</th>");
    absl::StrAppend(&out_, "</tr></thead><tbody>\n");
    for (const Row& row : rows) {
      absl::StrAppend(&out_, "<tr>");
      for (const std::string& cell : row) absl::StrAppend(&out_, "<td>", cell, "</td>");
      absl::StrAppend(&out_, "</tr>\n");
    }
    absl::StrAppend(&out_, "</tbody></table>\n");
  }
  void EachProfile(const std::function<void(const v1::Profile&)>& write) {
    for (const v1::Profile& profile : t_.profiles) {
      absl::StrAppend(&out_, "<h3>", Escaped(profile.id()), "</h3>\n");
      write(profile);
    }
  }
  template <typename Names>
  std::string List(const Names& names) const {
    return names.empty() ? "none" : absl::StrJoin(names, ", ", [](std::string* out, const std::string& name) {
      absl::StrAppend(out, Escaped(name));
    });
  }
  template <typename Map>
  static const typename Map::mapped_type& At(const Map& map, const std::string& id) {
    static const typename Map::mapped_type& none = *new typename Map::mapped_type();
    const auto found = map.find(id);
    return found == map.end() ? none : found->second;
  }

  void Parties() {
    std::vector<Row> rows;
    for (const std::string& id : a_.parties()) {
      const v1::Organisation& party = At(t_.organisations, id);
      const std::string controller = party.legal_controller().empty() ? "itself" : Escaped(party.legal_controller());
      rows.push_back({Escaped(id), Escaped(party.name()), controller, RoleOf(party)});
    }
    Table({"Id", "Party", "Legal controller", "Role"}, rows);
    std::vector<std::string> areas;
    for (const std::string& gss : a_.areas()) areas.push_back(absl::StrCat(At(t_.areas, gss), " (", gss, ")"));
    P(absl::StrCat("Areas: ", List(areas),
                   " and all areas within. Owner: ", Escaped(At(t_.organisations, a_.owner()).name()), "."));
    P("ICO registration, SIRO, data protection officer and SPOC of each party stand in its own register; they are "
      "annexed when signed.");
  }

  std::string RoleOf(const v1::Organisation& party) const {
    if (party.type() == "broker_host") return "processor";
    return a_.kind() == "joint_controller" ? "joint controller" : "controller";
  }

  void Kind() {
    absl::StrAppend(&out_, KindHtml(t_));
    if (!a_.needs_confirmation().empty())
      absl::StrAppend(&out_, "<p class=\"open\">Needs confirmation: ", Escaped(a_.needs_confirmation()), "</p>\n");
  }

  void Purpose() {
    EachProfile([&](const v1::Profile& profile) {
      std::vector<Row> rows;
      for (const std::string& id : profile.purposes()) {
        const v1::Purpose& purpose = At(t_.purposes, id);
        rows.push_back({Escaped(id), Escaped(purpose.description()),
                        purpose.law_enforcement() == "true"    ? "yes"
                        : purpose.law_enforcement() == "mixed" ? "for competent authorities"
                                                               : "no"});
      }
      Table({"Purpose", "Meaning", "Law enforcement (Part 3)"}, rows);
      if (!profile.denied_purposes().empty())
        P(absl::StrCat("Refused by name: ", List(profile.denied_purposes()), "."));
    });
    P("Why it is needed, and what harms when it is not shared, stand in the impact assessment named in section 16; the "
      "priority of the community safety agreement that it serves is entered when the parties sign.");
    P("One purpose a request. Excluded purposes (enforcement of immigration, media, vetting, debt and tax, general "
      "interest) open nothing.");
  }

  void Others() {
    P("The broker is a processor that carries sealed messages it cannot read. What is shared is not passed on without "
      "the originator's approval, item by item; items whose harm is 4 or 5 are never passed on.");
    EachProfile([&](const v1::Profile& profile) {
      std::vector<Row> rows;
      for (const v1::ReceiverScope& scope : profile.receivers()) {
        const std::string extra =
            scope.necessary_with_open_case()
                ? absl::StrCat("; with an open case the necessary items once ", Escaped(scope.approver()), " agrees")
                : "";
        rows.push_back({Escaped(scope.role()),
                        scope.case_scope() ? "what section 5 allows" : absl::StrCat(List(scope.categories()), extra)});
      }
      for (const v1::RecipientOrganisation& to : profile.recipient_organisations())
        rows.push_back({Escaped(At(t_.organisations, to.organisation()).name()),
                        to.by_product() ? "what its product allows" : "what section 5 allows"});
      Table({"Recipient", "May have at most"}, rows);
      for (const v1::ReceiverCeiling& ceiling : profile.ceilings()) {
        P(absl::StrCat("Ceiling of ", Escaped(ceiling.receiver()), ": as section 5: ", List(ceiling.permit()),
                       "; at most in a form: ", List(ceiling.redact()),
                       "; only once somebody agrees: ", List(ceiling.approve()), "; nothing else."));
      }
      P(absl::StrCat("May send: organisations of type ", List(profile.senders()), "."));
    });
  }

  void Items() {
    EachProfile([&](const v1::Profile& profile) {
      std::vector<Row> rows;
      std::set<std::string> listed;
      const auto add = [&](const std::string& id, std::string when, std::string form, std::string approver) {
        listed.insert(id);
        rows.push_back({Escaped(id), Escaped(At(t_.categories, id).description()), std::move(when), std::move(form),
                        approver.empty() ? "nobody" : std::move(approver), Overlay(id)});
      };
      for (const std::string& id : profile.necessary()) add(id, "necessary", "full", "");
      for (const v1::ConditionalCategory& next : profile.conditional())
        add(next.category(), absl::StrCat("only when: ", Escaped(next.when())),
            next.form().empty() ? "full" : Escaped(next.form()), Escaped(next.approver()));
      Table({"Item", "What it is", "Necessity", "Form", "Who agrees first", "This agreement tightens"}, rows);
      std::vector<std::string> rest;
      for (const auto& [id, category] : t_.categories) {
        if (!listed.contains(id)) rest.push_back(id);
      }
      P(absl::StrCat("Excluded: ", List(rest), "."));
      if (!profile.prohibited_payload().empty())
        P(absl::StrCat("Refused in any message: ", List(profile.prohibited_payload()), "."));
    });
    P("Format: sealed, structured items; a narrative only as a summary a human wrote.");
    absl::StrAppend(&out_, VolumesHtml(t_));
  }
  std::string Overlay(const std::string& category) const {
    for (const std::string& overlay : a_.overlays()) {
      if (absl::StartsWith(overlay, category + "=")) return Escaped(overlay.substr(category.size() + 1));
    }
    return "";
  }

  void Basis() {
    std::set<std::string> types;
    for (const std::string& id : a_.parties()) types.insert(At(t_.organisations, id).type());
    std::vector<Row> rows;
    for (const std::string& id : types) {
      const v1::OrganisationType& type = At(t_.types, id);
      rows.push_back({Escaped(id), Escaped(type.basis()),
                      type.schedule_7() == "true" ? "Part 3 (le.35) for law-enforcement purposes" : "UK GDPR"});
    }
    Table({"Type of party", "UK GDPR Article 6 basis", "Regime"}, rows);
    EachProfile([&](const v1::Profile& profile) { Footings(profile); });
    EachProfile([&](const v1::Profile& profile) {
      std::vector<Row> gateways;
      for (const std::string& id : profile.gateways()) {
        const v1::Gateway& gateway = At(t_.gateways, id);
        gateways.push_back({Escaped(id), Escaped(gateway.cite()), Escaped(gateway.kind()), Escaped(gateway.test()),
                            Escaped(gateway.lifts_confidence())});
      }
      Table({"Gateway", "Statute", "Kind", "Test", "Lifts confidence"}, gateways);
    });
    P("Supporting and exempting gateways never stand alone. Human Rights Act 1998, Article 8: the gateway makes the "
      "share in accordance with the law, the purpose is its legitimate aim, and a sealed note on necessity and "
      "proportionality goes with every share about a child and of every item whose harm is 4 or 5.");
  }

  // Where the profile says something else than the types do, it counts.
  void Footings(const v1::Profile& profile) {
    std::vector<Row> rows = FootingRows(profile);
    if (rows.empty()) return;
    for (Row& row : rows) {
      for (std::string& cell : row) cell = Escaped(cell);
    }
    Table({"Here instead, of", "When", "Regime", "Article 6", "Article 9", "Article 10", "Schedule 8"}, rows);
  }

  void Special() {
    std::set<std::string> types;
    for (const std::string& id : a_.parties()) types.insert(At(t_.organisations, id).type());
    std::vector<Row> rows;
    for (const std::string& id : types)
      rows.push_back(
          {Escaped(id), Escaped(At(t_.types, id).special_condition()), Escaped(At(t_.types, id).offence_condition())});
    Table({"Type of party", "Article 9 condition, Schedule 1 paragraph", "Article 10 footing"}, rows);
    P("Where section 6 names another for a profile, that one counts.");
    P(absl::StrCat("Under Part 3 sensitive processing rests on DPA 2018 Schedule 8. Appropriate policy document: ",
                   Escaped(a_.apd_reference()), ", review due ", Escaped(a_.apd_review_date()),
                   "; once that day has passed, no special-category or offence data leaves. Health and adult social "
                   "care items: the Caldicott Guardian named in section 5 agrees first."));
  }

  void Rights() {
    P("Each party is controller of what it holds and answers requests about it. A request for access is decided item "
      "by item by the information governance officer. Rectification, erasure and restriction reach everybody who "
      "received the item, as the ledger has them (Article 19). An objection or restriction stops the share unless an "
      "exception is recorded and its officer agrees. Exemptions are decided per item, with a reason and an end.");
    P("Each party's privacy notice names this agreement. Complaints are acknowledged within 30 days.");
    for (const v1::Profile& profile : t_.profiles) {
      if (profile.existence_sensitive())
        P(absl::StrCat("Under ", Escaped(profile.id()),
                       " an answer never tells whether the person is known: every answer goes out after ",
                       Escaped(profile.answer_slot()), "."));
    }
    absl::StrAppend(&out_, PublicAccessHtml());
  }

  void Governance() {
    P("Signatories (SIRO or delegate) sign; the data protection officer advises and audits, and approves no share. "
      "Nobody approves their own request. An approval lasts five working days; unanswered is refused. Who holds a role "
      "stands in "
      "the party's own register with training that must be in date. Every share, refusal and look is a signed entry of "
      "the ledger that each party can check. A personal-data breach is told to the parties concerned without delay and "
      "to the "
      "ICO within 72 hours where it must be. Disagreement goes to the owner, then to the parties' SIROs.");
    P("Quality: every item says where it came from, as of which day, and whether it is fact, opinion, allegation or "
      "intelligence; what is found wrong is corrected at everybody who received it. Any party may audit its own shares "
      "at any time, and asks another party's data protection officer for theirs.");
    EachProfile([&](const v1::Profile& profile) {
      Table({"Clock", "Hours"},
            {{"collection", absl::StrCat(profile.collection_hours())},
             {"acceptance", profile.acceptance_hours() > 0 ? absl::StrCat(profile.acceptance_hours()) : "none"},
             {"outcome", profile.outcome_hours() > 0 ? absl::StrCat(profile.outcome_hours()) : "none"}});
      if (!profile.clocks().empty()) ProcessClocks(profile);
      P(absl::StrCat("Told when something is overdue: ", Escaped(profile.escalation_role()),
                     ". Decision support, never a decision: ", List(profile.decision_support()), "."));
    });
  }

  void ProcessClocks(const v1::Profile& profile) {
    std::vector<Row> rows;
    for (const v1::Clock& clock : profile.clocks())
      rows.push_back({Escaped(clock.id()), LimitOf(clock), Escaped(clock.starts())});
    Table({"Clock of the process", "Limit", "From"}, rows);
  }

  void Security() {
    P("Messages are sealed by the giver's agent to the recipient's and signed; both sides prove who they are by "
      "certificate. The broker holds no key to them. Keys are kept in the agency's own custody and can be revoked at "
      "once. Items are opened on the agency's own managed systems only, remote and mobile ones included.");
    EachProfile([&](const v1::Profile& profile) {
      P(absl::StrCat("Marking ", Escaped(profile.marking()), ": ", Escaped(At(t_.words, profile.marking())), "."));
      for (const std::string& id : profile.obligations())
        P(absl::StrCat("Obligation ", Escaped(id), ": ", Escaped(At(t_.words, id)), "."));
    });
  }

  void Retention() {
    EachProfile([&](const v1::Profile& profile) {
      P(absl::StrCat(Escaped(profile.retention()), ". In the broker at most ", profile.collection_hours(),
                     " hours, sealed."));
    });
    P("A legal hold suspends deletion. The ledger keeps no content.");
  }

  void Consent() {
    P("Where a step needs consent, who gave it, for which step, is recorded by the holder: not given, withdrawn or "
      "given by somebody else, nothing of that step is shared. Under 18 a guardian gives it where the statute says so. "
      "Contact only by the safe means recorded.");
  }
  void Children() {
    P("The child's best interests come first; a child who sees, hears or experiences domestic abuse is a victim in "
      "their own right (Domestic Abuse Act 2021 s3). Who is not known to be adult may be a child. A protected address "
      "leaves in no form but by relay.");
    absl::StrAppend(&out_, ChildsVoiceHtml());
  }
  void Emergency() {
    P("At an imminent risk to life a duty officer may ask outside the matrix for identity, contact, whereabouts, "
      "safety flags and health data as a flag, nothing else. Two people authorise it, it expires after 24 hours, the "
      "data protection officers of both sides review it next working day, and the subject is told unless that "
      "prejudices.");
  }
  void Termination() {
    P("Any party may suspend, end or take a party out of this agreement by one signature; from the day named nothing "
      "flows. Resuming or loosening needs every giver's signature. What was shared stays under its obligations, "
      "retention and the ledger.");
    absl::StrAppend(&out_, ReturnHtml());
  }
  void Review() {
    P(absl::StrCat(
        "Review is due ", Escaped(a_.review_date()),
        ", and at a change of law, a breach, a change of boundary or of a party. It looks at shares, refusals, "
        "approvals "
        "and overdue items by purpose and party, as the ledger counts them. Data protection impact assessment: ",
        Escaped(a_.dpia_reference()), "."));
    for (const v1::Profile& profile : t_.profiles) {
      for (const std::string& point : profile.needs_confirmation())
        absl::StrAppend(&out_, "<p class=\"open\">Needs confirmation: ", Escaped(point), "</p>\n");
    }
  }

  void Annexes() {
    P("A. Data dictionary and decision table: section 5. B. Legal points still open: section 16. C. Contacts: each "
      "party's register. "
      "D. Change log: the revisions of this file, each under its digest. E. Glossary and sample forms: at the end. F. "
      "Signatures:");
    std::vector<Row> rows;
    for (const std::string& id : a_.parties()) rows.push_back({Escaped(At(t_.organisations, id).name()), "", "", ""});
    Table({"Party", "Signatory", "Signature", "Date"}, rows, " class=\"sign\"");
    P("A signature counts in the policy when it stands beside the agreement as a file, over the digest of the text it "
      "depends on.");
    absl::StrAppend(&out_, GlossaryHtml(t_), FormsHtml(t_));
  }

  const AgreementText& t_;
  const v1::Agreement& a_;
  std::string out_;
};

}  // namespace

std::string AgreementHtml(const AgreementText& text) { return Document(text).Write(); }

}  // namespace derwent::cli
