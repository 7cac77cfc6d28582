#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "policy/engine/form.h"
#include "policy/engine/reason.h"
#include "policy/engine/request.h"

namespace derwent::policy {

// What is decided for one category: denied, or a form and the roles that must all agree first.
struct CategoryOutcome {
  std::string category;
  bool denied = false;
  Form form = Form::kFull;
  bool form_is_full = true;  // The form counts as full: it is `full`, or the category's only form.
  std::set<std::string> approvers;
  std::set<std::string> open;  // Predicates only the holder can close.
  std::vector<Reason> reasons;

  // `PERMIT`, `REDACT`, `APPROVE` or `DENY`: how it is shown.
  absl::string_view Shown() const {
    return denied ? "DENY" : !approvers.empty() ? "APPROVE" : form_is_full ? "PERMIT" : "REDACT";
  }
};

// A decision, whole. A denial is a value, never an error.
struct Decision {
  std::vector<CategoryOutcome> categories;  // In the order asked.
  Route route = Route::kOrdinary;
  std::set<std::string> gateways;
  std::map<std::string, std::string> bases;       // `sender`, `recipient`.
  std::map<std::string, std::string> conditions;  // `sender`, `recipient`.
  std::map<std::string, std::string> regimes;     // `sender`, `recipient`, `transition`.
  std::map<std::string, std::string> confidence;  // Health category: what lifts it (confidence.h).
  std::set<std::string> obligations;
  std::string marking;
  bool existence_sensitive = false;
  std::map<std::string, int> clock_hours;  // `collection`, `acceptance`, `outcome`.
  std::string escalation_role;
  std::string agreement;  // `<id>.<revision>`.
  std::vector<std::string> payload_refused;

  // `PERMIT`, `PARTIAL`, `PENDING` or `DENY`.
  absl::string_view Overall() const;
};

}  // namespace derwent::policy
