// How the forms of a category meet: a partial order, so that nothing widens and the order of rules does not matter.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "policy/loader/sections.h"

namespace derwent::policy {
namespace {

constexpr char kVocabulary[] = "vocabulary.txtpb";

class FormMeets {
 public:
  FormMeets(Category& category, Problems& problems) : category_(category), problems_(problems) {}

  void Add(const v1::FormMeet& text, Form a, Form b, Form result) {
    // As they stand on one line; otherwise the category's own is told.
    near_ = absl::StrCat(text.a(), "\" b: \"", text.b());
    for (const Form form : {a, b, result}) {
      if (!category_.Has(form))
        return Refuse(absl::StrCat("`", FormName(form), "` is no form of it"), "name forms that the category has");
    }
    if (a == b || a == Form::kFull || b == Form::kFull)
      return Refuse(absl::StrCat("`", text.a(), "` and `", text.b(), "` meet by themselves"), "remove it");
    if (!category_.meets.emplace(std::minmax(a, b), result).second)
      problems_.Error(kVocabulary, near_, "contradicted",
                      absl::StrCat("`", category_.id, "`: `", text.a(), "` and `", text.b(), "` meet twice"),
                      "keep one");
  }

  void Check() {
    for (const auto& [pair, result] : category_.meets) Narrows(pair, result);
    for (const Form a : category_.forms) {
      for (const Form b : category_.forms) {
        for (const Form c : category_.forms) Associative(a, b, c);
      }
    }
  }

 private:
  void Refuse(absl::string_view what, std::string advice) {
    problems_.Error(kVocabulary, near_, "form-meet", absl::StrCat("`", category_.id, "`: ", what), std::move(advice));
  }
  void Narrows(const std::pair<Form, Form>& pair, Form result) {
    near_ = absl::StrCat(FormName(pair.first), "\" b: \"", FormName(pair.second));
    const auto within = [&](Form form) { return result == form || category_.Meet(result, form) == result; };
    if (!within(pair.first) || !within(pair.second))
      Refuse(absl::StrCat("what `", FormName(pair.first), "` and `", FormName(pair.second), "` allow both is not `",
                          FormName(result), "`, which tells more"),
             "name the narrower of the two, or a form within both");
  }
  // Where both ways of meeting three forms release something they release the same.
  void Associative(Form a, Form b, Form c) {
    const std::optional<Form> first = category_.Meet(a, b);
    const std::optional<Form> last = category_.Meet(b, c);
    if (!first.has_value() || !last.has_value()) return;
    const std::optional<Form> one = category_.Meet(*first, c);
    const std::optional<Form> other = category_.Meet(a, *last);
    if (!one.has_value() || !other.has_value() || *one == *other) return;
    near_ = category_.id;
    Refuse(absl::StrCat("`", FormName(a), "`, `", FormName(b), "` and `", FormName(c), "` meet as `", FormName(*one),
                        "` or as `", FormName(*other), "`, by the order of rules"),
           "make them one order");
  }

  Category& category_;
  Problems& problems_;
  std::string near_;
};

}  // namespace

void CompileMeets(const v1::Category& text, const Words& words, Category& category, Problems& problems) {
  FormMeets meets(category, problems);
  for (const v1::FormMeet& next : text.meets()) {
    const auto a = words.Form(next.a());
    const auto b = words.Form(next.b());
    const auto result = words.Form(next.result());
    if (a && b && result) meets.Add(next, *a, *b, *result);
  }
  meets.Check();
}

}  // namespace derwent::policy
