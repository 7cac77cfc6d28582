#pragma once

#include <memory>

#include "policy/engine/model.h"
#include "policy/loader/problem.h"

namespace derwent::policy {

// Compiles a bundle's text. Every problem of every file is reported in one run; with any error the result is null.
// Signatures are the bundle's part: `signed_by` and `notices` of the agreements are empty.
std::unique_ptr<Policy> Compile(const Files& files, Problems& problems);

}  // namespace derwent::policy
