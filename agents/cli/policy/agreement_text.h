#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "agents/cli/policy/offline.h"
#include "derwent/v1/agreement.pb.h"
#include "derwent/v1/profile.pb.h"
#include "derwent/v1/vocabulary.pb.h"

namespace derwent::cli {

// An agreement with the text of all it depends on, for documents that people read.
struct AgreementText {
  v1::Agreement agreement;
  std::vector<v1::Profile> profiles;
  std::map<std::string, v1::Organisation> organisations;
  std::map<std::string, v1::OrganisationType> types;
  std::map<std::string, v1::Gateway> gateways;
  std::map<std::string, v1::Category> categories;
  std::map<std::string, v1::Purpose> purposes;
  std::map<std::string, std::string> words;  // Obligations, markings: id to meaning.
  // Profile to the roles of its subjects: whom its worked decisions are about, and whom its own text names.
  std::map<std::string, std::set<std::string>> subject_roles;
  std::vector<v1::ConsentStep> consent_steps;
  std::map<std::string, std::string> areas;  // GSS code to name.
  std::string digest;                        // Of the bundle.
};

// Error: kNotFound when the bundle has no such agreement.
absl::StatusOr<AgreementText> ReadAgreementText(const OfflinePolicy& offline, const std::string& id);

// The Information Sharing Agreement for people: HTML that prints on A4, needs no script and no other file. Its contents
// follow the ICO's data sharing code (domain brief D.6) and are generated from the bundle, whose digest it carries.
std::string AgreementHtml(const AgreementText& text);

// The agreement's kind in words, and what it states because of it.
std::string KindTitle(const AgreementText& text);
std::string KindHtml(const AgreementText& text);

// The record of processing under UK GDPR Article 30 and DPA 2018 Schedule 1 paragraph 41, in the columns of the ICO's
// template for controllers: one line a profile and category. What only a party knows stays empty.
std::string Article30Csv(const AgreementText& text);

}  // namespace derwent::cli
