// What an agreement says because of its kind: the duties differ, so does what the ICO's code asks it to state.
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "agents/cli/policy/agreement_text.h"
#include "agents/cli/policy/html.h"

namespace derwent::cli {
namespace {

std::string P(absl::string_view escaped) { return absl::StrCat("<p>", escaped, "</p>\n"); }

std::string Name(const AgreementText& text, const std::string& agency) {
  const auto found = text.organisations.find(agency);
  return Escaped(found == text.organisations.end() || found->second.name().empty() ? agency : found->second.name());
}

template <typename Agencies>
std::string Names(const AgreementText& text, const Agencies& agencies) {
  return absl::StrJoin(agencies, ", ",
                       [&](std::string* out, const std::string& id) { absl::StrAppend(out, Name(text, id)); });
}

// The parties that may send under some profile.
std::set<std::string> Senders(const AgreementText& text) {
  std::set<std::string> types;
  for (const v1::Profile& profile : text.profiles) types.insert(profile.senders().begin(), profile.senders().end());
  std::set<std::string> senders;
  for (const std::string& party : text.agreement.parties()) {
    const auto found = text.organisations.find(party);
    if (found != text.organisations.end() && types.contains(found->second.type())) senders.insert(party);
  }
  return senders;
}

std::string Reciprocal(const AgreementText& text) {
  return absl::StrCat(
      P("<b>Reciprocal.</b> Each party is a controller in its own right of what it holds: it decides alone whether to "
        "give, answers for what it gives, and becomes a separate controller of what it receives."),
      P(absl::StrCat("Parties of a kind that gives and receives: ", Names(text, Senders(text)),
                     ". Every other party only receives.")),
      P("Each party keeps to the obligations that come with an item as if it had collected it under them, and tells "
        "the giver when it finds it wrong."));
}

std::string OneWay(const AgreementText& text) {
  const std::set<std::string> givers(text.agreement.givers().begin(), text.agreement.givers().end());
  std::set<std::string> receivers;
  for (const std::string& party : text.agreement.parties()) {
    if (!givers.contains(party)) receivers.insert(party);
  }
  return absl::StrCat(
      P("<b>One-way.</b> Data goes from the givers and to nobody but the parties; the policy refuses the other "
        "direction."),
      P(absl::StrCat("Givers: ", Names(text, text.agreement.givers()), ".")),
      P(absl::StrCat("Only receive: ", Names(text, receivers), ".")),
      P("A receiver becomes controller of its copy. It uses it for the purposes of section 3 and no other, returns or "
        "deletes it as section 11 says, puts right or deletes what the giver corrects or withdraws, tells the giver "
        "of a breach that touches it within 24 hours, and shows on request that it kept to this."),
      P("Nothing in this agreement lets a giver ask for anything back: what it needs of a receiver it needs another "
        "agreement for."));
}

std::string Joint(const AgreementText& text) {
  const v1::JointArrangement& joint = text.agreement.joint();
  return absl::StrCat(
      P("<b>Joint controllers.</b> The parties decide purposes and means of this processing together (UK GDPR Article "
        "26; for law enforcement DPA 2018 section 58). Each stays sole controller of the records it holds for itself."),
      "<table><thead><tr><th scope=\"col\">Duty</th><th scope=\"col\">Who</th></tr></thead><tbody>\n",
      "<tr><td>Single contact point for people</td><td>", Name(text, joint.contact_point()), "</td></tr>\n",
      "<tr><td>Answers people who exercise their rights, and tells the others what they need to answer</td><td>",
      Name(text, joint.answers_subjects()), "</td></tr>\n",
      "<tr><td>Tells the ICO of a breach within 72 hours, and the people concerned</td><td>",
      Name(text, joint.notifies_breaches()), "</td></tr>\n",
      "<tr><td>Privacy information (Articles 13 and 14), accuracy, security and retention of its own copy; telling the "
      "others of a breach at once</td><td>each party</td></tr>\n</tbody></table>\n",
      P(absl::StrCat("The essence of this arrangement is made available to people: ", Escaped(joint.essence()),
                     ". Whatever it says, a person may exercise their rights against each of the parties, and each is "
                     "liable to them for the whole.")));
}

}  // namespace

std::string KindTitle(const AgreementText& text) {
  const std::string& kind = text.agreement.kind();
  return kind == "one_way" ? "one-way" : kind == "joint_controller" ? "joint controllers" : "reciprocal";
}

std::string KindHtml(const AgreementText& text) {
  const std::string& kind = text.agreement.kind();
  return kind == "one_way" ? OneWay(text) : kind == "joint_controller" ? Joint(text) : Reciprocal(text);
}

}  // namespace derwent::cli
