#include "policy/loader/compile.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "policy/loader/sections.h"
#include "policy/loader/text.h"

namespace derwent::policy {
namespace {

template <typename Message, typename Section>
void OneFile(const Files& files, const char* path, Policy& policy, Problems& problems, Section section) {
  Message message;
  if (ParseText(files, path, message, problems)) section(message, policy, problems);
}

template <typename Message, typename Section>
void Folder(const Files& files, absl::string_view folder, Policy& policy, Problems& problems, Section section) {
  for (const auto& [path, text] : files) {
    if (!absl::StartsWith(path, folder) || !absl::EndsWith(path, ".txtpb")) continue;
    Message message;
    if (!ParseText(files, path, message, problems)) continue;
    section(path, message, policy, problems);
    if (path != absl::StrCat(folder, message.id(), ".txtpb"))
      problems.Error(path, message.id(), "file-name", absl::StrCat("the file holds `", message.id(), "`"),
                     "name the file after its id");
  }
}

}  // namespace

std::unique_ptr<Policy> Compile(const Files& files, Problems& problems) {
  auto policy = std::make_unique<Policy>();
  OneFile<v1::Vocabulary>(files, "vocabulary.txtpb", *policy, problems, CompileVocabulary);
  OneFile<v1::Organisations>(files, "organisations.txtpb", *policy, problems, CompileOrganisations);
  OneFile<v1::Areas>(files, "areas.txtpb", *policy, problems, CompileAreas);
  OneFile<v1::Calendar>(files, "calendar.txtpb", *policy, problems, CompileCalendar);
  OneFile<v1::Gateways>(files, "gateways.txtpb", *policy, problems, CompileGateways);
  Folder<v1::Profile>(files, "profiles/", *policy, problems, CompileProfile);
  if (!problems.any_error()) Folder<v1::Profile>(files, "profiles/", *policy, problems, CompileCompanions);
  Folder<v1::Agreement>(files, "agreements/", *policy, problems, CompileAgreement);
  if (!problems.any_error()) CheckOwners(*policy, problems);
  if (!problems.any_error()) CheckReach(*policy, problems);
  if (problems.any_error()) return nullptr;
  return policy;
}

}  // namespace derwent::policy
