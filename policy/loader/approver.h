#pragma once

#include <string>

#include "absl/strings/string_view.h"

#include "policy/engine/model.h"
#include "policy/loader/problem.h"
#include "policy/loader/words.h"

namespace derwent::policy {

// Refuses a role of `file` that agrees to operational shares and may not: a data protection officer (UK GDPR Article
// 38(6)), a machine, one that sees figures only (brief C.4). Empty: nobody agrees.
void CheckApprover(absl::string_view file, const std::string& role, const Words& words, const Policy& policy,
                   Problems& problems);
// The same of who agrees to an exception under Article 18 or 21: it also may be who handles rights.
void CheckExceptionApprover(absl::string_view file, const std::string& role, const Words& words, const Policy& policy,
                            Problems& problems);

}  // namespace derwent::policy
