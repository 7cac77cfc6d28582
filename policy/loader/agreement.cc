#include <algorithm>
#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/loader/entries.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

// The form in which a profile releases a category at most; nullopt: not at all.
std::optional<Form> Released(const Profile& profile, const Category& category) {
  if (profile.necessary.contains(category.id)) return category.Fullest();
  const auto conditional = profile.conditional.find(category.id);
  if (conditional == profile.conditional.end()) return std::nullopt;
  return conditional->second.has_form ? category.Meet(category.Fullest(), conditional->second.form)
                                      : category.Fullest();
}

struct Overlay {
  const std::string& text;
  std::string category;
  std::optional<Form> form;  // nullopt: denied.
};

// An overlay takes away from every adopted profile that releases its category, and from at least one.
void CheckOverlay(absl::string_view file, const Overlay& overlay, const Agreement& agreement, const Policy& policy,
                  Problems& problems) {
  const auto& [text, category_id, form] = overlay;
  const Category& category = *policy.FindCategory(category_id);
  bool bites = false;
  for (const std::string& id : agreement.profiles) {
    const std::optional<Form> released = Released(policy.profiles.at(id), category);
    if (!released.has_value()) continue;
    bites = true;
    if (!form.has_value()) continue;
    const std::optional<Form> met = category.Meet(*released, *form);
    if (met == form && *form != *released) continue;
    problems.Error(file, text, "overlay-loosens",
                   absl::StrCat("overlay `", text, "` does not tighten: `", id, "` releases `", category.id, "` as `",
                                FormName(*released), "`"),
                   "name a form within it, or deny");
  }
  if (!bites)
    problems.Error(file, text, "overlay-loosens",
                   absl::StrCat("overlay `", text, "`: no adopted profile releases `", category.id, "`"),
                   "remove it; an overlay opens nothing");
}

void CompileOverlay(absl::string_view file, const std::string& text, const Words& words, Agreement& agreement,
                    const Policy& policy, Problems& problems) {
  Overlay overlay{.text = text, .category = text};
  if (absl::EndsWith(text, "=deny")) {
    overlay.category.resize(text.size() - 5);
    if (!words.Category(overlay.category)) return;
  } else {
    const auto pair = words.CategoryForm(text);
    if (!pair.has_value()) return;
    overlay.category = pair->first;
    overlay.form = pair->second;
  }
  CheckOverlay(file, overlay, agreement, policy, problems);
  agreement.overlays.emplace_back(overlay.category, overlay.form);
}

// UK GDPR Article 26: joint controllers say who does what, and each of those is one of them.
void CheckArrangement(absl::string_view file, const v1::Agreement& text, const Words& words, const Agreement& agreement,
                      Problems& problems) {
  const auto party = [&](const std::string& id, absl::string_view what) {
    if (id.empty() || (words.Organisation(id) && !agreement.parties.contains(id)))
      problems.Error(file, id, "agreement-kind", absl::StrCat("joint controllers, and no party ", what),
                     "name one of the parties");
  };
  const v1::JointArrangement& joint = text.joint();
  party(joint.contact_point(), "is their contact point");
  party(joint.answers_subjects(), "answers the people concerned");
  party(joint.notifies_breaches(), "notifies breaches");
  if (joint.essence().empty())
    problems.Error(file, "", "agreement-kind", "joint controllers, and it is not said where the essence can be read",
                   "set joint.essence");
}

void CompileKind(absl::string_view file, const v1::Agreement& text, const Words& words, Agreement& agreement,
                 Problems& problems) {
  const std::string kind = text.kind().empty() ? "reciprocal" : text.kind();
  words.One("kind", [&] { words.OneOf(kind, {"reciprocal", "one_way", "joint_controller"}, "kind of agreement"); });
  words.Each("givers", text.givers(), [&](const std::string& giver) {
    if (!words.Organisation(giver)) return;
    agreement.givers.insert(giver);
    if (!agreement.parties.contains(giver))
      problems.Error(file, giver, "agreement-kind", absl::StrCat("giver `", giver, "` is no party"), "make it one");
  });
  if ((kind == "one_way") == text.givers().empty())
    problems.Error(file, "", "agreement-kind",
                   kind == "one_way" ? "one-way, and nobody gives" : "givers are named and it is not one-way",
                   "name the givers of a one-way agreement, and of no other");
  words.One("joint", [&] {
    if (kind == "joint_controller") return CheckArrangement(file, text, words, agreement, problems);
    if (text.has_joint())
      problems.Error(file, "", "agreement-kind", "an arrangement of joint controllers in another kind of agreement",
                     "remove it, or set kind: \"joint_controller\"");
  });
  Unconfirmed(file, text.id(), text.needs_confirmation(), problems);
}

void CheckContents(absl::string_view file, const v1::Agreement& text, const Words& words, Problems& problems) {
  const auto require = [&](const std::string& value, absl::string_view what) {
    if (value.empty())
      problems.Error(file, "", "agreement-contents", absl::StrCat("no ", what, " is stated"), "state it");
  };
  require(text.effective_from(), "first day");
  require(text.effective_to(), "last day");
  require(text.review_date(), "review date");
  require(text.owner(), "owner");
  require(text.dpia_reference(), "data protection impact assessment");
  require(text.apd_reference(), "appropriate policy document");
  require(text.apd_review_date(), "review date of the appropriate policy document");
  if (!text.owner().empty()) words.One("owner", [&] { words.Organisation(text.owner()); });
}

}  // namespace

void CompileAgreement(absl::string_view file, const v1::Agreement& text, Policy& policy, Problems& problems) {
  const Words words(file, policy, problems);
  Agreement agreement{.id = text.id(), .revision = text.revision()};
  if (text.revision() < 1)
    problems.Error(file, "", "revision", "the revision is not at least 1", "number revisions from 1");
  words.Each("parties", text.parties(), [&](const std::string& party) {
    if (words.Organisation(party)) agreement.parties.insert(party);
  });
  words.Each("profiles", text.profiles(), [&](const std::string& profile) {
    if (words.Profile(profile)) agreement.profiles.insert(profile);
  });
  words.Each("areas", text.areas(), [&](const std::string& area) {
    if (words.Area(area)) agreement.areas.insert(area);
  });
  CompileKind(file, text, words, agreement, problems);
  words.One("effective_from", [&] { agreement.effective = words.Between(text.effective_from(), text.effective_to()); });
  words.One("apd_review_date",
            [&] { agreement.apd_review = words.Day(text.apd_review_date(), absl::CivilDay::min()); });
  words.One("review_date", [&] { agreement.review = words.Day(text.review_date(), absl::CivilDay::max()); });
  CheckContents(file, text, words, problems);
  words.Each("overlays", text.overlays(),
             [&](const std::string& overlay) { CompileOverlay(file, overlay, words, agreement, policy, problems); });
  policy.agreements.push_back(std::move(agreement));
}

}  // namespace derwent::policy
