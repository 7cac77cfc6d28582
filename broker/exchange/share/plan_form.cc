#include "broker/exchange/share/plan_form.h"

#include <algorithm>

#include "broker/ledger/attributes.h"
#include "policy/loader/written_request.h"

namespace derwent::exchange {
namespace {

constexpr int kMostWords = 64;

}  // namespace

void RequireCodes(const Words& words, const std::string& field, Violations& violations) {
  if (!violations.Require(words.size() <= kMostWords, field, "are 64 at most")) return;
  violations.Require(
      std::all_of(words.begin(), words.end(), [](const std::string& word) { return ledger::IsCode(word); }), field,
      "are codes without spaces");
}

void RequireDocument(const std::string& reference, Violations& violations) {
  violations.Require(reference.empty() || policy::IsDocumentReference(reference), "document_reference",
                     policy::kDocumentReferenceRule);
}

void RequireCategories(const Words& words, const std::string& field, Violations& violations) {
  if (violations.Require(!words.empty() && words.size() <= kMostWords, field, "are 1 to 64"))
    RequireCodes(words, field, violations);
}

}  // namespace derwent::exchange
