#include "policy/loader/compile.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/loader/sections.h"
#include "policy/loader/text.h"

namespace derwent::policy {
namespace {

// A text, what of it could be read.
template <typename Message>
struct Parsed {
  std::string path;
  Message message;
};

template <typename Message>
std::vector<Parsed<Message>> Folder(const Files& files, absl::string_view folder, bool& broken, Problems& problems) {
  std::vector<Parsed<Message>> all;
  for (const auto& [path, text] : files) {
    if (!absl::StartsWith(path, folder) || !absl::EndsWith(path, ".txtpb")) continue;
    Parsed<Message> parsed{.path = path, .message = {}};
    if (ReadText(files, path, parsed.message, problems) == TextRead::kBroken)
      broken = true;
    else
      all.push_back(std::move(parsed));
  }
  return all;
}

// Every text of a bundle. What others refer to must be whole, else all that refers to it would seem wrong.
struct Texts {
  v1::Vocabulary vocabulary;
  v1::Organisations organisations;
  v1::Areas areas;
  v1::Calendar calendar;
  v1::Gateways gateways;
  std::vector<Parsed<v1::Profile>> profiles;
  std::vector<Parsed<v1::Agreement>> agreements;
  bool broken = false;

  Texts(const Files& files, Problems& problems) {
    const auto whole = [&](const char* path, google::protobuf::Message& message) {
      if (!ParseText(files, path, message, problems)) broken = true;
    };
    whole("vocabulary.txtpb", vocabulary);
    whole("organisations.txtpb", organisations);
    whole("areas.txtpb", areas);
    whole("calendar.txtpb", calendar);
    whole("gateways.txtpb", gateways);
    profiles = Folder<v1::Profile>(files, "profiles/", broken, problems);
    agreements = Folder<v1::Agreement>(files, "agreements/", broken, problems);
  }
};

template <typename Message, typename Section>
void Each(const std::vector<Parsed<Message>>& texts, absl::string_view folder, Policy& policy, Problems& problems,
          Section section) {
  for (const Parsed<Message>& text : texts) {
    section(text.path, text.message, policy, problems);
    if (text.path != absl::StrCat(folder, text.message.id(), ".txtpb"))
      problems.Error(text.path, text.message.id(), "file-name",
                     absl::StrCat("the file holds `", text.message.id(), "`"), "name the file after its id");
  }
}

}  // namespace

std::unique_ptr<Policy> Compile(const Files& files, Problems& problems) {
  const Texts texts(files, problems);
  if (texts.broken) return nullptr;
  auto policy = std::make_unique<Policy>();
  CompileVocabulary(texts.vocabulary, *policy, problems);
  CompileOrganisations(texts.organisations, *policy, problems);
  CompileAreas(texts.areas, *policy, problems);
  CompileCalendar(texts.calendar, *policy, problems);
  CompileGateways(texts.gateways, *policy, problems);
  Each(texts.profiles, "profiles/", *policy, problems, CompileProfile);
  CheckConsentSteps(texts.vocabulary, *policy, problems);
  if (!problems.any_error()) Each(texts.profiles, "profiles/", *policy, problems, CompileCompanions);
  Each(texts.agreements, "agreements/", *policy, problems, CompileAgreement);
  if (!problems.any_error()) CheckCalendar(*policy, problems);
  if (!problems.any_error()) CheckOwners(*policy, problems);
  if (!problems.any_error()) CheckReach(*policy, problems);
  if (!problems.any_error()) WarnOfSizes(*policy, problems);
  if (problems.any_error()) return nullptr;
  return policy;
}

}  // namespace derwent::policy
