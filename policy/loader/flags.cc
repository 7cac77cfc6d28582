// Record flags: what each takes away, whom it asks, and who may except from it.
#include <map>
#include <string>

#include "absl/strings/str_cat.h"

#include "policy/loader/approver.h"
#include "policy/loader/entries.h"
#include "policy/loader/sections.h"
#include "policy/loader/words.h"

namespace derwent::policy {
namespace {

constexpr char kVocabulary[] = "vocabulary.txtpb";

class FlagText {
 public:
  FlagText(const v1::Flag& text, const Words& words, const Policy& policy, Problems& problems)
      : text_(text), words_(words), policy_(policy), problems_(problems), flag_{.id = text.id()} {}

  Flag Compile() {
    flag_.denies = PatternOf(text_.denies(), words_);
    for (const std::string& reduce : text_.reduces()) Reduce(reduce);
    Approver();
    Exception();
    for (const std::string& obligation : text_.obligations()) {
      if (words_.Obligation(obligation)) flag_.obligations.push_back(obligation);
    }
    flag_.spares_rights_events = text_.spares_rights_events();
    return std::move(flag_);
  }

 private:
  void Refuse(absl::string_view near, absl::string_view rule, std::string message, std::string advice) {
    problems_.Error(kVocabulary, near, rule, absl::StrCat("flag `", text_.id(), "`: ", message), std::move(advice));
  }

  void Reduce(const std::string& text) {
    const auto pair = words_.CategoryForm(text);
    if (!pair.has_value()) return;
    const auto& [id, form] = *pair;
    if (!policy_.categories.at(id).Has(form))
      Refuse(id, "impossible", absl::StrCat("`", id, "` has no form `", FormName(form), "`"),
             "name a form that the category has");
    if (!reduced_.emplace(id, form).second)
      Refuse(id, "contradicted", absl::StrCat("`", id, "` is reduced twice"), "keep one");
    flag_.reduces.push_back(*pair);
  }

  void Approver() {
    flag_.approver_categories = PatternOf(text_.approver_categories(), words_);
    CheckApprover(kVocabulary, text_.approver(), words_, policy_, problems_);
    flag_.approver = text_.approver();
    if (text_.approver().empty() != text_.approver_categories().empty())
      Refuse(text_.id(), "flag",
             text_.approver().empty() ? "what it has approved is agreed to by nobody"
                                      : "whom it asks is asked about nothing",
             "set approver and approver_categories, or neither");
  }

  void Exception() {
    flag_.exception_grounds.insert(text_.exception_grounds().begin(), text_.exception_grounds().end());
    CheckExceptionApprover(kVocabulary, text_.exception_approver(), words_, policy_, problems_);
    flag_.exception_approver = text_.exception_approver();
    if (text_.exception_grounds().empty() != text_.exception_approver().empty())
      Refuse(text_.id(), "flag",
             text_.exception_approver().empty() ? "an exception is agreed to by nobody"
                                                : "who agrees to an exception has no ground for one",
             "set exception_grounds and exception_approver, or neither");
  }

  const v1::Flag& text_;
  const Words& words_;
  const Policy& policy_;
  Problems& problems_;
  Flag flag_;
  std::map<std::string, Form> reduced_;
};

}  // namespace

Flag CompileFlag(const v1::Flag& text, const Words& words, const Policy& policy, Problems& problems) {
  return FlagText(text, words, policy, problems).Compile();
}

}  // namespace derwent::policy
