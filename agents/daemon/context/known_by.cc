#include "agents/daemon/context/known_by.h"

#include "absl/strings/str_cat.h"

#include "agents/sdk/references.h"
#include "trust/secret/hmac.h"

namespace derwent::agents {

std::string KnownByRecord(const std::string& record_ref, const AgentContext& context) {
  return trust::HmacSha256(context.identity.storage_key, absl::StrCat("person by record\n", record_ref)).bytes();
}

std::string KnownByReference(const std::string& reference, const AgentContext& context) {
  return trust::HmacSha256(context.identity.storage_key, absl::StrCat("person by reference\n", reference)).bytes();
}

std::vector<std::string> KnownBy(const v1::CaseRecord& record, const AgentContext& context) {
  std::vector<std::string> known;
  if (!record.record_ref().empty()) known.push_back(KnownByRecord(record.record_ref(), context));
  const auto key = context.identity.reference_keys.find("general");
  if (key == context.identity.reference_keys.end()) return known;
  for (const std::string& reference : ReferencesOf(record, key->second))
    known.push_back(KnownByReference(reference, context));
  return known;
}

}  // namespace derwent::agents
