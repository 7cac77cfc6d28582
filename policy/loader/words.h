#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"

#include "policy/engine/model.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// Checks the words of one file against the vocabulary compiled so far; each unknown one is a problem with a suggestion.
class Words {
 public:
  Words(absl::string_view file, const Policy& policy, Problems& problems)
      : file_(file), policy_(policy), problems_(problems) {}

  bool Category(const std::string& id) const;
  bool Pattern(const std::string& pattern) const;
  bool Role(const std::string& id) const;
  bool Purpose(const std::string& id) const;
  bool Flag(const std::string& id) const;
  bool SubjectRole(const std::string& id) const;
  bool Obligation(const std::string& id) const;
  bool Marking(const std::string& id) const;
  bool Type(const std::string& id) const;
  bool Organisation(const std::string& id) const;
  bool TypeOrOrganisation(const std::string& id) const;
  bool Gateway(const std::string& id) const;
  bool Profile(const std::string& id) const;
  bool Area(const std::string& id) const;
  // Nullopt and a problem when it is no form.
  std::optional<policy::Form> Form(const std::string& name) const;
  // `category=form`.
  std::optional<std::pair<std::string, policy::Form>> CategoryForm(const std::string& text) const;
  // `category=role`.
  std::optional<std::pair<std::string, std::string>> CategoryRole(const std::string& text) const;
  // Empty gives `otherwise`.
  absl::CivilDay Day(const std::string& text, absl::CivilDay otherwise) const;
  Days Between(const std::string& first, const std::string& last) const;
  // Uses each of a repeated field of the file; problems are reported where it stands.
  template <typename Items, typename Use>
  void Each(const char* field, const Items& items, Use use) const {
    for (int i = 0; i < items.size(); ++i) {
      problems_.Stand(file_, field, i);
      use(items[i]);
    }
    problems_.Leave();
  }
  // The same for a field that stands once.
  template <typename Use>
  void One(const char* field, Use use) const {
    problems_.Stand(file_, field, -1);
    use();
    problems_.Leave();
  }
  // A value of a closed list.
  bool OneOf(const std::string& value, const std::vector<std::string>& allowed, absl::string_view what) const;

 private:
  bool Known(bool known, absl::string_view what, const std::string& name, const std::vector<std::string>& all) const;

  std::string file_;
  const Policy& policy_;
  Problems& problems_;
};

// Keys of a map or set as a list.
template <typename Container>
std::vector<std::string> KeysOf(const Container& container) {
  std::vector<std::string> keys;
  for (const auto& item : container) {
    if constexpr (requires { item.first; })
      keys.push_back(item.first);
    else
      keys.push_back(item);
  }
  return keys;
}

}  // namespace derwent::policy
